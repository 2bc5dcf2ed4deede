"""Store facts, requests, effects and the trail; the only importer of SQLAlchemy and Alembic.

Every function takes the transaction or snapshot it works in as its first argument, and the time as
another: nothing here opens a transaction but `gate.store.engine.database`, and nothing reads a
clock.
"""
