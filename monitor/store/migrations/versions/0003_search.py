"""The words of articles and events, for the search. Indexes what is stored already: about a millisecond an article."""

from alembic import op

from monitor.store import search

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    search.make_tables(op.get_bind())
    search.reindex(op.get_bind())


def downgrade() -> None:
    for name in search.TABLES:
        op.drop_table(name)
