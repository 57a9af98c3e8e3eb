"""What a channel wants to hear: data that stands beside its address in `feeds.yaml`."""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field

from monitor.model import Frozen, Language, Level


class ChannelPolicy(Frozen):
    """Which changes go to a channel. Empty tuples mean: no limit."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]*$", max_length=80)
    min_level: Level = Field(default=Level.REPORTED, description="confirmed: only what a second voice carries")
    topics: tuple[str, ...] = ()
    actors: tuple[str, ...] = Field(default=(), description="USA, or USA/pentagon for one institution")
    languages: tuple[Language, ...] = Field(default=(), description="of the article that caused the change")
    language: Language = Field(default=Language.EN, description="of the alert's own words: en, ar or ru")
    max_age: timedelta = Field(
        default=timedelta(days=7), description="a turn older than this when found is history, not news"
    )
