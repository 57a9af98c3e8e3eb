"""Decides what a fetch means: how the feed is doing, what to remember, when to ask again. Pure: `now` comes in.

`decide` is the whole of it. Two rules guard against lying servers: a 304 never heals a failure (after one, no
validators are sent, so the next answer must be a whole document), and every so often a full fetch is forced; when that
brings articles the server had called unchanged, its validators are not used again for a week.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from monitor.model import Feed, FeedState, Health, Hints, Poll
from monitor.sources import schedule
from monitor.sources.fetch import Fetched
from monitor.sources.parsed import ParsedFeed

FULL_FETCH_EVERY = 24
"""Unchanged polls in a row after which the whole document is asked for."""
ADOPT_AFTER = timedelta(days=3)
"""A permanent redirect is taken at its word when it has been there this long, and leads to a feed."""
DISTRUST = timedelta(days=7)
_CLOCK_SLACK = timedelta(minutes=15)


class Validators(NamedTuple):
    etag: str | None = None
    last_modified: str | None = None


class Verdict(NamedTuple):
    """How a feed is doing, and why."""

    health: Health
    reason: str


def address(feed: Feed, state: FeedState, *, now: datetime) -> str:
    """Where to ask: the configured address, or the one it moved to for good."""
    return state.moved_to if state.moved_to and _adopted(state, now=now) else feed.url


def _adopted(state: FeedState, *, now: datetime) -> bool:
    # When the new address fails, every fourth try goes to the configured one.
    return state.moved_since is not None and now - state.moved_since >= ADOPT_AFTER and state.failures % 4 != 3


def validators(state: FeedState, *, now: datetime) -> Validators:
    """What to ask with, so that an unchanged feed costs nothing; none when a whole document is wanted."""
    distrusted = state.health is Health.STUCK_304 and now - (state.health_since or now) < DISTRUST
    forced = state.unchanged_polls > 0 and state.unchanged_polls % FULL_FETCH_EVERY == 0
    if state.failures or distrusted or forced:
        return Validators()
    return Validators(state.etag, state.last_modified)


def known(state: FeedState, fetched: Fetched) -> bool:
    """Whether these very bytes were parsed before: then there is nothing to parse."""
    return fetched.failure is None and not state.failures and state.body_hash == fetched.body_hash


def decide(feed: Feed, state: FeedState, fetched: Fetched, parsed: ParsedFeed | None, now: datetime) -> Poll:
    """The outcome of one poll. `parsed` is None after a 304, a failure, or when the bytes are `known`."""
    failure = _failure(state, fetched, parsed)
    if failure:
        after = _after_failure(feed, state, fetched, failure, now=now)
    elif parsed is None:
        after = _after_unchanged(feed, state, fetched, now=now)
    else:
        after = _after_success(feed, state, fetched, parsed, now=now)
    return Poll(
        feed_id=feed.id,
        polled_at=now,
        state=after,
        entries=parsed.entries if parsed and not failure else (),
        status=fetched.status,
        bytes_read=fetched.bytes_read,
        dropped=parsed.dropped if parsed else {},
    )


def _failure(state: FeedState, fetched: Fetched, parsed: ParsedFeed | None) -> Verdict | None:
    if fetched.failure:
        return Verdict(fetched.failure, fetched.detail)
    if parsed and parsed.problem in {Health.HTML, Health.BROKEN_XML, Health.TOO_LARGE}:
        return Verdict(parsed.problem, parsed.reason)
    if parsed and parsed.problem is Health.EMPTY and not fetched.body.strip():
        return Verdict(Health.BAD_RESPONSE, parsed.reason)
    if fetched.not_modified and state.failures:
        return Verdict(state.health, f"{_without_note(state.health_reason)}; a 304 does not mend that")
    return None


def _without_note(reason: str) -> str:
    return reason.removesuffix("; a 304 does not mend that")


def _after_failure(feed: Feed, state: FeedState, fetched: Fetched, failure: Verdict, *, now: datetime) -> FeedState:
    failures = state.failures + 1
    asked = schedule.retry_after(fetched.headers.get("retry-after"), now=now)
    pause = schedule.backed_off(failure.health, failures=failures, every=feed.every, asked=asked)
    return _next(
        feed,
        state,
        failure,
        pause,
        now=now,
        hints=Hints(),
        update={"failures": failures, "etag": None, "last_modified": None},
    )


def _after_unchanged(feed: Feed, state: FeedState, fetched: Fetched, *, now: datetime) -> FeedState:
    """A 304, or the same bytes again."""
    moves = _moved(state, fetched, now=now)
    verdict = (
        _distrust(state, now=now)
        or _quiet(feed, state, now=now)
        or _moving(state.model_copy(update=moves) if moves else state, now=now)
        or _lasting(state)
    )
    pause = schedule.regular(every=feed.every, rhythm=state.rhythm, headers=fetched.headers, hints=state.hints, now=now)
    update: dict[str, object] = {"unchanged_polls": state.unchanged_polls + 1, "last_success_at": now, **moves}
    if not fetched.not_modified:
        update |= {"etag": fetched.headers.get("etag"), "last_modified": fetched.headers.get("last-modified")}
    return _next(feed, state, verdict, pause, now=now, hints=state.hints, update=update)


def _lasting(state: FeedState) -> Verdict:
    """Unchanged is as it was, but for what has been looked at anew."""
    if state.health in {Health.NEW, Health.QUIET, Health.MOVED, Health.STUCK_304}:
        return Verdict(Health.OK, "unchanged")
    return Verdict(state.health, state.health_reason)


def _after_success(feed: Feed, state: FeedState, fetched: Fetched, parsed: ParsedFeed, *, now: datetime) -> FeedState:
    rhythm = schedule.rhythm_of(parsed.entries, before=state.rhythm)
    lied = _lied(state, parsed)
    update: dict[str, object] = {
        "failures": 0,
        "unchanged_polls": 0,
        "last_success_at": now,
        # A feed that has worked before this was remembered is no new one: it keeps none.
        "first_success_at": now if state.last_success_at is None else state.first_success_at,
        "rhythm": rhythm,
        "hints": parsed.hints,
        "newest_at": _newest_at(state, parsed, now=now),
        # A body that broke off is parsed for what it holds, but must be fetched again.
        "body_hash": fetched.body_hash if fetched.complete else None,
        "etag": fetched.headers.get("etag") if fetched.complete else None,
        "last_modified": fetched.headers.get("last-modified") if fetched.complete else None,
        **_moved(state, fetched, now=now),
    }
    known_now = state.model_copy(update=update)
    verdict = (
        lied
        or _distrust(state, now=now)
        or _problem(parsed)
        or _quiet(feed, known_now, now=now)
        or _moving(known_now, now=now)
        or Verdict(Health.OK, "; ".join((parsed.reason, *parsed.notes, *_broke_off(fetched))))
    )
    pause = schedule.regular(every=feed.every, rhythm=rhythm, headers=fetched.headers, hints=parsed.hints, now=now)
    return _next(feed, state, verdict, pause, now=now, hints=parsed.hints, update=update)


def _broke_off(fetched: Fetched) -> tuple[str, ...]:
    return () if fetched.complete else ("the answer broke off; read as far as it went",)


def _problem(parsed: ParsedFeed) -> Verdict | None:
    return Verdict(parsed.problem, "; ".join((parsed.reason, *parsed.notes))) if parsed.problem else None


def _newest(parsed: ParsedFeed) -> datetime | None:
    return max((entry.published_at for entry in parsed.entries if entry.published_at), default=None)


def _newest_at(state: FeedState, parsed: ParsedFeed, *, now: datetime) -> datetime | None:
    newest = _newest(parsed)
    if newest is None:
        return now if parsed.entries else state.newest_at
    return max(min(newest, now), state.newest_at or newest)


def _lied(state: FeedState, parsed: ParsedFeed) -> Verdict | None:
    """An article that was out well before the last poll, when the server said that nothing had changed."""
    newest, last = _newest(parsed), state.last_polled_at
    if (
        not state.unchanged_polls
        or not newest
        or not last
        or not state.newest_at
        or not (state.etag or state.last_modified)
    ):
        return None
    if newest <= state.newest_at or newest > last - _CLOCK_SLACK:
        return None
    return Verdict(
        Health.STUCK_304,
        f"the server answered 'not modified' at {last:%H:%M} UTC although an article of {newest:%Y-%m-%d %H:%M} was out; "
        f"asked without validators for {schedule.words(DISTRUST)}",
    )


def _distrust(state: FeedState, *, now: datetime) -> Verdict | None:
    if state.health is Health.STUCK_304 and state.health_since and now - state.health_since < DISTRUST:
        return Verdict(state.health, state.health_reason)
    return None


def _quiet(feed: Feed, state: FeedState, *, now: datetime) -> Verdict | None:
    if state.rhythm is None or state.newest_at is None:
        return None
    silence, ordinary = now - state.newest_at, schedule.quiet_after(state.rhythm, kind=feed.kind)
    if silence <= ordinary:
        return None
    return Verdict(
        Health.QUIET,
        f"nothing new for {schedule.words(silence)}; usually something every {schedule.words(state.rhythm)}, "
        f"and up to {schedule.words(ordinary)} is ordinary",
    )


def _moved(state: FeedState, fetched: Fetched, *, now: datetime) -> dict[str, object]:
    """A permanent redirect that led to a feed is remembered, with the day it was first seen."""
    if fetched.url == state.moved_to:  # asked at the adopted address
        onward = fetched.moved_to
        return {"moved_to": onward, "moved_since": now} if onward else {}
    if fetched.moved_to is None:
        return {"moved_to": None, "moved_since": None} if state.moved_to else {}
    return {} if fetched.moved_to == state.moved_to else {"moved_to": fetched.moved_to, "moved_since": now}


def _moving(state: FeedState, *, now: datetime) -> Verdict | None:
    if not state.moved_to or not state.moved_since:
        return None
    since = f"{state.moved_since:%Y-%m-%d}"
    if _adopted(state, now=now):
        return Verdict(
            Health.MOVED, f"moved for good to {state.moved_to} (seen since {since}); change url in feeds.yaml"
        )
    return Verdict(
        Health.MOVED,
        f"redirects for good to {state.moved_to} since {since}; adopted after {schedule.words(ADOPT_AFTER)}",
    )


def _next(
    feed: Feed,
    state: FeedState,
    verdict: Verdict,
    pause: schedule.Wait,
    *,
    now: datetime,
    hints: Hints,
    update: dict[str, object],
) -> FeedState:
    polls = state.polls + 1
    at = schedule.out_of_skipped(now + schedule.jittered(pause.wait, feed_id=feed.id, polls=polls), hints)
    return state.model_copy(
        update={
            **update,
            "polls": polls,
            "last_polled_at": now,
            "health": verdict.health,
            "health_reason": verdict.reason[:500],
            "health_since": state.health_since if verdict.health is state.health and state.health_since else now,
            "next_poll_at": at,
            "poll_reason": pause.reason,
        }
    )
