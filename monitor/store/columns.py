"""Column types that mean the same on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import JSON, DateTime, Dialect, LargeBinary
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeDecorator

PORTABLE_JSON = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


Processor = Callable[[Any], Any] | None


class Utc(TypeDecorator[datetime]):
    """An aware instant; SQLite, which has no zones, keeps it as UTC text that sorts by time."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Processor:
        # Every poll writes dozens of instants: by the general way of a decorator they cost more than the rows.
        return _written if dialect.name == "sqlite" else super().bind_processor(dialect)

    def result_processor(self, dialect: Dialect, coltype: object) -> Processor:
        return _read if dialect.name == "sqlite" else super().result_processor(dialect, coltype)

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 -- the base class calls it so
        return None if value is None else _in_utc(value)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 -- see above
        return None if value is None else value.astimezone(UTC)


def _in_utc(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError(f"{value} has no zone; times in the store are aware")
    return value.astimezone(UTC)


@lru_cache(maxsize=1_024)  # the entries of a poll share most of theirs
def _written(value: datetime | None) -> str | None:
    return None if value is None else _in_utc(value).replace(tzinfo=None).isoformat(" ", "microseconds")


def _read(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text).replace(tzinfo=UTC)


class Digest(LargeBinary):
    """Bytes that go to the driver as they are."""

    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> None:  # noqa: ARG002 -- the base class calls it so
        return None

    def result_processor(self, dialect: Dialect, coltype: object) -> None:  # noqa: ARG002 -- see above
        return None


class AsJson(TypeDecorator[Any]):
    """A frozen model, or a tuple of them, as one JSON document; read back validated."""

    impl = PORTABLE_JSON
    cache_ok = True

    def __init__(self, kind: Any) -> None:
        super().__init__()
        self.kind = kind
        self._adapter: TypeAdapter[Any] = TypeAdapter(kind)

    def bind_processor(self, dialect: Dialect) -> Processor:
        return self._to_text if dialect.name == "sqlite" else super().bind_processor(dialect)

    def result_processor(self, dialect: Dialect, coltype: object) -> Processor:
        return self._from_text if dialect.name == "sqlite" else super().result_processor(dialect, coltype)

    def _to_text(self, value: Any) -> str | None:
        return None if value is None else self._adapter.dump_json(value).decode()

    def _from_text(self, text: str | None) -> Any:
        return None if text is None else self._adapter.validate_json(text)

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:  # noqa: ARG002 -- the base class calls it so
        return None if value is None else self._adapter.dump_python(value, mode="json")

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:  # noqa: ARG002 -- the base class calls it so
        return None if value is None else self._adapter.validate_python(value)
