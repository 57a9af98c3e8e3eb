"""Messages put together from several alerts, told again, or sent through another channel; replays that were applied."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
JSON = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

OLD = (
    "id", "change_id", "level", "outcome", "channel", "key", "state", "reason", "attempts", "next_try_at",
    "last_error", "sent_at", "created_at",
)  # fmt: skip
ONCE = ("change_id", "level", "outcome", "channel")


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        _rebuild(new=True)
    else:
        op.drop_constraint("delivery_change_id_level_outcome_channel_key", "delivery", type_="unique")
        op.add_column("delivery", sa.Column("told", sa.Integer(), nullable=False, server_default="0"))
        op.alter_column("delivery", "told", server_default=None)
        for column in _added():
            op.add_column("delivery", column)
        op.create_unique_constraint("delivery_once", "delivery", [*ONCE, "told"])
    _index("delivery_via", "via", "sent_at")
    for name in ("tried_at", "failing_since", "message"):
        _index(f"delivery_{name.partition('_')[0]}", name)
    op.create_table(
        "replay",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("topic", sa.String(length=80), nullable=False),
        sa.Column("analyzer", sa.String(length=80), nullable=False),
        sa.Column("since", INSTANT, nullable=True),
        sa.Column("until", INSTANT, nullable=True),
        sa.Column("counts", JSON, nullable=False),
        sa.Column("applied_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )


def downgrade() -> None:
    op.drop_table("replay")
    op.execute("DELETE FROM delivery WHERE told > 0")
    if op.get_bind().dialect.name == "sqlite":
        _rebuild(new=False)
        return
    for name in ("via", "tried", "failing", "message"):
        op.drop_index(f"delivery_{name}", "delivery")
    op.drop_constraint("delivery_once", "delivery", type_="unique")
    for name in ("told", *(column.name for column in _added())):
        op.drop_column("delivery", name)
    op.create_unique_constraint("delivery_change_id_level_outcome_channel_key", "delivery", list(ONCE))


def _added() -> "list[sa.Column[object]]":
    return [
        sa.Column("message", ID, nullable=True),
        sa.Column("message_key", sa.Text(), nullable=True),
        sa.Column("via", sa.String(length=80), nullable=True),
        sa.Column("tried_at", INSTANT, nullable=True),
        sa.Column("failing_since", INSTANT, nullable=True),
    ]


def _rebuild(*, new: bool) -> None:
    """SQLite cannot change a constraint: the table is made anew. Nothing refers to it, so nothing is lost on the way."""
    told = [sa.Column("told", sa.Integer(), nullable=False)] if new else []
    op.create_table(
        "delivery_rebuilt",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("change_id", ID, nullable=False),
        sa.Column("level", sa.String(length=16), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("channel", sa.String(length=80), nullable=False),
        *told,
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_try_at", INSTANT, nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("sent_at", INSTANT, nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        *(_added() if new else []),
        sa.ForeignKeyConstraint(["change_id"], ["stance_change.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint(*ONCE, *(["told"] if new else []), name="delivery_once" if new else None),
    )
    names = ", ".join(OLD)
    extra = (", told", ", 0") if new else ("", "")
    op.execute(f"INSERT INTO delivery_rebuilt ({names}{extra[0]}) SELECT {names}{extra[1]} FROM delivery")
    op.drop_table("delivery")
    op.rename_table("delivery_rebuilt", "delivery")
    _index("delivery_due", "next_try_at", "id")
    op.create_index("delivery_state", "delivery", ["state", "id"], unique=False)
    _index("delivery_sent", "channel", "sent_at", on="sent_at")


def _index(name: str, *columns: str, on: str = "") -> None:
    where = sa.text(f"{on or columns[0]} IS NOT NULL")
    op.create_index(name, "delivery", list(columns), unique=False, sqlite_where=where, postgresql_where=where)
