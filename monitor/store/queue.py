"""Procrastinate's tables on PostgreSQL: made, checked, and counted. On SQLite there are none."""

from __future__ import annotations

import re
from typing import Any, cast

from sqlalchemy import Connection, text

from monitor.model import MonitorError, Queue

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


# --- its tables ---------------------------------------------------------------------------------

_SCHEMA_LOCK = 7_305_002
_FUNCTION = re.compile(r"CREATE (?:OR REPLACE )?FUNCTION (procrastinate_\w+)")
_DROP = text("""
DO $$ DECLARE thing record; BEGIN
    FOR thing IN SELECT oid::regclass AS name FROM pg_class
                  WHERE relkind = 'r' AND relname LIKE 'procrastinate\\_%' AND relnamespace = current_schema()::regnamespace LOOP
        EXECUTE format('DROP TABLE %s CASCADE', thing.name);
    END LOOP;
    FOR thing IN SELECT oid::regprocedure AS name FROM pg_proc
                  WHERE proname LIKE 'procrastinate\\_%' AND pronamespace = current_schema()::regnamespace LOOP
        EXECUTE format('DROP FUNCTION %s CASCADE', thing.name);
    END LOOP;
    FOR thing IN SELECT oid::regtype AS name FROM pg_type
                  WHERE typname LIKE 'procrastinate\\_%' AND typtype IN ('e', 'c')
                    AND typnamespace = current_schema()::regnamespace LOOP
        EXECUTE format('DROP TYPE %s CASCADE', thing.name);
    END LOOP;
END $$
""")


def make_queue(connection: Connection, *, anew: bool = False) -> None:
    """Makes the tables if they are not there; of many that try at once, one does it.

    `anew` drops what there is: jobs are made again from the rows. Raises MonitorError for tables of another Procrastinate,
    with which this program's workers could not work.
    """
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _SCHEMA_LOCK})
    if anew:
        connection.execute(_DROP)
    if not has_queue(connection):
        # Many statements at once, and no parameters: past SQLAlchemy.
        cast(Any, connection.connection.driver_connection).execute(_schema())
    if strange := strange_queue(connection):
        raise MonitorError(strange)  # no trouble that goes away by itself


def strange_queue(connection: Connection) -> str | None:
    """What is wrong with the tables there are, if this program's Procrastinate cannot work with them."""
    found = set(connection.execute(text("SELECT proname FROM pg_proc WHERE proname LIKE 'procrastinate%'")).scalars())
    missing = sorted(set(_FUNCTION.findall(_schema())) - found)
    if not missing:
        return None
    return (
        f"the workers' queue was made by another Procrastinate ({missing[0]} is missing); stop all workers, then "
        "`monitor db migrate --queue` makes it anew: jobs are made again from the rows"
    )


def _schema() -> str:
    try:
        from procrastinate.schema import SchemaManager
    except ModuleNotFoundError as error:
        raise MonitorError("workers need more than is installed: pip install 'stance-monitor[postgres]'") from error
    return SchemaManager.get_schema()
