"""How statements are put so that both databases run them quickly: prepared, upserts, given rows.

Nothing here knows a table. What is narrowed to its reader is `gate.store.engine.visibility`; the
statements themselves are in the folder of their subject.
"""
