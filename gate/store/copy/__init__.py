"""Copy one database into another, of the same kind or not, and prove that the copy is exact.

Rows are copied as the databases store them, table by table, and nothing here knows what they mean.
Which command does this, and what it prints, is in `gate.cli.database.copy`.
"""
