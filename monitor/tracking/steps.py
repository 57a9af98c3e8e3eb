"""Steps one track by one report: a debounced state machine, pure and replayable.

The day is the unit, as it is for a historian: what two publishers say differently about one holder on one day is one
event told twice, not two turns. `docs/alerts.md` has the rules in words.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from monitor.model import Challenger, Level, Outcome, Policy, Report, StanceChange, Track
from monitor.tracking.moves import (
    added,
    adopt,
    challenger_of,
    disputes,
    known_events,
    object_to,
    opposite,
    reports_of,
    same_day,
    slim,
    span,
    stand,
    standing_of,
    with_newest_standing,
)
from monitor.tracking.verdicts import Step, Verdict
from monitor.tracking.voices import collapsed, speakers


def step(track: Track, report: Report, policy: Policy) -> tuple[Track, StanceChange | None]:
    """The track after `report`, and the change it made: a new one, or an earlier one (same cause) raised or undone."""
    result = judge(track, report, policy)
    return result.track, result.change


def judge(track: Track, report: Report, policy: Policy) -> Step:
    """Like `step`, with the reason."""
    if report.event_id in known_events(track):
        return _stay(track, Verdict.AGAIN, "this event has been counted")
    if report.event.confidence < policy.min_confidence:
        sure, asked = report.event.confidence, policy.min_confidence
        return _stay(track, Verdict.WEAK, f"confidence {sure:.2f} is under {asked:.2f}: for the timeline only")
    if track.standing is None:
        return _baseline(track, report)
    newest = max(known.at for known in reports_of(track))
    if newest - report.at > policy.lateness:
        return _stay(track, Verdict.LATE, f"{span(newest - report.at)} older than what is known: for the timeline only")
    track = settle(track, now=report.at, policy=policy)
    return _rule(track, report)(track, report, policy)


def settle(track: Track, *, now: datetime, policy: Policy) -> Track:
    """The track once the challenger's window has passed: it stands if nobody spoke against it, else it is dropped.

    A turn that one outlet reports and none denies is history's ordinary case; it stays at level `reported`.
    """
    challenger = track.challenger
    if challenger is None or now - challenger.first.at <= policy.window:
        return track
    if challenger.against:
        return track.model_copy(update={"challenger": None, "disputed": ()})
    return adopt(track, challenger)


# --- which rule ---------------------------------------------------------------------------------

Rule = Callable[[Track, Report, Policy], Step]


def _rule(track: Track, report: Report) -> Rule:
    stance, challenger = report.event.stance, track.challenger
    if challenger is not None and stance is challenger.stance:
        return _carries_challenger
    if challenger is not None and challenger.first.article_id == report.article_id:
        return _takes_back
    if stance is track.stance:
        return _repeats if challenger is None else _repeats_against_challenger
    return _differs if challenger is None else _differs_from_both


# --- no challenger ------------------------------------------------------------------------------


def _baseline(track: Track, report: Report) -> Step:
    after = stand(track, report.event.stance, since=report.at, standing=report)
    return Step(track=after, verdict=Verdict.BASELINE, words="the first stance known of this holder: no change")


def _repeats(track: Track, report: Report, _policy: Policy) -> Step:
    after = with_newest_standing(track, report)
    if after.disputed and not any(same_day(report, known) for known in after.disputed):
        after = after.model_copy(update={"disputed": ()})
    return Step(track=after, verdict=Verdict.REPEAT, words=f"{track.holder} stands there already")


def _differs(track: Track, report: Report, policy: Policy) -> Step:
    standing = standing_of(track)
    if report.own_outlet and report.at >= standing.at:
        return _challenge(track, report, policy)
    if report.at < standing.at:
        return _older(track, report, standing)
    # What stands since today was told by somebody today: the other version is a dispute about it, no second turn.
    if track.since is not None and track.since.date() == report.at.date():
        told = _beside(track, report, standing)
        return _corrects_baseline(told, track, report, policy)
    disputed = (standing, report) if disputes(standing, report) else ()
    return _challenge(track.model_copy(update={"disputed": disputed}), report, policy)


def _challenge(track: Track, report: Report, policy: Policy) -> Step:
    challenger = Challenger(stance=report.event.stance, reports=(report,), before=track.standing)
    if report.own_outlet or policy.confirmations == 1:
        return _confirm(track, challenger, policy)
    words = f"{track.stance} before, {challenger.stance} now, by one voice ({report.publisher}); {_asks(policy)}"
    after = track.model_copy(update={"challenger": challenger})
    return Step(track=after, change=_change(track, challenger, words), verdict=Verdict.REPORTED, words=words)


def _older(track: Track, report: Report, newer: Report) -> Step:
    if disputes(newer, report):
        return _beside(track, report, newer)
    return _stay(track, Verdict.OVERTAKEN, f"{newer.publisher} has a newer report of {newer.event.stance}")


def _beside(track: Track, report: Report, other: Report) -> Step:
    """A second version of one day: shown as disputed if opposite; no turn of its own either way."""
    if not opposite(report.event.stance, other.event.stance):
        words = f"{other.publisher} has {other.event.stance} for the same day: one event, told in two shades"
        return _stay(track, Verdict.SAME_DAY, words)
    after = track.model_copy(update={"disputed": added(track.disputed, other, report)})
    words = f"disputed: {other.publisher} reports {other.event.stance}, {report.publisher} {report.event.stance}"
    return Step(track=after, verdict=Verdict.DISPUTED, words=words)


def _corrects_baseline(told: Step, track: Track, report: Report, policy: Policy) -> Step:
    """One report made the baseline; when enough voices tell the opposite the same day, they make it instead."""
    standing = standing_of(track)
    alone = track.since == standing.at and not standing.own_outlet and policy.confirmations > 1
    voices = speakers(each for each in told.track.disputed if each.event.stance is report.event.stance)
    if not alone or len(voices) < policy.confirmations:
        return told
    words = f"{len(voices)} voices against {standing.publisher} on the first day: the baseline is {report.event.stance}"
    after = stand(track, report.event.stance, since=report.at, standing=report)
    return Step(track=after, verdict=Verdict.BASELINE, words=words)


# --- with a challenger --------------------------------------------------------------------------


def _carries_challenger(track: Track, report: Report, policy: Policy) -> Step:
    challenger = challenger_of(track)
    heard = {(each.voice, each.publisher) for each in challenger.reports}
    if (report.voice, report.publisher) in heard and not report.own_outlet:
        return _stay(track, Verdict.COPY, f"{report.publisher} has said so already")
    joined = challenger.model_copy(update={"reports": (*challenger.reports, slim(report))})
    if _settled(joined, policy):
        return _confirm(track, joined, policy)
    after = track.model_copy(update={"challenger": joined})
    if report.voice in speakers(challenger.reports):
        return Step(track=after, verdict=Verdict.COPY, words=f"{report.publisher} speaks with a voice already heard")
    said = f"{len(speakers(joined.reports))} voices for it, {len(speakers(joined.against))} against"
    return Step(track=after, verdict=Verdict.WAITING, words=f"{said}; {_asks(policy)}")


def _takes_back(track: Track, report: Report, policy: Policy) -> Step:
    """The article that reported the turn now says otherwise."""
    challenger = challenger_of(track)
    words = f"{report.publisher} changed its article: it now has {report.event.stance}"
    if len(speakers(challenger.reports)) > 1:
        return _stay(track, Verdict.OVERTAKEN, f"{words}; other voices carry {challenger.stance} still")
    after = with_newest_standing(track.model_copy(update={"challenger": None, "disputed": ()}), report)
    if report.event.stance is not track.stance:
        return _challenge(after, report, policy)
    change = _change(track, challenger, words, outcome=Outcome.WITHDRAWN)
    return Step(track=after, change=change, verdict=Verdict.WITHDRAWN, words=words)


def _repeats_against_challenger(track: Track, report: Report, policy: Policy) -> Step:
    challenger = challenger_of(track)
    first = challenger.first
    if report.at < first.at and not same_day(report, first):
        return _repeats(track, report, policy)
    if report.voice in speakers(challenger.reports) and not same_day(report, first) and not report.own_outlet:
        # The voice that reported the turn follows the holder back: two turns, as a historian would count.
        return _challenge(adopt(track, challenger), report, policy)
    told = bool(challenger.against)
    after = with_newest_standing(object_to(track, report), report)
    words = f"{report.publisher} still reports {track.stance}, against {challenger.stance} by {first.publisher}"
    change = None if told else _change(track, challenger, words, outcome=Outcome.CONTRADICTED)
    disputed = disputes(first, report)
    return Step(
        track=after.model_copy(update={"disputed": added(track.disputed, first, report)}) if disputed else after,
        change=change,
        verdict=Verdict.DISPUTED if disputed else Verdict.CONTRADICTED,
        words=words,
    )


def _differs_from_both(track: Track, report: Report, policy: Policy) -> Step:
    challenger = challenger_of(track)
    if same_day(report, challenger.first) and not report.own_outlet:
        return _rivals(object_to(track, report), report, policy)
    if report.at < challenger.first.at:
        return _older(track, report, challenger.first)
    if challenger.against:
        return _challenge(track.model_copy(update={"challenger": None, "disputed": ()}), report, policy)
    return _challenge(adopt(track, challenger), report, policy)


def _rivals(track: Track, report: Report, policy: Policy) -> Step:
    """A third version of the challenger's day: it takes the challenger's place once more voices carry it."""
    challenger = challenger_of(track)
    carrying = tuple(other for other in challenger.against if other.event.stance is report.event.stance)
    enough = len(speakers(carrying)) >= policy.confirmations
    if not enough or len(speakers(carrying)) <= len(speakers(challenger.reports)):
        return _beside(track, report, challenger.first)
    first, *rest = sorted(carrying, key=lambda each: (each.at, each.event_id))
    winner = Challenger(stance=report.event.stance, reports=(first, *rest), before=challenger.before)
    return _confirm(track, winner, policy)


def backed(result: Step, told: tuple[Report, ...], policy: Policy) -> Step:
    """A turn just reported, with those who told it of the country before: their voices count for it."""
    challenger = result.track.challenger
    if result.verdict is not Verdict.REPORTED or challenger is None or not told:
        return result
    joined = challenger.model_copy(update={"reports": (*challenger.reports, *told)})
    if _settled(joined, policy):
        return _confirm(result.track, joined, policy)
    return result.model_copy(update={"track": result.track.model_copy(update={"challenger": joined})})


# --- confirmation -------------------------------------------------------------------------------


def _settled(challenger: Challenger, policy: Policy) -> bool:
    if any(report.own_outlet for report in challenger.reports):
        return True
    if any(report.own_outlet for report in challenger.against):
        return False  # the holder itself says otherwise: hearsay does not outvote it
    voices = len(speakers(challenger.reports))
    return voices >= policy.confirmations and voices > len(speakers(challenger.against))


def _confirm(track: Track, challenger: Challenger, policy: Policy) -> Step:
    own = next((report for report in challenger.reports if report.own_outlet), None)
    voices = speakers(challenger.reports)
    words = (
        f"{own.publisher} is the holder's own outlet: its word needs no second voice"
        if own
        else f"{len(voices)} independent voices within {span(policy.window)}: {', '.join(voices.values())}"
        if len(voices) > 1
        else f"by {challenger.first.publisher}; the policy asks for one voice"
    )
    newest = max(challenger.reports, key=lambda report: (report.at, report.event_id))
    change = _change(track, challenger, words, level=Level.CONFIRMED, confirmed_at=(own or newest).at)
    after = stand(track, challenger.stance, since=challenger.first.at, standing=newest)
    return Step(track=after, change=change, verdict=Verdict.CONFIRMED, words=words)


def _change(
    track: Track,
    challenger: Challenger,
    words: str,
    *,
    level: Level = Level.REPORTED,
    confirmed_at: datetime | None = None,
    outcome: Outcome = Outcome.STANDS,
) -> StanceChange:
    return StanceChange(
        topic=track.topic,
        actor=track.actor,
        institution=track.institution,
        before=challenger.before or standing_of(track),
        after=challenger.first,
        level=level,
        at=challenger.first.at,
        confirmed_at=confirmed_at,
        publishers=tuple(speakers(challenger.reports).values()),
        copies=collapsed(challenger.reports),
        reason=words,
        outcome=outcome,
    )


def _stay(track: Track, verdict: Verdict, words: str) -> Step:
    return Step(track=track, verdict=verdict, words=words)


def _asks(policy: Policy) -> str:
    return f"the policy asks for {policy.confirmations} within {span(policy.window)}"
