"""Situations that must not alert: each is played in a newsroom where both sides have a stance, and must add no change."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from monitor.tracking import Verdict
from tests.tracking.newsroom import POLICY, Newsroom


def _desk(**policy: object) -> Newsroom:
    """The Pentagon opposes and the Kremlin supports, each confirmed long ago."""
    room = Newsroom(policy=POLICY.model_copy(update=policy))
    room.say("2016-05-20", "USA/pentagon", "oppose", "Herald", quote="we do not coordinate with them")
    room.say("2016-05-20", "RUS/kremlin", "support", "Вестник", language="ru", quote="предлагаем действовать вместе")
    return room


def a_first_stance_is_a_baseline(room: Newsroom) -> Verdict:
    room.say("2016-06-01", "TUR/mfa", "oppose", "كوكب", language="ar", quote="لا نقبل بهذا الاتفاق")
    return Verdict.BASELINE


def the_standing_stance_is_repeated_in_another_language(room: Newsroom) -> Verdict:
    room.say("2016-06-01", "USA/pentagon", "oppose", "كوكب", language="ar", quote="لا ننسق معهم")
    return Verdict.REPEAT


def a_recap_weeks_later_repeats_what_stands(room: Newsroom) -> Verdict:
    room.say("2016-06-28", "RUS/kremlin", "support", "Herald", quote="has long offered to act together")
    return Verdict.REPEAT


def an_article_from_before_the_turn_arrives_late(room: Newsroom) -> Verdict:
    room.say("2016-05-02", "USA/pentagon", "conditional", "النهار الجديد", language="ar", quote="إذا غيروا نهجهم")
    return Verdict.LATE


def an_article_of_the_evening_before_arrives_after_the_turn(room: Newsroom) -> Verdict:
    room.say("2016-05-19 22:00", "USA/pentagon", "conditional", "Herald", quote="we might, if they change course")
    return Verdict.OVERTAKEN


def the_same_event_is_stepped_twice(room: Newsroom) -> Verdict:
    report = room.report("2016-06-01", "USA/pentagon", "oppose", "Herald")
    room.step(report)
    room.step(report)
    return Verdict.AGAIN


def the_analyzer_is_not_sure(room: Newsroom) -> Verdict:
    room.policy = POLICY.model_copy(update={"min_confidence": 0.5})
    room.say("2016-06-01", "USA/pentagon", "support", "Вестник", language="ru", confidence=0.3)
    return Verdict.WEAK


def two_publishers_tell_the_first_day_differently(room: Newsroom) -> Verdict:
    room.say("2016-06-01 09:00", "SYR/mfa", "support", "كوكب", language="ar", quote="نرحب بالاتفاق")
    room.say("2016-06-01 15:00", "SYR/mfa", "oppose", "Herald", quote="we reject the accord")
    return Verdict.DISPUTED


def the_first_day_is_told_in_two_shades(room: Newsroom) -> Verdict:
    room.say("2016-06-01 09:00", "SYR/mfa", "support", "كوكب", language="ar", quote="نرحب بالاتفاق")
    room.say("2016-06-01 15:00", "SYR/mfa", "conditional", "Вестник", language="ru", quote="поддержим, если")
    return Verdict.SAME_DAY


def an_opponent_denies_but_keeps_its_own_stance(room: Newsroom) -> Verdict:
    # The Kremlin says the Pentagon agreed; analysis records the Kremlin's word, and the Pentagon's track hears nothing.
    room.say("2016-06-01", "RUS/kremlin", "support", "Вестник", language="ru", quote="Пентагон согласился с нами")
    return Verdict.REPEAT


def another_institution_disagrees_for_the_first_time(room: Newsroom) -> Verdict:
    room.say("2016-05-21", "USA/state", "conditional", "Herald", quote="we would, if they kept the truce")
    return Verdict.BASELINE


def another_institution_agrees_with_the_country(room: Newsroom) -> Verdict:
    room.say("2016-07-01", "RUS/mod", "support", "كوكب", language="ar", quote="مستعدون للعمل معا")
    return Verdict.BASELINE


def a_report_without_institution_repeats_an_institution(room: Newsroom) -> Verdict:
    room.say("2016-05-21", "USA", "oppose", "Вестник", language="ru", quote="Вашингтон отказывается")
    return Verdict.REPEAT


def a_report_without_institution_repeats_one_side_of_a_split(room: Newsroom) -> Verdict:
    room.say("2016-05-21 10:00", "USA/white_house", "conditional", "Herald", quote="we would consider it if")
    room.say("2016-05-21 18:00", "USA", "oppose", "كوكب", language="ar", quote="واشنطن ترفض")
    return Verdict.REPEAT


def the_wire_prints_its_own_words_again(room: Newsroom) -> Verdict:
    room.say("2016-06-01 09:00", "USA/pentagon", "oppose", "Reuters", quote="no coordination", voice="Reuters")
    room.say("2016-06-01 11:00", "USA/pentagon", "oppose", "كوكب", language="ar", voice="Reuters", copy_of=3)
    return Verdict.REPEAT


def a_shade_of_the_same_day_comes_from_the_same_outlet(room: Newsroom) -> Verdict:
    room.say("2016-06-01 09:00", "IRN/mfa", "support", "كوكب", language="ar")
    room.say("2016-06-01 11:00", "IRN/mfa", "conditional", "كوكب", language="ar")
    return Verdict.SAME_DAY


def an_undated_old_text_in_a_new_feed_is_older_than_the_track(room: Newsroom) -> Verdict:
    room.say("2015-10-20", "USA/pentagon", "support", "Новая лента", language="ru", quote="подписан меморандум")
    return Verdict.LATE


SITUATIONS = [
    a_first_stance_is_a_baseline,
    the_standing_stance_is_repeated_in_another_language,
    a_recap_weeks_later_repeats_what_stands,
    an_article_from_before_the_turn_arrives_late,
    an_article_of_the_evening_before_arrives_after_the_turn,
    the_same_event_is_stepped_twice,
    the_analyzer_is_not_sure,
    two_publishers_tell_the_first_day_differently,
    the_first_day_is_told_in_two_shades,
    an_opponent_denies_but_keeps_its_own_stance,
    another_institution_disagrees_for_the_first_time,
    another_institution_agrees_with_the_country,
    a_report_without_institution_repeats_an_institution,
    a_report_without_institution_repeats_one_side_of_a_split,
    the_wire_prints_its_own_words_again,
    a_shade_of_the_same_day_comes_from_the_same_outlet,
    an_undated_old_text_in_a_new_feed_is_older_than_the_track,
]


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda each: each.__name__)
def test_no_change_when(situation: Callable[[Newsroom], Verdict]) -> None:
    room = _desk()
    expected = situation(room)
    assert room.turns == []
    assert room.verdicts[-1] is expected


# --- one change and no more: what follows a turn must not repeat, confirm or undo it --------------------


def _turned(**policy: object) -> Newsroom:
    """The Pentagon's turn of 30 June, reported by one wire."""
    room = _desk(**policy)
    room.say("2016-06-30 13:00", "USA/pentagon", "conditional", "Reuters", quote="if they did the right thing")
    return room


def a_second_paper_prints_the_wire(room: Newsroom) -> str:
    room.say("2016-06-30 14:00", "USA/pentagon", "conditional", "كوكب", language="ar", voice="Reuters")
    room.say("2016-06-30 15:00", "USA/pentagon", "conditional", "Вестник", language="ru", voice="Reuters")
    return "reported"


def the_wire_repeats_itself(room: Newsroom) -> str:
    for hour in range(14, 20):
        room.say(f"2016-06-30 {hour}:00", "USA/pentagon", "conditional", "Reuters")
    return "reported"


def a_paper_still_prints_the_old_stance(room: Newsroom) -> str:
    room.say("2016-07-01 10:00", "USA/pentagon", "oppose", "Herald")
    return "reported"


def papers_go_back_and_forth(room: Newsroom) -> str:
    for day, stance, paper in [
        ("07-01", "oppose", "Herald"),
        ("07-01", "conditional", "Reuters"),
        ("07-02", "oppose", "كوكب"),
    ]:
        room.say(f"2016-{day}", "USA/pentagon", stance, paper)
    return "reported"


def two_papers_deny_it_the_same_day(room: Newsroom) -> str:
    room.say("2016-06-30 15:00", "USA/pentagon", "oppose", "Herald")
    room.say("2016-06-30 16:00", "USA/pentagon", "oppose", "كوكب", language="ar")
    return "reported"


def the_day_is_told_in_a_third_way(room: Newsroom) -> str:
    room.say("2016-06-30 15:00", "USA/pentagon", "support", "Herald")
    return "reported"


def a_report_without_institution_tells_the_same_turn(room: Newsroom) -> str:
    room.say("2016-07-01 09:00", "USA", "conditional", "Вестник", language="ru", quote="Вашингтон готов, если")
    return "confirmed"


def a_second_voice_after_the_window(room: Newsroom) -> str:
    room.say("2016-07-09", "USA/pentagon", "conditional", "Herald")
    return "reported"


def many_more_voices(room: Newsroom) -> str:
    for paper in ("Herald", "كوكب", "Вестник", "النهار الجديد"):
        room.say("2016-07-01", "USA/pentagon", "conditional", paper)
    return "confirmed"


AFTERMATHS = [
    a_second_paper_prints_the_wire,
    the_wire_repeats_itself,
    a_paper_still_prints_the_old_stance,
    papers_go_back_and_forth,
    two_papers_deny_it_the_same_day,
    the_day_is_told_in_a_third_way,
    a_report_without_institution_tells_the_same_turn,
    a_second_voice_after_the_window,
    many_more_voices,
]


@pytest.mark.parametrize("aftermath", AFTERMATHS, ids=lambda each: each.__name__)
def test_one_turn_stays_one_change_when(aftermath: Callable[[Newsroom], str]) -> None:
    room = _turned()
    level = aftermath(room)
    assert room.turns == [("2016-06-30", "USA/pentagon", "oppose", "conditional", level)]
