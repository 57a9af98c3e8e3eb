"""Which changes go to which channel: each decision with its reason."""

from __future__ import annotations

from datetime import time, timedelta
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from monitor.alerts import ChannelPolicy, Why, alert_key, decide, hold, thread_key
from monitor.model import Language, Level
from tests.alerts.samples import change
from tests.tracking.newsroom import moment

NOW = moment("2016-06-30 20:00")


@pytest.mark.parametrize(
    ("wants", "why"),
    [
        ({}, Why.WANTED),
        ({"actors": ("USA",)}, Why.WANTED),
        ({"actors": ("USA/pentagon",)}, Why.WANTED),
        ({"actors": ("USA/state", "RUS")}, Why.ACTOR),
        ({"topics": ("us-russia-syria",)}, Why.WANTED),
        ({"topics": ("grain",)}, Why.TOPIC),
        ({"languages": (Language.AR,)}, Why.WANTED),
        ({"languages": (Language.EN, Language.RU)}, Why.LANGUAGE),
        ({"min_level": Level.CONFIRMED}, Why.LEVEL),
        ({"min_level": Level.REPORTED}, Why.WANTED),
    ],
)
def test_a_channel_hears_what_it_asks_for(wants: dict[str, Any], why: Why) -> None:
    decision = decide(change("ar"), ChannelPolicy(id="desk", **wants), now=NOW)
    assert decision.why is why
    assert decision.send is (why is Why.WANTED)
    assert decision.words


def test_a_confirmed_change_passes_the_level_gate() -> None:
    picky = ChannelPolicy(id="desk", min_level=Level.CONFIRMED)
    assert decide(change(confirmed=True), picky, now=NOW).send


def test_history_is_not_news() -> None:
    found = NOW + timedelta(days=30)
    old = decide(change(), ChannelPolicy(id="desk"), now=found)
    assert (old.send, old.why, old.words) == (False, Why.OLD, "30 days old when found: history, not news")
    patient = ChannelPolicy(id="desk", max_age=timedelta(days=365))
    assert decide(change(), patient, now=found).send


def test_the_backlog_of_a_first_run_is_not_news_unless_it_is_fresh() -> None:
    turned = change()
    first_seen = turned.before.model_copy(update={"seen_at": moment("2016-07-02 09:00")})
    backlog = turned.model_copy(update={"before": first_seen})
    decision = decide(backlog, desk(), now=moment("2016-07-02 09:00"))
    assert (decision.send, decision.why) == (False, Why.OLD)
    assert "backlog, not news" in decision.words
    assert decide(backlog, desk(), now=moment("2016-06-30 20:00")).send
    assert decide(turned, desk(), now=moment("2016-07-02 09:00")).send, "found late, but the stance before was known"


def test_keys_name_the_change_and_its_level() -> None:
    reported, confirmed = change(), change(confirmed=True)
    assert alert_key(reported) == "us-russia-syria.usa.pentagon.2.reported"
    assert alert_key(confirmed) == "us-russia-syria.usa.pentagon.2.confirmed"
    assert thread_key(reported) == thread_key(confirmed)


# --- not yet -------------------------------------------------------------------------------------------


def desk(**wants: Any) -> ChannelPolicy:
    return ChannelPolicy.model_validate({"id": "desk", **wants})


NIGHT = {"from": "22:00", "to": "07:00", "zone": "Asia/Beirut"}  # UTC+3 in summer


@pytest.mark.parametrize(
    ("now", "until"),
    [
        ("2016-06-30 18:59", None),
        ("2016-06-30 19:00", "2016-07-01 04:00"),
        ("2016-06-30 23:30", "2016-07-01 04:00"),
        ("2016-07-01 03:59", "2016-07-01 04:00"),
        ("2016-07-01 04:00", None),
    ],
)
def test_messages_of_the_night_wait_for_the_local_morning(now: str, until: str | None) -> None:
    held = hold(desk(quiet_hours=NIGHT), now=moment(now))
    assert (held and held.until) == (moment(until) if until else None)


def test_quiet_hours_in_the_middle_of_the_day() -> None:
    siesta = desk(quiet_hours={"from": "13:00", "to": "15:00"})
    assert hold(siesta, now=moment("2016-06-30 12:59")) is None
    held = hold(siesta, now=moment("2016-06-30 13:30"))
    assert held is not None
    assert held.words == "quiet hours until 15:00 UTC"


def test_yaml_may_write_the_hours_without_quotation_marks() -> None:
    read = yaml.safe_load("{id: desk, quiet_hours: {from: 22:30, to: 07:00}}")
    hours = ChannelPolicy.model_validate(read).quiet_hours
    assert hours is not None
    assert (hours.start, hours.end) == (time(22, 30), time(7, 0))


@pytest.mark.parametrize(
    ("hours", "words"),
    [
        ({"from": "22:00", "to": "07:00", "zone": "Mars/Base"}, "is no time zone"),
        ({"from": "22:00", "to": "07:00", "zone": "../etc"}, "is no time zone"),
        ({"from": "22:00", "to": "22:00"}, "no span"),
        ({"from": "25:00", "to": "07:00"}, "valid time"),
    ],
)
def test_quiet_hours_that_make_no_sense_are_refused(hours: dict[str, str], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        desk(quiet_hours=hours)


def test_a_channel_takes_so_many_messages_an_hour_and_the_next_waits_its_turn() -> None:
    sent = [moment(f"2016-06-30 {clock}") for clock in ("17:00", "19:10", "19:40")]
    assert hold(desk(per_hour=3), now=moment("2016-06-30 20:00"), sent_at=sent) is None
    held = hold(desk(per_hour=2), now=moment("2016-06-30 20:00"), sent_at=sent)
    assert held is not None
    assert held.until == moment("2016-06-30 20:10")


@pytest.mark.parametrize(
    ("silence", "silent"),
    [
        ({"holder": "USA/pentagon"}, True),
        ({"holder": "USA"}, True),
        ({"holder": "USA/state"}, False),
        ({"topic": "us-russia-syria"}, True),
        ({"topic": "grain"}, False),
        ({}, True),
        ({"until": "2016-06-30T19:00:00Z"}, False),
    ],
)
def test_a_silence_has_an_author_a_reason_and_an_end(silence: dict[str, str], silent: bool) -> None:
    said = {"author": "Nour", "reason": "known, being written up", "until": "2016-07-02T00:00:00Z"}
    decision = decide(change(), desk(silences=[said | silence]), now=NOW)
    assert decision.send is not silent
    if silent:
        assert (decision.why, decision.words) == (
            Why.SILENCED,
            "silenced by Nour until 2016-07-02 00:00 UTC: known, being written up",
        )
