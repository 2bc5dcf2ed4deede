"""How a schema becomes the next one: Alembic's migrations, who runs them, who may run beside them.

The migrations themselves are in `versions`, oldest first. What the tables are now is
`gate.store.engine.tables`, and `gate migrate` is `gate.cli.database.migrate`.
"""
