"""Fixtures for everybody: `store` and `database_url` come once on SQLite and once on PostgreSQL."""

import sys

import structlog

pytest_plugins = ["tests.databases"]

# The console renderer sets tracebacks in colour, which costs more than most tests.
structlog.configure(
    processors=[structlog.processors.format_exc_info, structlog.processors.KeyValueRenderer()],
    logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
)
