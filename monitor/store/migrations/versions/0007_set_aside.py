"""Articles set aside, by date: without it, finding none of them walks through all articles."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

SET_ASIDE = sa.text("set_aside_at IS NOT NULL")


def upgrade() -> None:
    _made_of("at", "id")


def downgrade() -> None:
    _made_of("id")


def _made_of(*columns: str) -> None:
    op.drop_index("article_set_aside", table_name="article")
    op.create_index(
        "article_set_aside", "article", list(columns), unique=False, sqlite_where=SET_ASIDE, postgresql_where=SET_ASIDE
    )
