"""`monitor init` and `monitor check`: a starter configuration, and whether configuration and knowledge can be used."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Annotated

import typer

from monitor.cli.app import ConfigOption, JsonOption, app
from monitor.cli.show import console, dumps, write_line
from monitor.model import ConfigError, MonitorError


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(help="Where feeds.yaml goes.")] = Path(),
    force: Annotated[bool, typer.Option(help="Overwrite a feeds.yaml that is there.")] = False,
) -> None:
    """Write a starter configuration: the shipped feeds, a log channel, and what else can be set, as comments."""
    target = folder / "feeds.yaml"
    if target.exists() and not force:
        raise MonitorError(f"{target} is there already; edit it, or overwrite it with --force")
    starter = resources.files("monitor").joinpath("feeds.yaml").read_text(encoding="utf-8")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        target.write_text(starter, encoding="utf-8")
    except OSError as error:
        raise MonitorError(f"{target}: cannot be written: {error.strerror}") from error
    console().print(f"wrote {target}\nnext: set `contact` in it, then `monitor check`, then `monitor run`")


@app.command()
def check(config: ConfigOption = None, json_out: JsonOption = False) -> None:
    """Check configuration and knowledge; each problem is named with file, line and mend. Exit 0 fine, 1 problems."""
    from monitor.cli.wording import template_problems
    from monitor.settings import knowledge_doubts, load_knowledge, load_prompt, load_settings

    problems: list[str] = []
    facts: dict[str, int] = {}
    try:
        settings = load_settings(config)
        facts |= {"feeds": len(settings.feeds), "enabled feeds": sum(feed.enabled for feed in settings.feeds)}
        facts |= {"channels": len(settings.channels), "topics": len(settings.topics)}
        problems += template_problems(settings)
        if settings.language_model is not None:
            load_prompt()
    except ConfigError as error:
        problems.extend(str(error).splitlines())
    gaps: list[str] = []
    try:
        knowledge = load_knowledge()
        gaps = list(knowledge.gaps())
        problems.extend(knowledge_doubts(knowledge))
        facts |= {"languages": len(knowledge.languages), "office terms": len(knowledge.offices)}
    except ConfigError as error:
        problems.extend(str(error).splitlines())
    if json_out:
        write_line(dumps({"ok": not problems, "problems": problems, "gaps": gaps, "counts": facts}, indent=2))
    else:
        for problem in problems:
            console().print(problem, style="red")
        for gap in gaps:
            console().print(f"gap: {gap}", style="yellow")
        console().print(", ".join(f"{count} {name}" for name, count in facts.items()))
        console().print("fine" if not problems else f"{len(problems)} problems", style="bold")
    if problems:
        raise typer.Exit(1)
