"""A country and its institutions: which track a report steps, and where the country stands because of them.

A report that names no institution ("Washington rejects …") and one that does ("the Pentagon rejects …") tell the same
turn: their voices count together, and where the institution is known it is the institution's turn.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from monitor.model import Event, Frozen, Policy, Report, Side, StanceChange, Track
from monitor.tracking.moves import opposite, same_day
from monitor.tracking.steps import backed, judge, settle
from monitor.tracking.verdicts import Step, Verdict

Tracks = Mapping[str | None, Track]
"""The tracks of one actor on one topic by institution; None is the country itself."""


def in_order(events: Iterable[Event]) -> list[Event]:
    """The events of one article as tracks want to hear them: by actor, those that name an institution first."""
    return sorted(events, key=lambda event: (event.actor, event.institution is None, event.institution or ""))


class Advance(Frozen):
    """The actor's tracks that differ after one report, the change if there is one, and why."""

    tracks: tuple[Track, ...]
    change: StanceChange | None = None
    verdict: Verdict
    words: str


def advance(tracks: Iterable[Track], report: Report, policy: Policy) -> Advance:
    """Steps the tracks of one actor by one report: the holder's own track, and the country that follows it.

    `tracks` are all tracks of the actor on the topic; those missing are begun. Save what comes back, and nothing else.
    """
    before: dict[str | None, Track] = {track.institution: track for track in tracks}
    event = report.event
    # Challengers whose window has passed are decided first: the country follows what stands by now.
    after = {name: settle(track, now=report.at, policy=policy) for name, track in before.items()}
    for institution in (None, event.institution):
        after.setdefault(institution, Track(topic=report.topic, actor=event.actor, institution=institution))
    after[None] = _follow(after, policy)
    result = _institutional(after, report, policy) if event.institution else _national(after, report, policy)
    after |= {track.institution: track for track in (result.track, *result.followers)}
    after[None] = _follow(after, policy)
    changed = tuple(track for name, track in after.items() if track != before.get(name))
    return Advance(tracks=changed, change=result.change, verdict=result.verdict, words=result.words)


def country(track: Track, institutions: Iterable[Track], policy: Policy) -> Track:
    """The country's track as its institutions make it: the weightiest of those who spoke lately, and who disagrees.

    Lately means within the policy's window of the newest word. A country whose own challenger is open keeps its standing
    until that is decided.
    """
    spoken = sorted((each for each in institutions if each.stance), key=lambda each: each.institution or "")
    own = [track] if track.standing and track.standing.event.institution is None else []
    candidates = [*own, *spoken]
    if not candidates:
        return track
    newest = max(_at(each) for each in candidates)
    recent = [each for each in candidates if newest - _at(each) <= policy.window]
    leader = min(recent, key=lambda each: (_weight(each, policy), -_at(each).timestamp(), each.institution or ""))
    splits = tuple(
        f"{each.institution}={each.stance}"
        for each in spoken
        if newest - _at(each) <= policy.split_within and _side(each) is not _side(leader)
    )
    followed = {"stance": leader.stance, "since": leader.since, "standing": leader.standing}
    return track.model_copy(update=(followed if track.challenger is None else {}) | {"split": splits})


def _follow(tracks: Tracks, policy: Policy) -> Track:
    return country(tracks[None], [track for name, track in tracks.items() if name is not None], policy)


# --- whose turn it is -----------------------------------------------------------------------------


class _Result(Step):
    followers: tuple[Track, ...] = ()


def _result(step: Step, *followers: Track) -> _Result:
    return _Result(**dict(step), followers=followers)


def _national(tracks: dict[str | None, Track], report: Report, policy: Policy) -> _Result:
    """A report that names no institution."""
    for institution, track in sorted(tracks.items(), key=lambda item: _weight(item[1], policy)):
        if institution is None:
            continue
        challenger = track.challenger
        if challenger and challenger.stance is report.event.stance and report.at - challenger.first.at <= policy.window:
            return _result(judge(track, report, policy))
        if track.stance is report.event.stance and abs(report.at - _at(track)) <= policy.window:
            words = f"{track.holder} said {track.stance} on {_at(track):%Y-%m-%d}: no turn of its own"
            return _Result(track=tracks[None], verdict=Verdict.REPEAT, words=words)
    return _result(judge(tracks[None], report, policy))


def _institutional(tracks: dict[str | None, Track], report: Report, policy: Policy) -> _Result:
    """A report that names the institution."""
    nation, track = tracks[None], tracks[report.event.institution]
    if report.event.confidence < policy.min_confidence:
        return _result(judge(track, report, policy))
    if track.stance is report.event.stance:
        return _result(judge(track, report, policy))
    told = _told_of_nation(nation, report, policy)
    if told and track.standing is None:
        return _same_turn(nation, track, report, policy)
    if told:
        # The institution had a stance of its own: its turn is a fact of its own, and takes over what was told without a name.
        unnamed = nation.model_copy(update={"challenger": None})
        return _result(backed(judge(track, report, policy), told, policy), unnamed)
    if track.standing is None and _turns_nation(nation, report, policy):
        seeded = track.model_copy(update={"stance": nation.stance, "since": nation.since, "standing": nation.standing})
        return _result(judge(seeded, report, policy))
    return _result(judge(track, report, policy))


def _told_of_nation(nation: Track, report: Report, policy: Policy) -> tuple[Report, ...]:
    """Reports without institution that brought, or would bring, the country to this stance within the window."""
    if nation.challenger is not None and nation.challenger.stance is report.event.stance:
        return nation.challenger.reports
    standing = nation.standing
    if standing is None or standing.event.institution is not None or nation.since is None:
        return ()
    lately = nation.stance is report.event.stance and abs(report.at - nation.since) <= policy.window
    return (standing,) if lately else ()


def _same_turn(nation: Track, track: Track, report: Report, policy: Policy) -> _Result:
    """The first word of an institution, on a turn of its country that is told already."""
    if nation.challenger is not None:
        return _result(judge(nation, report, policy), _followed(track, report))
    words = f"{nation.holder} turned to {nation.stance} lately: the same turn, told already"
    return _Result(track=_followed(track, report), verdict=Verdict.FOLLOWED, words=words)


def _turns_nation(nation: Track, report: Report, policy: Policy) -> bool:
    """Whether the first word of an institution is a turn of its country, and neither a baseline nor a split.

    Institution-less reports may have told this institution's stance so far, so that any difference counts. Against the
    word of another institution only the opposite does, and only when that word is older than the window: until then the
    two disagree, which is a split.
    """
    if nation.standing is None or nation.stance is None or report.at < nation.standing.at:
        return False
    if nation.standing.event.institution is None:
        return report.event.stance is not nation.stance and not same_day(report, nation.standing)
    return opposite(report.event.stance, nation.stance) and report.at - nation.standing.at > policy.window


def _followed(track: Track, report: Report) -> Track:
    if track.standing is not None and track.standing.at > report.at:
        return track
    update = {"stance": report.event.stance, "since": report.at, "standing": report, "challenger": None, "disputed": ()}
    return track.model_copy(update=update)


def _at(track: Track) -> datetime:
    """When the holder was last heard; only of tracks that have a stance."""
    return track.standing.at if track.standing else datetime.min.replace(tzinfo=UTC)


def _side(track: Track) -> Side | None:
    return track.stance.side if track.stance else None


def _weight(track: Track, policy: Policy) -> int:
    weights = policy.outweighs
    return weights.index(track.institution) if track.institution in weights else len(weights)
