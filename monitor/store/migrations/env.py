"""Alembic's entry: runs the migrations on the connection that `monitor.store` hands in, inside its transaction."""

from alembic import context

from monitor.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite cannot alter a column in place
    transactional_ddl=True,  # and can roll DDL back, now that we start its transactions ourselves
)
with context.begin_transaction():
    context.run_migrations()
