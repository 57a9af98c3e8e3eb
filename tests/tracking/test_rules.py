"""The rules one by one: what raises, undoes, replaces and explains a change."""

from __future__ import annotations

from datetime import timedelta

from monitor.model import Outcome, Policy
from monitor.tracking import Verdict, adapt, in_order
from tests.tracking.newsroom import POLICY, Newsroom

TURN = ("USA/pentagon", "conditional")


def desk(policy: Policy = POLICY) -> Newsroom:
    room = Newsroom(policy=policy)
    room.say("2016-05-20", "USA/pentagon", "oppose", "Herald", quote="we do not coordinate")
    return room


def test_a_confirmed_change_keeps_its_cause_its_date_and_the_quote_it_challenged() -> None:
    room = desk()
    reported = room.say("2016-06-30 13:00", *TURN, "Reuters")
    room.say("2016-06-30 18:00", "USA/pentagon", "oppose", "Herald", quote="printed before the briefing")
    confirmed = room.say("2016-06-30 19:00", *TURN, "كوكب", language="ar")
    assert reported is not None
    assert confirmed is not None
    assert confirmed.cause == reported.cause
    assert (confirmed.at, confirmed.level) == (reported.at, "confirmed")
    assert confirmed.before.event.quote == "we do not coordinate"


def test_copies_are_shown_and_not_counted() -> None:
    room = desk()
    room.say("2016-06-30 13:00", *TURN, "Reuters")
    room.say("2016-06-30 14:00", *TURN, "كوكب", language="ar", voice="Reuters")
    confirmed = room.say("2016-06-30 15:00", *TURN, "Вестник", language="ru")
    assert confirmed is not None
    assert confirmed.publishers == ("Reuters", "Вестник")
    assert confirmed.copies == ("كوكب (copy of Reuters)",)


def test_the_actors_own_outlet_confirms_alone() -> None:
    change = desk().say("2016-06-30", *TURN, "defense.gov", own=True)
    assert change is not None
    assert change.level == "confirmed"
    assert "own outlet" in change.reason


def test_hearsay_does_not_outvote_the_actors_own_denial() -> None:
    room = desk()
    room.say("2016-06-30 10:00", *TURN, "Reuters")
    room.say("2016-06-30 12:00", "USA/pentagon", "oppose", "defense.gov", own=True)
    room.say("2016-06-30 14:00", *TURN, "Вестник")
    room.say("2016-06-30 16:00", *TURN, "كوكب")
    assert [turn[-1] for turn in room.turns] == ["reported"]
    assert room.track("USA/pentagon").stance == "oppose"


def test_a_policy_of_three_voices_waits_for_the_third() -> None:
    room = desk(POLICY.model_copy(update={"confirmations": 3}))
    room.say("2016-06-30 10:00", *TURN, "Reuters")
    room.say("2016-06-30 11:00", *TURN, "Вестник")
    assert room.verdicts[-1] is Verdict.WAITING
    change = room.say("2016-06-30 12:00", *TURN, "كوكب")
    assert change is not None
    assert change.publishers == ("Reuters", "Вестник", "كوكب")


def test_a_policy_adapts_to_fewer_publishers_and_says_so() -> None:
    assert adapt(POLICY, voices=5) == (POLICY, None)
    lowered, words = adapt(POLICY, voices=1)
    assert lowered.confirmations == 1
    assert words == "only 1 independent voice configured: 1 confirms instead of 2"
    change = desk(lowered).say("2016-06-30", *TURN, "Herald")
    assert change is not None
    assert change.level == "confirmed"


def test_a_contradicted_report_is_said_once_and_falls_with_its_window() -> None:
    room = desk()
    room.say("2016-06-30", *TURN, "Reuters")
    undone = room.say("2016-07-01", "USA/pentagon", "oppose", "Herald")
    again = room.say("2016-07-02", "USA/pentagon", "oppose", "كوكب")
    assert undone is not None
    assert undone.outcome is Outcome.CONTRADICTED
    assert again is None
    room.say("2016-07-20", "USA/pentagon", "oppose", "Herald")
    track = room.track("USA/pentagon")
    assert (track.stance, track.challenger) == ("oppose", None)


def test_an_edited_article_takes_its_turn_back() -> None:
    room = desk()
    room.say("2016-06-30 10:00", *TURN, "Reuters", article=900)
    undone = room.say("2016-06-30 12:00", "USA/pentagon", "oppose", "Reuters", article=900)
    assert undone is not None
    assert undone.outcome is Outcome.WITHDRAWN
    assert room.track("USA/pentagon").challenger is None


def test_a_turn_that_one_outlet_reports_and_nobody_denies_stands_after_its_window() -> None:
    room = desk()
    room.say("2016-06-30", *TURN, "Reuters")
    back = room.say("2016-07-26", "USA/pentagon", "oppose", "Reuters")
    assert back is not None
    assert (back.before.event.stance, back.after.event.stance) == ("conditional", "oppose")


def test_the_voice_that_reported_a_turn_may_follow_the_actor_back() -> None:
    room = desk()
    room.say("2016-06-30", *TURN, "Reuters")
    back = room.say("2016-07-02", "USA/pentagon", "oppose", "Reuters")
    assert back is not None
    assert back.before.event.stance == "conditional"


def test_a_third_stance_on_another_day_is_a_turn_from_the_second() -> None:
    room = desk()
    room.say("2016-06-30", *TURN, "Reuters")
    change = room.say("2016-07-02", "USA/pentagon", "support", "Вестник")
    assert change is not None
    assert (change.before.event.stance, change.after.event.stance) == ("conditional", "support")


def test_more_voices_of_the_same_day_correct_the_first() -> None:
    room = desk()
    room.say("2016-06-30 09:00", "USA/pentagon", "support", "Reuters")
    room.say("2016-06-30 12:00", *TURN, "Вестник")
    change = room.say("2016-06-30 13:00", *TURN, "كوكب")
    assert change is not None
    assert (change.level, change.after.event.stance, change.before.event.stance) == (
        "confirmed",
        "conditional",
        "oppose",
    )


def test_opposite_reports_of_one_day_are_shown_as_disputed() -> None:
    room = desk()
    room.say("2016-06-30 09:00", *TURN, "Reuters")
    room.say("2016-06-30 15:00", "USA/pentagon", "oppose", "Вестник", language="ru")
    track = room.track("USA/pentagon")
    assert {(each.publisher, str(each.event.stance)) for each in track.disputed} == {
        ("Reuters", "conditional"),
        ("Вестник", "oppose"),
    }
    assert room.verdicts[-1] is Verdict.DISPUTED
    room.say("2016-08-01", "USA/pentagon", "oppose", "Herald")
    assert room.track("USA/pentagon").disputed == ()


def test_a_dispute_is_settled_by_more_independent_voices() -> None:
    room = desk()
    room.say("2016-06-30 09:00", *TURN, "Reuters")
    room.say("2016-06-30 15:00", "USA/pentagon", "oppose", "Вестник")
    room.say("2016-06-30 16:00", "USA/pentagon", "oppose", "كوكب")
    room.say("2016-06-30 17:00", *TURN, "Herald")
    assert [turn[-1] for turn in room.turns] == ["reported"], "two against two"
    room.say("2016-06-30 18:00", *TURN, "النهار الجديد")
    assert [turn[-1] for turn in room.turns] == ["confirmed"]


def test_more_voices_of_the_first_day_correct_the_baseline_and_nobody_is_alerted() -> None:
    room = Newsroom()
    room.say("2017-07-16 09:00", "ISR/pmo", "support", "Herald", quote="would welcome a genuine truce")
    room.say("2017-07-16 11:00", "ISR/pmo", "oppose", "Вестник", language="ru", quote="полностью против")
    assert room.track("ISR/pmo").stance == "support"
    room.say("2017-07-16 12:00", "ISR/pmo", "oppose", "كوكب", language="ar", quote="نعارض كليا")
    assert room.track("ISR/pmo").stance == "oppose"
    assert room.turns == []


# --- institutions and their country -----------------------------------------------------------------


def test_the_turn_of_a_country_is_confirmed_by_the_first_word_of_its_institution_and_told_once() -> None:
    room = Newsroom()
    room.say("2017-02-16", "RUS", "support", "Вестник", language="ru")
    room.say("2017-04-07 12:00", "RUS", "suspend", "كوكب", language="ar", quote="علقت موسكو المذكرة")
    room.say("2017-04-07 13:00", "RUS/mfa", "suspend", "Вестник", language="ru", quote="приостанавливает меморандум")
    room.say("2017-04-07 14:00", "RUS/mod", "suspend", "Herald", quote="the line is closed")
    assert room.turns == [("2017-04-07", "RUS", "support", "suspend", "confirmed")]
    assert room.track("RUS/mfa").stance == "suspend"
    assert room.track("RUS/mod").stance == "suspend"


def test_an_institution_known_to_stand_elsewhere_takes_over_the_turn_with_the_voices_that_told_it() -> None:
    room = Newsroom()
    room.say("2017-02-16", "RUS/mfa", "support", "Вестник", language="ru")
    room.say("2017-04-07 12:00", "RUS", "suspend", "كوكب", language="ar", quote="علقت موسكو المذكرة")
    change = room.say("2017-04-07 13:00", "RUS/mfa", "suspend", "Вестник", language="ru", quote="приостанавливает")
    room.say("2017-04-07 14:00", "RUS", "suspend", "Herald")
    assert change is not None
    assert (change.holder, change.level, change.after.event.quote) == ("RUS/mfa", "confirmed", "приостанавливает")
    assert change.publishers == ("Вестник", "كوكب")
    assert [turn[1:] for turn in room.turns] == [
        ("RUS", "support", "suspend", "reported"),
        ("RUS/mfa", "support", "suspend", "confirmed"),
    ]
    assert room.track("RUS").stance == "suspend"


def test_one_article_that_names_the_institution_and_the_country_tells_one_turn() -> None:
    room = desk()
    both = [room.report("2016-06-30", holder, "conditional", "كوكب", article=7) for holder in ("USA", "USA/pentagon")]
    ordered = in_order(report.event for report in both)
    assert [event.institution for event in ordered] == ["pentagon", None]
    room.hear(sorted(both, key=lambda report: ordered.index(report.event)))
    assert room.turns == [("2016-06-30", "USA/pentagon", "oppose", "conditional", "reported")]


def test_the_turn_of_an_institution_is_confirmed_by_a_report_that_names_none() -> None:
    room = Newsroom()
    room.say("2017-02-16", "RUS/mfa", "support", "Вестник", language="ru")
    room.say("2017-04-07 12:00", "RUS/mfa", "suspend", "Вестник", language="ru")
    room.say("2017-04-07 13:00", "RUS", "suspend", "Herald")
    room.say("2017-04-07 14:00", "RUS", "suspend", "كوكب", language="ar")
    assert room.turns == [("2017-04-07", "RUS/mfa", "support", "suspend", "confirmed")]
    assert room.track("RUS").stance == "suspend"


def test_a_country_spoken_of_as_a_whole_turns_by_its_ministry() -> None:
    room = Newsroom()
    room.say("2017-02-16", "RUS", "support", "Herald", quote="Moscow wants to work together")
    change = room.say("2017-04-07", "RUS/mfa", "suspend", "Herald", quote="suspends the memorandum")
    assert change is not None
    assert (change.holder, change.before.event.quote) == ("RUS/mfa", "Moscow wants to work together")


def test_the_first_word_of_an_institution_against_an_old_word_of_another_is_a_turn() -> None:
    room = Newsroom()
    room.say("2016-02-23", "SYR/mfa", "support", "كوكب", language="ar")
    change = room.say("2016-09-19", "SYR/mod", "suspend", "Вестник", language="ru")
    assert change is not None
    assert change.before.event.institution == "mfa"


def test_the_first_word_of_an_institution_against_a_fresh_word_of_another_is_a_split() -> None:
    room = Newsroom()
    room.say("2016-06-27", "USA/white_house", "conditional", "Herald")
    assert room.say("2016-06-29", "USA/pentagon", "oppose", "Herald") is None
    assert room.track("USA").split == ("pentagon=oppose",)


def test_the_weightier_of_those_who_spoke_lately_stands_for_the_country() -> None:
    room = Newsroom()
    room.say("2016-06-27", "USA/white_house", "conditional", "Herald")
    room.say("2016-06-29", "USA/pentagon", "oppose", "Herald")
    assert room.track("USA").stance == "conditional"
    room.say("2016-07-10", "USA/pentagon", "oppose", "Herald")
    assert room.track("USA").stance == "oppose", "what the White House said two weeks ago no longer stands for today"
    assert room.track("USA").split == ("white_house=conditional",)
    room.say("2016-09-01", "USA/pentagon", "oppose", "Herald")
    assert room.track("USA").split == ()


def test_a_country_that_turns_as_a_whole_is_a_change_of_its_own() -> None:
    room = desk()
    change = room.say("2016-06-30", "USA", "conditional", "النهار الجديد", language="ar", quote="عرضت واشنطن إذا")
    assert change is not None
    assert (change.holder, change.before.event.institution) == ("USA", "pentagon")


def test_lateness_and_window_are_data() -> None:
    patient = POLICY.model_copy(update={"window": timedelta(days=30), "lateness": timedelta(days=10)})
    room = desk(patient)
    room.say("2016-06-30", *TURN, "Reuters")
    confirmed = room.say("2016-06-25", *TURN, "Herald")
    assert confirmed is not None
    assert confirmed.level == "confirmed"


def test_one_article_in_which_three_institutions_differ_is_a_baseline_and_a_split() -> None:
    room = Newsroom()
    for holder, stance in [
        ("USA/pentagon", "conditional"),
        ("USA/state", "conditional"),
        ("USA/white_house", "oppose"),
    ]:
        room.say("2016-06-30", holder, stance, "النهار الجديد", language="ar", article=1)
    assert room.turns == []
    assert room.track("USA").stance == "oppose"
    assert room.track("USA").split == ("pentagon=conditional", "state=conditional")
