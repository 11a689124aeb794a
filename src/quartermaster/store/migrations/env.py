"""Runs migrations on the connection that `quartermaster.store.migrate` hands over, in its transaction."""

from alembic import context

from quartermaster.store.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    render_as_batch=False,
    transactional_ddl=True,
    transaction_per_migration=False,
)
context.run_migrations()
