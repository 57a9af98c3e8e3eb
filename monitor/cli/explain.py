"""`monitor explain REF`: why, for any article (a12), event (e5), change (c3) or alert (d7)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli.analyze import event_lines, rendered
from monitor.cli.app import DatabaseOption, JsonOption, app
from monitor.cli.correct import correction_words
from monitor.cli.listings import article_json, change_json, event_json, open_store, report_json, track_json
from monitor.cli.show import STANCE_COLOURS, console, dumps, write_line
from monitor.model import ChangeRow, Contribution, Delivery, DeliveryState, EventRow, MonitorError, Report
from monitor.text.display import isolate, one_line

if TYPE_CHECKING:
    from rich.text import Text

    from monitor.store import Store

_REFERENCE = re.compile(r"(a|article|e|event|c|change|d|alert|delivery)[:\s]?(\d+)\Z", re.IGNORECASE)
_MOST_FEATURES = 8


@app.command()
def explain(
    reference: Annotated[
        str, typer.Argument(help="What to explain: a12 (article), e5 (event), c3 (change), d7 (alert).")
    ],
    database: DatabaseOption = None,
    json_out: JsonOption = False,
) -> None:
    """Why: the gate, the rule, the quote, the thresholds, the voices and copies behind an article, event, change or alert."""
    match = _REFERENCE.match(reference.strip())
    if match is None:
        raise typer.BadParameter(
            f"{one_line(reference)!r} names nothing: a12 is an article, e5 an event, c3 a change, d7 an alert",
            param_hint="REFERENCE",
        )
    kind, number = match.group(1)[0].lower(), int(match.group(2))
    with open_store(database) as store:
        tell = {"a": _article, "e": _event, "c": _change, "d": _alert}.get(
            "d" if match.group(1).lower() == "alert" else kind
        )
        if tell is None:
            raise MonitorError(f"nothing is called {reference}")
        told, lines = tell(store, number)
    if json_out:
        write_line(dumps(told, indent=2))
    else:
        console().print(lines)


Told = tuple[dict[str, Any], "Text"]


def _article(store: Store, number: int) -> Told:
    from rich.text import Text

    rows = store.articles(article_id=number)
    if not rows:
        raise MonitorError(f"there is no article a{number}; `monitor articles` lists them")
    row = rows[0]
    stored = store.article(number)
    findings = store.findings(number)
    lines = Text(f"article a{number}, version {row.version}", style="bold")
    lines.append(f"\n{one_line(row.publisher)} · feed {row.feed_id} · {row.language} · {row.url or 'no address'}\n")
    dated = f"dated {row.published_at:%Y-%m-%d %H:%M} UTC" if row.published_at else "undated"
    lines.append(f"{dated} (date {row.date_quality.value}) · seen {row.seen_at:%Y-%m-%d %H:%M} UTC\n\n")
    if row.set_aside_at:
        lines.append(f"set aside after {row.attempts} attempts: {one_line(row.last_error or '')}\n", style="red")
    if not findings:
        lines.append("waits for analysis\n", style="yellow")
    if stored.text_dropped_at:
        lines.append(
            f"its text was dropped on {stored.text_dropped_at:%Y-%m-%d} (keep.texts in feeds.yaml)\n", style="dim"
        )
    counts = {finding.topic: finding.analyzer for finding in findings}  # of several analyzers the last one's word
    for finding in findings:
        lines.append(f"topic {finding.topic}, analyzer {finding.analyzer}: ")
        if counts[finding.topic] != finding.analyzer:
            lines.append(f"kept beside; the word of {one_line(counts[finding.topic])} counts\n", style="yellow")
        lines.append_text(rendered(stored.article, finding))
        lines.append_text(_features(finding.contributions, title="what decided relevance"))
    events = store.events(article_id=number)
    told = {
        **article_json(row),
        "findings": [finding.model_dump(mode="json") for finding in findings],
        "coded": [event_json(event) for event in events],
    }
    return told, lines


def _features(contributions: tuple[Contribution, ...], *, title: str) -> Text:
    """The features that weighed most, in words and log-odds."""
    from rich.text import Text

    lines = Text()
    if not contributions:
        return lines
    lines.append(f"    {title} (log-odds):\n", style="dim")
    for each in sorted(contributions, key=lambda item: -abs(item.weight))[:_MOST_FEATURES]:
        lines.append(f"      {each.weight:+.2f}  {one_line(each.words)}\n", style="green" if each.weight > 0 else "red")
    return lines


def _found_event(store: Store, number: int) -> EventRow:
    rows = store.events(event_id=number)
    if not rows:
        raise MonitorError(f"there is no event e{number}; `monitor events` lists them")
    return rows[0]


def _event(store: Store, number: int) -> Told:
    from rich.text import Text

    row = _found_event(store, number)
    lines = Text(f"event e{number} in article a{row.article_id}, version {row.version}\n", style="bold")
    lines.append(f"{one_line(row.publisher)} · {row.at:%Y-%m-%d %H:%M} UTC · {row.url or 'no address'}\n\n")
    lines.append_text(event_lines(row.event, number=1))
    for link in row.event.attribution:
        lines.append(
            f"    {link.role}: {isolate(one_line(link.source))}"
            + (f" ({one_line(link.cue)})" if link.cue else "")
            + "\n"
        )
    lines.append_text(_features(row.event.contributions, title="what decided the stance"))
    if row.verdict:
        lines.append(f"    on the track: {row.verdict}: {one_line(row.verdict_reason or '')}\n")
    if row.copy_of:
        lines.append(f"    the article copies a{row.copy_of}: the two are one voice\n", style="yellow")
    if row.source_changed_at:
        lines.append(
            f"    source changed: the quote is gone since {row.source_changed_at:%Y-%m-%d %H:%M} UTC\n", style="yellow"
        )
    for mended in store.corrections(event_id=number):
        lines.append(f"    {one_line(correction_words(mended))}\n", style="yellow")
    changed = [each for each in store.changes(actor=row.event.actor) if number in _event_ids(each)]
    for each in changed:
        lines.append(f"    part of change c{each.id}: {one_line(each.change.reason)}\n")
    track = next(
        (track for track in store.tracks(topic=row.topic, actor=row.event.actor) if track.holder == row.event.holder),
        None,
    )
    if track and track.stance:
        lines.append(f"    {track.holder} now stands at {track.stance.value}\n", style="dim")
    told = {
        **event_json(row),
        "contributions": [each.model_dump() for each in row.event.contributions],
        "changes": [each.id for each in changed],
        "track": track_json(track) if track else None,
    }
    return told, lines


def _event_ids(row: ChangeRow) -> set[int]:
    return {row.change.before.event_id, row.change.after.event_id}


def _change(store: Store, number: int) -> Told:
    from rich.text import Text

    row = store.change(number)
    change = row.change
    lines = Text(f"change c{number}: {change.holder} ", style="bold")
    lines.append(change.before.event.stance.value, style=STANCE_COLOURS[change.before.event.stance])
    lines.append(" → ")
    lines.append(change.after.event.stance.value, style=STANCE_COLOURS[change.after.event.stance])
    lines.append(f" ({change.level.value})\n\n", style="bold")
    for title, report in (("before", change.before), ("after", change.after)):
        lines.append(f"{title}\n", style="bold")
        lines.append_text(_report_lines(report))
    lines.append(f"why: {one_line(change.reason)}\n")
    lines.append(f"independent voices: {len(change.publishers)} ({', '.join(map(one_line, change.publishers))})\n")
    if change.copies:
        lines.append(f"collapsed copies: {', '.join(map(one_line, change.copies))}\n")
    deliveries = store.deliveries(change_id=number)
    for delivery in deliveries:
        why = f"; {one_line(delivery.reason)}" if delivery.state is not DeliveryState.SENT and delivery.reason else ""
        via = f" through {delivery.via}" if delivery.via else ""
        times = f", told again ({delivery.told})" if delivery.told else ""
        state = f"{delivery.state.value}{times}{via}{why}"
        lines.append(f"alert d{delivery.id} to {delivery.channel}: {state}\n", style="dim")
    return {**change_json(row), "deliveries": [each.model_dump(mode="json") for each in deliveries]}, lines


def _report_lines(report: Report) -> Text:
    from rich.text import Text

    lines = Text()
    lines.append_text(event_lines(report.event, number=report.event_id))
    lines.append(
        f"    {one_line(report.publisher)} · {report.at:%Y-%m-%d %H:%M} UTC · a{report.article_id} · {report.url or 'no address'}\n"
    )
    return lines


def _way_lines(store: Store, delivery: Delivery) -> Iterator[str]:
    """With what it goes, through what, and for which time."""
    if delivery.message_key and delivery.message_key != delivery.key:
        rows = store.deliveries(message=delivery.message)
        others = ", ".join(f"d{row.id}" for row in rows if row.id != delivery.id)
        yield f"in one message with {others or 'others'} (key {delivery.message_key})"
    if delivery.via:
        yield f"through {delivery.via}, which stands in for {delivery.channel}"
    if delivery.told:
        yield f"told again, for the {delivery.told}. time"
    if delivery.failing_since:
        yield f"{delivery.channel} did not take it, since {delivery.failing_since:%Y-%m-%d %H:%M} UTC"
    if delivery.next_try_at:
        yield f"due at {delivery.next_try_at:%Y-%m-%d %H:%M} UTC"


def _alert(store: Store, number: int) -> Told:
    from rich.text import Text

    delivery, change = store.delivery(number)
    lines = Text(f"alert d{number} to channel {delivery.channel}: {delivery.state.value}\n", style="bold")
    lines.append(f"level {delivery.level.value}, {delivery.attempts} attempts, key {delivery.key}\n")
    if delivery.reason:
        lines.append(f"because {one_line(delivery.reason)}\n")
    for words in _way_lines(store, delivery):
        lines.append(f"{one_line(words)}\n")
    if delivery.last_error:
        lines.append(f"last error: {one_line(delivery.last_error)}\n", style="red")
    if delivery.sent_at:
        lines.append(f"sent {delivery.sent_at:%Y-%m-%d %H:%M} UTC\n")
    told, of_change = _change(store, delivery.change_id)
    lines.append("\n")
    lines.append_text(of_change)
    before, after = report_json(change.before), report_json(change.after)
    return {**delivery.model_dump(mode="json"), "of": told, "before_event": before, "after_event": after}, lines
