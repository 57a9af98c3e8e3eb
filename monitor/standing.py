"""Says how things stand in the words and levels of monitoring systems. Pure: the time is an argument."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import IntEnum

from pydantic import Field

from monitor.model import ChannelTrouble, DeliveryState, EngineRow, FeedRow, Frozen, Health, ModelDay, Queue, Status


class Level(IntEnum):
    """The plugin convention: also the exit code of `monitor status`."""

    OK = 0
    WARNING = 1
    CRITICAL = 2
    UNKNOWN = 3


class Patience(Frozen):
    """How long each thing may take before it is a worry."""

    heartbeat: timedelta = Field(default=timedelta(minutes=5), description="between an engine's signs of life")
    poll: timedelta = Field(default=timedelta(hours=6), description="since any feed was polled")
    queue: timedelta = Field(default=timedelta(minutes=15), description="an article or message waits: warning")
    stuck: timedelta = Field(default=timedelta(hours=2), description="an article or message waits: critical")


class Standing(Frozen):
    """A level with the sentences that explain it, worst first, and figures for graphs."""

    level: Level
    reasons: tuple[str, ...]
    figures: dict[str, int]

    @property
    def line(self) -> str:
        """One line for a monitoring system: LEVEL - text | figures."""
        figures = " ".join(f"{name}={value}" for name, value in self.figures.items())
        return f"{self.level.name} - {'; '.join(self.reasons)} | {figures}"


def judge(status: Status, feeds: Sequence[FeedRow], *, now: datetime, patience: Patience | None = None) -> Standing:
    """How things stand at `now`: the worst of all worries, or OK with what there is to say."""
    allowed = patience or Patience()
    worries = [
        *_engine_worries(status.engines, now, allowed),
        *_feed_worries(status, feeds, now, allowed),
        *_article_worries(status, now, allowed),
        *_job_worries(status.queue, now, allowed),
        *_delivery_worries(status, now, allowed),
        *_model_worries(status.language_model, now),
    ]
    worries.sort(key=lambda worry: -worry[0])
    level = worries[0][0] if worries else Level.OK
    told = tuple(sentence for _, sentence in worries) or (_calm(status, now),)
    return Standing(level=level, reasons=told, figures=_figures(status, feeds, now=now, allowed=allowed))


Worry = tuple[Level, str]


def _calm(status: Status, now: datetime) -> str:
    polled = f"last poll {ago(now - status.last_poll_at)}" if status.last_poll_at else "not polled yet"
    return f"{sum(status.feeds.values())} feeds, {polled}, {status.changes} changes, nothing waiting"


def _engine_worries(engines: Sequence[EngineRow], now: datetime, allowed: Patience) -> list[Worry]:
    running = [engine for engine in engines if engine.stopped_at is None]
    if not engines:
        return [(Level.WARNING, "no daemon has run on this database; start one with `monitor run`")]
    if not running:
        last = max(engine.stopped_at for engine in engines if engine.stopped_at)
        # Runs from cron (`monitor run --once`) stop on purpose; the age of the last poll tells whether they still come.
        return [] if now - last < allowed.poll else [(Level.CRITICAL, f"no daemon has run for {span(now - last)}")]
    newest = max(engine.beat_at for engine in running)
    if now - newest > allowed.heartbeat:
        return [(Level.CRITICAL, f"the daemon gave its last sign of life {ago(now - newest)}; it hangs or was killed")]
    return []


def _feed_worries(status: Status, feeds: Sequence[FeedRow], now: datetime, allowed: Patience) -> list[Worry]:
    active = [row for row in feeds if row.active]
    if not active:
        return [(Level.WARNING, "no feed is enabled; see feeds.yaml")]
    failing = [row for row in active if not row.state.health.working and row.state.health is not Health.NEW]
    worries: list[Worry] = []
    if status.last_poll_at and now - status.last_poll_at > allowed.poll:
        worries.append((Level.CRITICAL, f"no feed was polled for {span(now - status.last_poll_at)}"))
    if failing:
        level = Level.CRITICAL if len(failing) * 2 > len(active) else Level.WARNING
        worries.append((level, f"{len(failing)} of {len(active)} feeds fail ({_named(failing)})"))
    quiet = [row for row in active if row.state.health is Health.QUIET]
    if quiet:
        worries.append((Level.WARNING, f"{len(quiet)} feeds are quiet for longer than usual ({_named(quiet)})"))
    return worries


def _named(rows: Sequence[FeedRow]) -> str:
    names = [f"{row.feed.id} {row.state.health.value}" for row in rows[:3]]
    return ", ".join(names) + (", …" if len(rows) > 3 else "")


def _article_worries(status: Status, now: datetime, allowed: Patience) -> list[Worry]:
    worries: list[Worry] = []
    waited = now - status.oldest_due_at if status.articles_due and status.oldest_due_at else timedelta()
    if waited > allowed.queue:
        level = Level.CRITICAL if waited > allowed.stuck else Level.WARNING
        worries.append((level, f"{status.articles_due} articles wait for analysis, the oldest for {span(waited)}"))
    if status.articles_set_aside:
        worries.append(
            (
                Level.WARNING,
                f"{status.articles_set_aside} articles were set aside after failing; `monitor articles --set-aside`",
            )
        )
    return worries


def _job_worries(queue: Queue | None, now: datetime, allowed: Patience) -> list[Worry]:
    if queue is None:
        return []
    worries: list[Worry] = []
    waited = now - queue.oldest_waiting_at if queue.oldest_waiting_at else timedelta()
    if waited > allowed.queue:
        level = Level.CRITICAL if waited > allowed.stuck else Level.WARNING
        names = ", ".join(f"{count} {name}" for name, count in sorted(queue.waiting.items()))
        words = f"jobs wait for a worker ({names}), the oldest for {span(waited)}"
        worries.append((level, f"{words}; start more, or look at their --queues"))
    if queue.stalled:
        words = f"{queue.stalled} jobs hang with workers that died; a worker with the queue clock runs them again"
        worries.append((Level.WARNING, words))
    if queue.failed:
        worries.append((Level.WARNING, f"{queue.failed} jobs were given up within three days; see the workers' logs"))
    return worries


def _delivery_worries(status: Status, now: datetime, allowed: Patience) -> list[Worry]:
    worries: list[Worry] = []
    dead = status.deliveries.get(DeliveryState.DEAD, 0)
    if dead:
        worries.append((Level.CRITICAL, f"{dead} messages could not be delivered; `monitor alerts --state dead`"))
    unsure = status.deliveries.get(DeliveryState.UNCONFIRMED, 0)
    if unsure:
        words = f"{unsure} messages may or may not have gone out; `monitor alerts --state unconfirmed`"
        worries.append((Level.WARNING, words))
    waiting = status.deliveries.get(DeliveryState.WAITING, 0)
    waited = now - status.oldest_waiting_at if waiting and status.oldest_waiting_at else timedelta()
    if waited > allowed.queue:
        level = Level.CRITICAL if waited > allowed.stuck else Level.WARNING
        worries.append((level, f"{waiting} messages wait to be sent, the oldest for {span(waited)}"))
    return [*worries, *_channel_worries(status, now, allowed)]


def _channel_worries(status: Status, now: datetime, allowed: Patience) -> list[Worry]:
    """A channel that fails; what goes another way meanwhile is no longer stuck, but whoever reads there should know."""
    return [
        (Level.WARNING, trouble_words(trouble, now=now))
        for trouble in status.channels_in_trouble
        if trouble.fallback or now - trouble.since > allowed.queue
    ]


def trouble_words(trouble: ChannelTrouble, *, now: datetime) -> str:
    """`desk has taken nothing for 2 h, 3 messages went through pager (desk: … refused)`."""
    parts = [f"{trouble.waiting} wait"] if trouble.waiting else []
    if trouble.fallback:
        parts.append(f"{trouble.diverted} messages went through {trouble.fallback}")
    told = f"{trouble.channel} has taken nothing for {span(now - trouble.since)}"
    return f"{', '.join([told, *parts])} ({trouble.error})"


def _model_worries(day: ModelDay | None, now: datetime) -> list[Worry]:
    """Of today only: what the language model did not do yesterday, the rules did."""
    if day is None or day.day != now.date():
        return []
    if not day.left:
        return [(Level.WARNING, f"the language model's {day.budget} requests of today are spent; rules alone read on")]
    if day.failing:
        return [(Level.WARNING, f"the language model does not answer; rules stand ({day.last_error})")]
    return []


def alive(engines: Sequence[EngineRow], *, now: datetime, allowed: Patience | None = None) -> tuple[EngineRow, ...]:
    """Those that run and gave a sign of life of late."""
    patience = (allowed or Patience()).heartbeat
    return tuple(engine for engine in engines if engine.stopped_at is None and now - engine.beat_at <= patience)


def silent(engines: Sequence[EngineRow], *, now: datetime, allowed: Patience | None = None) -> tuple[EngineRow, ...]:
    """Those that never stopped and give no sign of life any more: killed, hanging, or cut off."""
    living = alive(engines, now=now, allowed=allowed)
    return tuple(engine for engine in engines if engine.stopped_at is None and engine not in living)


def _figures(status: Status, feeds: Sequence[FeedRow], *, now: datetime, allowed: Patience) -> dict[str, int]:
    active = [row for row in feeds if row.active]
    return {
        "feeds": len(active),
        "failing": sum(not row.state.health.working and row.state.health is not Health.NEW for row in active),
        "articles": status.articles,
        "articles_due": status.articles_due,
        "set_aside": status.articles_set_aside,
        "relevant": status.relevant,
        "events": status.events,
        "changes": status.changes,
        "waiting": status.deliveries.get(DeliveryState.WAITING, 0),
        "dead": status.deliveries.get(DeliveryState.DEAD, 0),
        **_shared_figures(status, now=now, allowed=allowed),
    }


def _shared_figures(status: Status, *, now: datetime, allowed: Patience) -> dict[str, int]:
    """Of workers, where there are any."""
    queue = status.queue
    if queue is None:
        return {}
    waited = now - queue.oldest_waiting_at if queue.oldest_waiting_at else timedelta()
    return {
        "workers": len(alive(status.engines, now=now, allowed=allowed)),
        "workers_silent": len(silent(status.engines, now=now, allowed=allowed)),
        "jobs_waiting": sum(queue.waiting.values()),
        "jobs_oldest_s": max(0, int(waited.total_seconds())),
        "jobs_running": sum(queue.running.values()),
        "jobs_stalled": queue.stalled,
        "jobs_failed": queue.failed,
    }


def span(length: timedelta) -> str:
    """A length of time as people say it: `45 s`, `12 min`, `3 h`, `4 days`."""
    seconds = max(0, int(length.total_seconds()))
    if seconds < 120:
        return f"{seconds} s"
    if seconds < 7200:
        return f"{seconds // 60} min"
    if seconds < 172_800:
        return f"{seconds // 3600} h"
    return f"{seconds // 86_400} days"


def ago(length: timedelta) -> str:
    return f"{span(length)} ago"
