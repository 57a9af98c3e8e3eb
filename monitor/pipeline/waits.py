"""How long a failed row waits, and the words for its failure. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from monitor.model import DeliveryError, FeedState, Health, StoreError


def analysis_wait(attempts: int) -> timedelta | None:
    """1, 4, 16, 64 minutes; after the fifth failure none: the article is set aside and shown."""
    return timedelta(minutes=1 << 2 * (attempts - 1)) if attempts < 5 else None


def delivery_wait(attempts: int) -> timedelta | None:
    """From half a minute, doubling, to an hour; after some two days none: the delivery is dead and shown."""
    if attempts >= 50:
        return None
    return min(timedelta(seconds=30 * (1 << min(attempts - 1, 10))), timedelta(hours=1))


def failed_state(state: FeedState, error: Exception, *, now: datetime) -> FeedState:
    failures = state.failures + 1
    wait = min(timedelta(minutes=15) * 2 ** min(failures - 1, 10), timedelta(hours=6))
    return state.model_copy(
        update={
            "failures": failures,
            "health": Health.BAD_RESPONSE,
            "health_reason": f"the monitor itself failed on it: {words(error)}"[:500],
            "health_since": now if state.health is not Health.BAD_RESPONSE else state.health_since,
            "last_polled_at": now,
            "next_poll_at": now + wait,
            "poll_reason": f"after {failures} failure(s), trying again later",
        }
    )


def words(error: Exception) -> str:
    return str(error) if isinstance(error, (DeliveryError, StoreError)) else f"{type(error).__name__}: {error}"
