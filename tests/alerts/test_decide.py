"""Which changes go to which channel: each decision with its reason."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from monitor.alerts import ChannelPolicy, Why, alert_key, decide, thread_key
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


def test_keys_name_the_change_and_its_level() -> None:
    reported, confirmed = change(), change(confirmed=True)
    assert alert_key(reported) == "us-russia-syria.usa.pentagon.2.reported"
    assert alert_key(confirmed) == "us-russia-syria.usa.pentagon.2.confirmed"
    assert thread_key(reported) == thread_key(confirmed)
