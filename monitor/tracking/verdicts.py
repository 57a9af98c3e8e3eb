"""What one report did to a track, with the words for it."""

from __future__ import annotations

from enum import StrEnum

from monitor.model import Frozen, StanceChange, Track


class Verdict(StrEnum):
    """Why a report did, or did not, change a stance."""

    BASELINE = "baseline"  # the first stance known of the holder
    REPEAT = "repeat"  # says what stands already
    AGAIN = "again"  # this very event was stepped before
    WEAK = "weak"  # the analyzer is less sure than the policy asks for
    LATE = "late"  # older than the track by more than its lateness
    OVERTAKEN = "overtaken"  # within lateness, but a newer report says otherwise
    SAME_DAY = "same_day"  # another shade of what was reported the same day
    DISPUTED = "disputed"  # the opposite of what another voice reported the same day
    REPORTED = "reported"  # a differing stance: the challenger
    COPY = "copy"  # a voice that has spoken already carries the challenger
    WAITING = "waiting"  # one more voice, still fewer than the policy asks for
    CONFIRMED = "confirmed"
    CONTRADICTED = "contradicted"  # another voice still reports the old stance
    WITHDRAWN = "withdrawn"  # the voice that reported the turn took it back
    FOLLOWED = "followed"  # the turn of the country, told already, now with the institution's name


class Step(Frozen):
    """The track after one report, the change if there is one, and why."""

    track: Track
    change: StanceChange | None = None
    verdict: Verdict
    words: str
