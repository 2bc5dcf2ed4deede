"""The database itself: connections, transactions, the writer, the schema and its tables.

Nothing here knows what a row means to the gate; each subject's statements are in the folder of the
subject.
"""
