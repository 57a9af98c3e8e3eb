"""What a channel wants to hear, and when: data that stands beside its address in `feeds.yaml`."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Annotated, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BeforeValidator, Field, field_validator, model_validator

from monitor.model import Frozen, Instant, Language, Level, Span, StanceChange


def _clock(value: object) -> object:
    # YAML reads an unquoted 22:30 as the number 1350: minutes, by an old rule for base 60.
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 24 * 60:
        return time(value // 60, value % 60)
    return value


ClockTime = Annotated[time, BeforeValidator(_clock)]


class QuietHours(Frozen):
    """Hours of the day, in local time, in which messages wait. `from` after `to` spans midnight."""

    start: ClockTime = Field(alias="from")
    end: ClockTime = Field(alias="to")
    zone: str = Field(default="UTC", description="IANA name, e.g. Asia/Beirut")

    @field_validator("zone")
    @classmethod
    def _is_known(cls, zone: str) -> str:
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError(f"{zone!r} is no time zone; write it as in Asia/Beirut or Europe/Moscow") from error
        return zone

    @model_validator(mode="after")
    def _is_a_span(self) -> Self:
        if self.start == self.end:
            raise ValueError("from and to are the same: that is no span of hours")
        return self

    def end_after(self, now: datetime) -> datetime | None:
        """When the quiet hours around `now` end; None outside them."""
        local = now.astimezone(ZoneInfo(self.zone))
        for days in (-1, 0):
            start = datetime.combine(local.date() + timedelta(days), self.start, local.tzinfo)
            ends_on = start.date() + timedelta(self.end <= self.start)
            end = datetime.combine(ends_on, self.end, local.tzinfo)
            if start <= local < end:
                return end
        return None


class Silence(Frozen):
    """Nothing about a holder or topic for a while: with who said so, why, and an end."""

    holder: str | None = Field(default=None, description="USA, or USA/pentagon; without it everyone")
    topic: str | None = None
    author: str = Field(min_length=1)
    reason: str = Field(min_length=1)
    until: Instant

    @property
    def words(self) -> str:
        """Why something is not told, or not yet."""
        return f"silenced by {self.author} until {self.until:%Y-%m-%d %H:%M} UTC: {self.reason}"

    def covers(self, change: StanceChange, *, now: datetime) -> bool:
        if now >= self.until or (self.topic and self.topic != change.topic):
            return False
        return self.holder is None or self.holder in {change.actor, change.holder}


class GroupBy(StrEnum):
    """What may go together in one message."""

    ALL = "all"
    TOPIC = "topic"
    ACTOR = "actor"


class ChannelPolicy(Frozen):
    """Which changes go to a channel, when, and how many at once. Empty tuples mean: no limit."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]*$", max_length=80)
    min_level: Level = Field(default=Level.REPORTED, description="confirmed: only what a second voice carries")
    topics: tuple[str, ...] = ()
    actors: tuple[str, ...] = Field(default=(), description="USA, or USA/pentagon for one institution")
    languages: tuple[Language, ...] = Field(default=(), description="of the article that caused the change")
    language: Language = Field(default=Language.EN, description="of the alert's own words: en, ar or ru")
    max_age: Span = Field(
        default=timedelta(days=7), description="a turn older than this when found is history, not news"
    )
    quiet_hours: QuietHours | None = Field(default=None, description="messages wait until they end")
    per_hour: int | None = Field(default=None, ge=1, description="more messages than this wait for the next hour")
    silences: tuple[Silence, ...] = ()
    group: Span | None = Field(default=None, description="changes found within this time go in one message")
    group_by: GroupBy = Field(default=GroupBy.ALL, description="all, or one message a topic or an actor")
    repeat: Span | None = Field(default=None, description="told again after this time, unless something changed")
    repeats: int = Field(default=1, ge=1, le=100, description="how often at most")
    fallback: str | None = Field(default=None, description="id of the channel that stands in when this one fails")
    fallback_after: Span = Field(default=timedelta(hours=1), description="how long it must fail before that")

    @model_validator(mode="after")
    def _times_are_sensible(self) -> Self:
        if self.fallback == self.id:
            raise ValueError("a channel cannot stand in for itself; name another one in fallback")
        for name, shortest in (("group", 1), ("repeat", 60)):
            span: timedelta | None = getattr(self, name)
            if span is not None and not timedelta(seconds=shortest) <= span <= timedelta(days=31):
                raise ValueError(f"{name} must be between {shortest} s and 31 days")
        return self
