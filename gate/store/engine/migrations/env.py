"""Run migrations on the connection that `gate.store.engine.migrations.migrate` hands over."""

from alembic import context

from gate.store.engine.tables.base import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
