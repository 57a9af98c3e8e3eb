"""`monitor coverage`: what came, what passed, what was dropped why; and what a second list has that was never seen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli.app import DatabaseOption, JsonOption, app
from monitor.cli.listings import SinceOption, TopicOption, UntilOption, moment, open_store
from monitor.cli.show import Format, console, dumps, emit, write_line
from monitor.text.display import one_line

if TYPE_CHECKING:
    from monitor.cli.addresses import Listed
    from monitor.store import Store
    from monitor.store.coverage import Counted

_SHOWN_DAYS = timedelta(days=30)
_MOST_MISSED = 20  # lines on a terminal; --json has all
_DROPPING = ("dropped:", "gate:", "verdict:", "alert:")
_NOT_DROPPED = {
    "gate:passed",
    "alert:sent",
    "alert:waiting",
    "verdict:baseline",
    "verdict:confirmed",
    "verdict:reported",
}


@app.command()
def coverage(
    database: DatabaseOption = None,
    json_out: JsonOption = False,
    topic: TopicOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    against: Annotated[
        Path | None,
        typer.Option("--against", help="A second list: addresses, JSON lines, or a GDELT export (also zipped)."),
    ] = None,
    followed: Annotated[
        bool, typer.Option("--followed", help="With --against: only publishers that a feed of ours comes from.")
    ] = False,
) -> None:
    """What came, what passed and what was dropped at which gate: by language, publisher and day (of the last 30 days).

    With --against, a recall check: which articles of a second list were seen, which were missed.
    Exit code 1 when some were missed.
    """
    if against is not None:
        _check(database, against, followed=followed, json_out=json_out)
        return
    first = moment(since, option="--since") or datetime.now(UTC) - _SHOWN_DAYS
    with open_store(database) as store:
        rows = store.coverage(since=first, until=moment(until, option="--until"), topic=topic)
    told = {
        "language": grouped(rows, lambda row: row.language),
        "publisher": grouped(rows, lambda row: row.publisher),
        "day": grouped(rows, lambda row: row.day.isoformat()),
    }
    if json_out:
        write_line(dumps({"since": first.isoformat(), **told}, indent=2))
        return
    for name, lines in told.items():
        columns = {"name": name, "polls": "polls", "articles": "came", "relevant": "passed", "events": "events"}
        emit(
            lines,
            form=Format.TABLE,
            columns={**columns, "changes": "turns", "sent": "sent", "dropped": "dropped"},
            empty=f"nothing came since {first:%Y-%m-%d}",
        )
        console().print("")
        if not lines:
            return


def grouped(rows: Iterable[Counted], key: Callable[[Counted], str]) -> list[dict[str, Any]]:
    """The counters summed by `key`: the figures that matter by name, all of them under `counters`."""
    sums: dict[str, Counter[str]] = {}
    for row in rows:
        sums.setdefault(key(row), Counter())[row.counter] += row.amount
    return [_line(name, counters) for name, counters in sorted(sums.items())]


def _line(name: str, counters: Counter[str]) -> dict[str, Any]:
    dropped = {
        counter: amount
        for counter, amount in sorted(counters.items(), key=lambda item: (-item[1], item[0]))
        if amount and counter not in _NOT_DROPPED and (counter.startswith(_DROPPING) or counter in _OTHER)
    }
    return {
        "name": name,
        "polls": counters["polls"],
        "failed": counters["failed"],
        "articles": counters["articles"],
        "relevant": counters["gate:passed"],
        "events": sum(amount for counter, amount in counters.items() if counter.startswith("verdict:")),
        "changes": counters["verdict:reported"],
        "sent": counters["alert:sent"],
        "dropped": "; ".join(f"{amount} {_words(counter)}" for counter, amount in dropped.items()),
        "counters": dict(sorted(counters.items())),
    }


_OTHER = {
    "waiting": "wait for analysis",
    "set_aside": "set aside after failing",
    "no_stance": "without a stance",
    "teasers": "entries with a teaser only",
    "failed": "polls failed",
}
_KINDS = {"dropped": "entries", "gate": "off topic", "verdict": "no turn", "alert": "alerts"}


def _words(counter: str) -> str:
    """`gate:missing_facet` as `off topic (missing facet)`."""
    kind, colon, reason = counter.partition(":")
    return f"{_KINDS[kind]} ({reason.replace('_', ' ')})" if colon else _OTHER[kind]


# --- a second list ------------------------------------------------------------------------------


def _check(database: str | None, path: Path, *, followed: bool, json_out: bool) -> None:
    from monitor.cli.addresses import read_list

    listed, without = read_list(path)
    with open_store(database) as store:
        told = recall(store, listed, followed=followed)
    told["lines_without_address"] = without
    if json_out:
        write_line(dumps(told, indent=2))
    else:
        _show(told)
    if told["missed"]:
        raise typer.Exit(1)


def recall(store: Store, listed: Sequence[Listed], *, followed: bool = False) -> dict[str, Any]:
    """Which listed articles the store knows, by publisher; twins of one address (AMP, mobile, trackers) are one."""
    from monitor.sources.urls import canonical, site, twin_key

    wanted = {twin_key(canonical(each.url) or each.url): each for each in listed}
    seen = {key.removeprefix("url:") for key in store.known_addresses(f"url:{key}" for key in wanted)}
    sites = {site(row.feed.url): row.feed.publisher for row in store.feeds() if row.feed.url.startswith("http")}
    for url, publisher in store.addresses():
        sites[site(url)] = publisher
        if (key := twin_key(url)) in wanted:
            seen.add(key)

    def publisher_of(each: Listed) -> tuple[str, bool]:
        return (sites[site(each.url)], True) if site(each.url) in sites else (site(each.url), False)

    tallies: dict[str, dict[str, Any]] = {}
    missed: list[dict[str, Any]] = []
    for key, each in wanted.items():
        publisher, ours = publisher_of(each)
        if followed and not ours:
            continue
        tally = tallies.setdefault(publisher, {"publisher": publisher, "followed": ours, "seen": 0, "missed": 0})
        tally["seen" if key in seen else "missed"] += 1
        if key not in seen:
            missed.append({"publisher": publisher, "followed": ours, **each._asdict()})
    rows = sorted(tallies.values(), key=lambda tally: (-tally["missed"], tally["publisher"]))
    listed_in_all = sum(row["seen"] + row["missed"] for row in rows)
    return {"listed": listed_in_all, "seen": listed_in_all - len(missed), "publishers": rows, "missed": missed}


def _show(told: dict[str, Any]) -> None:
    share = f" ({told['seen'] / told['listed']:.0%})" if told["listed"] else ""
    console().print(f"{told['seen']} of {told['listed']} listed articles were seen{share}", style="bold")
    if told["lines_without_address"]:
        console().print(f"{told['lines_without_address']} lines of the list hold no address", style="dim")
    shown = [{**row, "followed": "yes" if row["followed"] else "no feed"} for row in told["publishers"]]
    emit(
        shown,
        form=Format.TABLE,
        columns={"publisher": "publisher", "followed": "followed", "seen": "seen", "missed": "missed"},
        empty="the list names no article",
    )
    for each in told["missed"][:_MOST_MISSED]:
        words = " ".join(part for part in (each["date"], each["url"], each["title"]) if part)
        console().print(f"missed  {one_line(words)}", soft_wrap=True)
    if len(told["missed"]) > _MOST_MISSED:
        console().print(f"… {len(told['missed']) - _MOST_MISSED} more; --json has all", style="dim")
