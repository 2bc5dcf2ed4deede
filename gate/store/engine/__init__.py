"""The database itself: connections, transactions, the writer, due rows, the schema and its tables.

Nothing here knows what a row means to the gate; each subject's statements are in the folder of the
subject. What is so on PostgreSQL only is in `postgresql`, and how a schema changes in `migrations`.
"""
