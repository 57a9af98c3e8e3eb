"""Builds the documentation as a small site and the man page: `python docs/publish.py FOLDER`.

The reference of commands and settings is made from the code, so that it cannot lag behind.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any

import markdown
import typer.main

from monitor import __version__
from monitor.cli.app import app

DOCS = Path(__file__).parent
STYLE = DOCS.parent / "monitor" / "web" / "static" / "style.css"
_FIRST = ("guide", "glossary", "reference")  # the rest by name
_OWN_STYLE = """
main { max-width:60rem } pre { overflow-x:auto; padding:.8rem; background:var(--panel); border:1px solid var(--line); border-radius:.5rem; unicode-bidi:plaintext }
code { background:var(--panel) } pre code { background:none } td:first-child { white-space:nowrap }
"""


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit("usage: python docs/publish.py FOLDER")
    folder = Path(sys.argv[1])
    publish(folder)
    sys.stdout.write(f"wrote {folder / 'index.html'} and {folder / 'monitor.1'}\n")


def publish(folder: Path) -> None:
    """The pages as HTML with one style sheet and no script, `index.html` first, and `monitor.1`."""
    folder.mkdir(parents=True, exist_ok=True)
    texts = {page.stem: page.read_text(encoding="utf-8") for page in sorted(DOCS.glob("*.md"))}
    texts["reference"] = reference()
    names = sorted(texts, key=lambda name: (_FIRST.index(name) if name in _FIRST else len(_FIRST), name))
    for name in names:
        (folder / f"{name}.html").write_text(_page(name, texts[name], names=names, texts=texts), encoding="utf-8")
    (folder / "index.html").write_text(_page("guide", texts["guide"], names=names, texts=texts), encoding="utf-8")
    (folder / "style.css").write_text(STYLE.read_text(encoding="utf-8") + _OWN_STYLE, encoding="utf-8")
    (folder / "monitor.1").write_text(man(), encoding="utf-8")


def _page(name: str, text: str, *, names: list[str], texts: dict[str, str]) -> str:
    body = markdown.markdown(text, extensions=["tables", "fenced_code", "toc"])
    # Pages of the site have no .md; what leads out of docs/ has no page here and stays words.
    body = re.sub(r'href="([a-z_-]+)\.md(#[^"]*)?"', r'href="\1.html\2"', body)
    body = re.sub(r'<a href="\.\./[^"]*">(.*?)</a>', r"\1", body)
    links = " ".join(
        f'<a href="{each}.html"{" aria-current=page" if each == name else ""}>{escape(_title(texts[each]))}</a>'
        for each in names
    )
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{escape(_title(text))} · Stance Monitor</title><link rel=stylesheet href=style.css></head>"
        f"<body><header><strong>Stance Monitor {__version__}</strong><nav aria-label=Pages>{links}</nav></header>"
        f"<main>{body}</main></body></html>\n"
    )


def _title(text: str) -> str:
    return text.partition("\n")[0].lstrip("# ").strip()


# --- made from the code -------------------------------------------------------------------------


def commands(command: Any, words: tuple[str, ...] = ("monitor",)) -> Iterator[tuple[str, Any]]:
    """(words, command) of the program and everything below it, in order."""
    yield " ".join(words), command
    for name, child in sorted(getattr(command, "commands", {}).items()):
        yield from commands(child, (*words, name))


def reference() -> str:
    """Every command with its options, as Markdown."""
    lines = ["# Reference", "", "Made from the code by `python docs/publish.py`."]
    for name, command in commands(typer.main.get_command(app)):
        lines += ["", f"## {name}", "", command.help or ""]
        if rows := list(_parameters(command)):
            lines += ["", "| option | says |", "| --- | --- |"]
            lines += [f"| `{option}` | {words.replace('|', chr(92) + '|')} |" for option, words in rows]
    return "\n".join(lines) + "\n"


def _parameters(command: Any) -> Iterator[tuple[str, str]]:
    for each in command.params:
        if "--help" in each.opts or "--show-completion" in each.opts or "--install-completion" in each.opts:
            continue
        shown = ", ".join(each.opts) if each.param_type_name == "option" else (each.metavar or each.name.upper())
        yield shown, " ".join((getattr(each, "help", None) or "").split())


def man() -> str:
    """The man page, section 1."""
    lines = [
        f'.TH MONITOR 1 "" "stance-monitor {__version__}"',
        ".SH NAME",
        r"monitor \- follows who takes which stance in the news",
    ]
    lines += [".SH SYNOPSIS", ".B monitor", r"[\fIcommand\fR] [\fIoptions\fR]", ".SH COMMANDS"]
    for name, command in commands(typer.main.get_command(app)):
        lines += [f".SS {_roff(name)}", _roff(" ".join((command.help or "").split()))]
        for option, words in _parameters(command):
            lines += [".TP", rf"\fB{_roff(option)}\fR", _roff(words) or r"\&"]
    lines += [".SH ENVIRONMENT", "MONITOR_CONFIG, MONITOR_DATABASE_URL, MONITOR_KNOWLEDGE, MONITOR_WEB_TOKEN"]
    return "\n".join(lines) + "\n"


def _roff(text: str) -> str:
    """Plain words in roff: backslashes, hyphens and leading dots are commands there."""
    plain = text.replace("\\", r"\e").replace("-", r"\-")
    plain = "".join(char if char.isascii() else rf"\[u{ord(char):04X}]" for char in plain)
    return rf"\&{plain}" if plain.startswith((".", "'")) else plain


if __name__ == "__main__":
    main()
