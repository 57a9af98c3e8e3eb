"""Small moves on tracks, and what the rules ask of reports: each a line of its own, so that the rules read as sentences."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from monitor.model import Challenger, Report, Side, Stance, Track


def same_day(one: Report, other: Report) -> bool:
    return one.at.date() == other.at.date()


def span(duration: timedelta) -> str:
    """`72 h` or `14 days`, for sentences."""
    hours = round(duration.total_seconds() / 3600)
    return f"{hours} h" if hours <= 96 else f"{hours // 24} days"


def opposite(one: Stance, other: Stance) -> bool:
    return {one.side, other.side} == {Side.FOR, Side.AGAINST}


def stand(track: Track, stance: Stance, *, since: datetime, standing: Report) -> Track:
    moved = {"stance": stance, "since": since, "standing": standing, "challenger": None, "disputed": ()}
    return track.model_copy(update=moved)


def adopt(track: Track, challenger: Challenger) -> Track:
    newest = max(challenger.reports, key=lambda report: (report.at, report.event_id))
    return stand(track, challenger.stance, since=challenger.first.at, standing=newest)


def with_newest_standing(track: Track, report: Report) -> Track:
    if report.event.stance is not track.stance or report.at < standing_of(track).at:
        return track
    return track.model_copy(update={"standing": report})


def object_to(track: Track, report: Report) -> Track:
    challenger = challenger_of(track)
    against = challenger.model_copy(update={"against": (*challenger.against, slim(report))})
    return track.model_copy(update={"challenger": against})


def slim(report: Report) -> Report:
    """A report kept for its voice: how its event was read stands with the event, and a track is rewritten each step."""
    event = report.event.model_copy(update={"contributions": (), "attribution": ()})
    return report.model_copy(update={"event": event})


def disputes(one: Report, other: Report) -> bool:
    different = one.voice != other.voice
    return different and same_day(one, other) and opposite(one.event.stance, other.event.stance)


def added(disputed: Iterable[Report], *reports: Report) -> tuple[Report, ...]:
    """The disputing reports of the newest day among them, each voice once."""
    found: dict[tuple[str, Stance], Report] = {}
    for report in (*disputed, *reports):
        if same_day(report, reports[-1]):
            found.setdefault((report.voice, report.event.stance), report)
    return tuple(found.values())


def reports_of(track: Track) -> tuple[Report, ...]:
    challenger = track.challenger
    return (*([track.standing] if track.standing else []), *(challenger.reports if challenger else ()))


def known_events(track: Track) -> set[int]:
    against = track.challenger.against if track.challenger else ()
    return {report.event_id for report in (*reports_of(track), *against, *track.disputed)}


def standing_of(track: Track) -> Report:
    if track.standing is None:
        raise ValueError(f"{track.holder} has no stance yet")
    return track.standing


def challenger_of(track: Track) -> Challenger:
    if track.challenger is None:
        raise ValueError(f"nothing challenges {track.holder}")
    return track.challenger
