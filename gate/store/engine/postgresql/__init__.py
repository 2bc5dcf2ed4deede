"""What is so on PostgreSQL only: its connections and transactions, and its notifications.

Only `gate.store.engine.database` and whoever listens may know of it; for all others there is one
database. How SQLite is kept is `gate.store.engine.disks` and `gate.store.engine.writer`.
"""
