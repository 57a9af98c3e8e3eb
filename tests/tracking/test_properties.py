"""What holds for every sequence of reports: found by hypothesis, not by us."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.model import Policy, Report, Track
from monitor.tracking import advance, judge
from tests.tracking.newsroom import POLICY, Newsroom, moment

PAPERS = ("Herald", "Вестник", "كوكب", "النهار الجديد")
STANCES = ("support", "conditional", "neutral", "oppose", "suspend")
HOLDERS = ("USA", "USA/pentagon", "USA/state")


class Line(NamedTuple):
    hours: int
    holder: str
    stance: str
    paper: str
    wire: bool
    own: bool


lines = st.builds(
    Line,
    hours=st.integers(0, 24 * 20),
    holder=st.sampled_from(HOLDERS),
    stance=st.sampled_from(STANCES),
    paper=st.sampled_from(PAPERS),
    wire=st.booleans(),
    own=st.sampled_from([False] * 9 + [True]),
)
histories = st.lists(lines, max_size=25)
quick = settings(max_examples=60, deadline=None, derandomize=True)


def reports(history: list[Line], *, voice: str | None = None) -> list[Report]:
    room, start = Newsroom(), moment("2016-06-01 00:00")
    return [
        room.report(
            f"{start + timedelta(hours=line.hours):%Y-%m-%d %H:%M}",
            line.holder,
            line.stance,
            line.paper,
            voice=voice or ("wire" if line.wire else line.paper),
            own=line.own and voice is None,
        )
        for line in history
    ]


def played(told: list[Report], policy: Policy = POLICY) -> Newsroom:
    room = Newsroom(policy=policy)
    room.hear(told)
    return room


@quick
@given(histories)
def test_replay_gives_the_same_tracks_and_changes(history: list[Line]) -> None:
    once, twice = played(reports(history)), played(reports(history))
    assert (once.tracks, once.changes) == (twice.tracks, twice.changes)


@quick
@given(histories)
def test_a_track_kept_as_json_goes_on_as_if_it_had_never_left(history: list[Line]) -> None:
    told = reports(history)
    straight, stored = played(told), Newsroom()
    for report in told:
        stored.step(report)
        stored.tracks = {
            key: Track.model_validate_json(track.model_dump_json()) for key, track in stored.tracks.items()
        }
    assert stored.changes == straight.changes


@quick
@given(histories, st.sampled_from(STANCES))
def test_one_stance_never_makes_a_change(history: list[Line], stance: str) -> None:
    assert played(reports([line._replace(stance=stance) for line in history])).changes == {}


@quick
@given(histories)
def test_every_change_lies_between_two_differing_stances_each_with_its_quote(history: list[Line]) -> None:
    for change in played(reports(history)).changes.values():
        assert change.before.event.stance is not change.after.event.stance
        assert change.before.event.quote
        assert change.after.event.quote
        assert change.before.at <= change.after.at


@quick
@given(histories)
def test_copies_never_confirm(history: list[Line]) -> None:
    changes = played(reports(history, voice="one wire")).changes.values()
    assert all(change.level == "reported" for change in changes)


@quick
@given(histories)
def test_a_confirmed_change_has_enough_independent_voices_or_the_actors_own(history: list[Line]) -> None:
    told = reports(history)
    own = {report.publisher for report in told if report.own_outlet}
    for change in played(told).changes.values():
        enough = len(change.publishers) >= POLICY.confirmations
        assert change.level == "reported" or enough or own


@quick
@given(histories)
def test_a_report_heard_twice_in_a_row_changes_nothing_the_second_time(history: list[Line]) -> None:
    room = Newsroom()
    for report in reports(history):
        room.step(report)
        before = dict(room.tracks)
        counted = any(report.event_id == known for known in _standing_ids(room))
        again = room.step(report)
        if counted:
            assert again is None
            assert room.tracks == before


def _standing_ids(room: Newsroom) -> set[int]:
    return {track.standing.event_id for track in room.tracks.values() if track.standing}


@quick
@given(histories)
def test_no_two_changes_have_one_cause(history: list[Line]) -> None:
    causes = [cause for _, cause in played(reports(history)).changes]
    assert len(causes) == len(set(causes))


@quick
@given(histories)
def test_the_changes_of_one_institution_form_a_chain(history: list[Line]) -> None:
    """In time order and without contradictions, what one change leads to is where the next begins."""
    told = sorted(reports(history), key=lambda report: (report.at, report.event_id))
    only = [report for report in told if report.event.institution == "pentagon" and not report.own_outlet]
    changes = sorted(played(only).changes.values(), key=lambda change: (change.at, change.cause))
    for earlier, later in pairwise(changes):
        if earlier.outcome == "stands" and earlier.level == "confirmed":
            assert later.before.event.stance is earlier.after.event.stance or later.at.date() == earlier.at.date()


@quick
@given(st.permutations([("Herald", 9), ("Вестник", 11), ("كوكب", 14), ("النهار الجديد", 20)]))
def test_the_order_of_arrival_within_lateness_does_not_matter(order: list[tuple[str, int]]) -> None:
    room = Newsroom()
    room.say("2016-05-20", "USA/pentagon", "oppose", "Herald")
    for paper, hour in order:
        room.say(f"2016-06-30 {hour:02}:00", "USA/pentagon", "conditional", paper)
    assert room.turns == [("2016-06-30", "USA/pentagon", "oppose", "conditional", "confirmed")]
    assert room.track("USA/pentagon").stance == "conditional"
    assert room.track("USA").stance == "conditional"


@quick
@given(histories)
def test_a_weak_report_moves_nothing(history: list[Line]) -> None:
    policy = POLICY.model_copy(update={"min_confidence": 0.9})
    told = reports(history)
    weak = [each.model_copy(update={"event": each.event.model_copy(update={"confidence": 0.5})}) for each in told]
    assert played(weak, policy).changes == {}
    for report in weak:
        empty = Track(topic=report.topic, actor=report.event.actor, institution=report.event.institution)
        assert judge(empty, report, policy).track == empty
        assert all(track.stance is None for track in advance([empty], report, policy).tracks)
