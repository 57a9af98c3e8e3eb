"""`monitor digest`: a day in one page, in the terminal, in a file, or by mail."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.app import ConfigOption, DatabaseOption, app
from monitor.cli.listings import SinceOption, TopicOption, UntilOption, moment, open_store
from monitor.cli.show import console, write_line
from monitor.model import DeliveryError, Language, MonitorError, Policy, Track

if TYPE_CHECKING:
    from monitor.alerts import Digest

_BAR = 60  # letters
_IMAGE = '<img src="cid:picture" alt="" style="max-width:100%;height:auto">\n'  # what it shows stands below in words


@app.command()
def digest(
    database: DatabaseOption = None,
    topic: TopicOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    language: Annotated[
        Language, typer.Option("--language", help="Of the page's own words: en, ar or ru.")
    ] = Language.EN,
    out: Annotated[Path | None, typer.Option("--out", help="file.html or file.txt; the terminal if not given.")] = None,
    mail: Annotated[
        str | None, typer.Option("--mail", help="Send it through this email channel of feeds.yaml.")
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Tell the last day in one page: what moved, what waits or is disputed, where everyone stands, who has fallen silent."""
    end = moment(until, option="--until") or datetime.now(UTC)
    start = moment(since, option="--since") or end - timedelta(days=1)
    drawing = drawing_of(database, topic=topic, until=end, language=language) if mail or out else None
    picture = _png(drawing) if mail and drawing else None
    chart = _IMAGE if picture else _inline(drawing) if out and drawing else ""
    page = page_of(database, topic=topic, since=start, until=end, language=language, chart=chart)
    if mail is not None:
        _send(page, channel=mail, config=config, picture=picture)
    elif out is None:
        write_line(page.text.rstrip("\n"))
    else:
        _write(page, out)


def drawing_of(database: str | None, *, topic: str | None, until: datetime, language: Language) -> str | None:
    """The step chart of every holder up to then, as SVG; None when nobody has a stance yet."""
    from monitor.charts import lanes
    from monitor.cli.plot import picture

    with open_store(database) as store:
        tracks, changes = store.tracks(topic=topic), store.changes(topic=topic, until=until)
    drawn = lanes(tracks, [(row.id, row.change) for row in changes])
    shown = [
        lane.model_copy(update={"turns": tuple(turn for turn in lane.turns if turn.at <= until)}) for lane in drawn
    ]
    shown = [lane for lane in shown if lane.turns]
    return picture(shown, now=until, language=language) if shown else None


def _png(drawing: str) -> bytes | None:
    """None without the extra `png`: the page then has its bars of letters only."""
    from monitor.cli.plot import png

    try:
        return png(drawing)
    except MonitorError:
        return None


def _inline(drawing: str) -> str:
    return f'<div style="overflow-x:auto">{drawing}</div>\n'


def page_of(
    database: str | None,
    *,
    topic: str | None,
    since: datetime,
    until: datetime,
    language: Language,
    chart: str = "",
) -> Digest:
    from monitor.alerts import digest as written
    from monitor.charts import bar, extent, lanes

    with open_store(database) as store:
        tracks = settled(store.tracks(topic=topic), now=until)
        rows = [(row.id, row.change) for row in store.changes(topic=topic, until=until)]
    drawn = lanes(tracks, rows)
    first, last = extent(drawn, now=until)
    bars = {lane.holder: bar(lane, start=first, end=last, width=_BAR) for lane in drawn}
    return written(
        tracks, (change for _, change in rows), since=since, now=until, language=language, bars=bars, chart=chart
    )


def settled(tracks: Iterable[Track], *, now: datetime) -> tuple[Track, ...]:
    """The tracks as they stand at `now`: a challenger whose window has passed waits no longer."""
    from monitor.settings import load_knowledge
    from monitor.tracking import settle

    topics = load_knowledge().topics
    policies = {name: topic.policy for name, topic in topics.items()}
    return tuple(settle(track, now=now, policy=policies.get(track.topic, Policy())) for track in tracks)


def _write(page: Digest, out: Path) -> None:
    if out.suffix not in {".html", ".txt"}:
        raise typer.BadParameter(f"{out.suffix or 'no ending'}: .html and .txt can be written", param_hint="--out")
    out.write_text(page.html if out.suffix == ".html" else page.text, encoding="utf-8")
    console().print(f"wrote {out}")


def _send(page: Digest, *, channel: str, config: Path | None, picture: bytes | None) -> None:
    from monitor.channels import EmailChannel
    from monitor.settings import load_settings

    found = next((each for each in load_settings(config).channels if each.id == channel), None)
    if not isinstance(found, EmailChannel):
        raise MonitorError(f"{channel!r} is no email channel of feeds.yaml: a digest goes by mail or into a file")
    try:
        found.mail(page, key=f"{page.key}.{channel}", picture=picture)
    except DeliveryError as error:
        raise MonitorError(f"the digest did not go out: {error}") from error
    console().print(f"the digest went out through {channel}")
