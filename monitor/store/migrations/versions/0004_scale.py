"""What keeps answers cheap at millions of articles, and what retention needs to know."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
ON_TOPIC: Any = {"sqlite_where": sa.text("on_topic = 1"), "postgresql_where": sa.text("on_topic")}
OFF_TOPIC: Any = {"sqlite_where": sa.text("on_topic = 0"), "postgresql_where": sa.text("NOT on_topic")}
SENT: Any = {"sqlite_where": sa.text("sent_at IS NOT NULL"), "postgresql_where": sa.text("sent_at IS NOT NULL")}


def upgrade() -> None:
    op.add_column("feed", sa.Column("polled_at", INSTANT, nullable=True))
    op.add_column("feed", sa.Column("articles", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("article", sa.Column("on_topic", sa.Boolean(), nullable=True))
    op.add_column("article", sa.Column("text_dropped", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("article_version", sa.Column("dropped_at", INSTANT, nullable=True))
    _fill()
    op.create_index("article_on_topic", "article", ["at", "id"], unique=False, **ON_TOPIC)
    op.create_index("article_off_topic", "article", ["text_dropped", "seen_at", "id"], unique=False, **OFF_TOPIC)
    op.create_index("event_newest", "event", ["at", "id"], unique=False)
    op.create_index("event_actor", "event", ["actor", "at", "id"], unique=False)
    op.create_index("stance_change_newest", "stance_change", ["at", "id"], unique=False)
    op.create_index("delivery_sent", "delivery", ["channel", "sent_at"], unique=False, **SENT)


def _fill() -> None:
    connection = op.get_bind()
    feed = sa.table("feed", sa.column("id"), sa.column("state", sa.JSON()), sa.column("polled_at", INSTANT))
    for row in connection.execute(sa.select(feed.c.id, feed.c.state)).all():
        polled = row.state.get("last_polled_at")
        if polled:
            moment = datetime.fromisoformat(polled)
            moment = moment.replace(tzinfo=None) if connection.dialect.name == "sqlite" else moment
            connection.execute(sa.update(feed).where(feed.c.id == row.id).values(polled_at=moment))
    op.execute("UPDATE feed SET articles = (SELECT count(*) FROM article WHERE article.feed_id = feed.id)")
    relevant = "bool_or(relevant)" if connection.dialect.name == "postgresql" else "max(relevant)"
    op.execute(
        f"UPDATE article SET on_topic = (SELECT {relevant} FROM finding WHERE finding.article_id = article.id)"
    )


def downgrade() -> None:
    for index, table in (
        ("delivery_sent", "delivery"),
        ("stance_change_newest", "stance_change"),
        ("event_actor", "event"),
        ("event_newest", "event"),
        ("article_off_topic", "article"),
        ("article_on_topic", "article"),
    ):
        op.drop_index(index, table_name=table)
    for table, column in (
        ("article_version", "dropped_at"),
        ("article", "text_dropped"),
        ("article", "on_topic"),
        ("feed", "articles"),
        ("feed", "polled_at"),
    ):
        op.drop_column(table, column)
