"""Who runs: engines' signs of life, and the jobs that workers share in Procrastinate's tables (on SQLite there are none)."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Connection, select, text

from monitor.model import EngineRow, Queue
from monitor.store import tables as t
from monitor.store.dialect import insert_into

_FORGOTTEN = timedelta(days=1)

DEAD_AFTER_SECONDS = 30
"""A worker that is silent for longer is missed."""

# Its clock, not ours: workers' clocks differ. A job that waits for its hour is not waiting yet.
_JOBS = text("""
    SELECT job.queue_name AS queue,
           count(*) FILTER (WHERE job.status = 'todo' AND coalesce(job.scheduled_at, now()) <= now()) AS waiting,
           count(*) FILTER (WHERE job.status = 'doing') AS running,
           count(*) FILTER (WHERE job.status = 'failed') AS failed,
           count(*) FILTER (
               WHERE job.status = 'doing' AND coalesce(worker.last_heartbeat < now() - make_interval(secs => :dead), true)
           ) AS stalled
      FROM procrastinate_jobs job
      LEFT JOIN procrastinate_workers worker ON worker.id = job.worker_id
     GROUP BY job.queue_name
     ORDER BY job.queue_name
""")
_OLDEST = text("""
    SELECT coalesce(job.scheduled_at, (SELECT min(at) FROM procrastinate_events WHERE job_id = job.id))
      FROM procrastinate_jobs job
     WHERE job.status = 'todo' AND coalesce(job.scheduled_at, now()) <= now()
     ORDER BY job.id
     LIMIT 1
""")


def has_queue(connection: Connection) -> bool:
    """Whether a worker ever made its tables here."""
    return connection.dialect.name == "postgresql" and bool(
        connection.execute(text("SELECT to_regclass('procrastinate_jobs') IS NOT NULL")).scalar_one()
    )


def queue(connection: Connection) -> Queue | None:
    """The jobs as they stand; None where no worker ever was."""
    if not has_queue(connection):
        return None
    rows = connection.execute(_JOBS, {"dead": DEAD_AFTER_SECONDS}).all()
    return Queue(
        waiting={row.queue: row.waiting for row in rows if row.waiting},
        running={row.queue: row.running for row in rows if row.running},
        oldest_waiting_at=connection.execute(_OLDEST).scalar(),
        stalled=sum(row.stalled for row in rows),
        failed=sum(row.failed for row in rows),
    )


def engines(connection: Connection) -> tuple[EngineRow, ...]:
    rows = connection.execute(select(t.heartbeat).order_by(t.heartbeat.c.started_at))
    return tuple(EngineRow(**row._mapping) for row in rows)


def beat(connection: Connection, engine: EngineRow) -> None:
    """Writes the sign of life, and forgets who gave none for a day: every start of a worker makes a row."""
    row = engine.model_dump()
    connection.execute(t.heartbeat.delete().where(t.heartbeat.c.beat_at < engine.beat_at - _FORGOTTEN))
    values = {name: value for name, value in row.items() if name != "id"}
    statement = insert_into(connection, t.heartbeat).values(row)
    connection.execute(statement.on_conflict_do_update(index_elements=["id"], set_=values))
