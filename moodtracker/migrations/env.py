"""What Alembic runs: migrations inside the caller's connection and transaction."""

from alembic import context

from moodtracker.models import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
)
context.run_migrations()
