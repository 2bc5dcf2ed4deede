"""Everything between the socket and a stored delivery: server, ASGI shell, signature, storing.

Nothing here knows what a delivery means (`gate.reconciler.ingest`) or answers questions
(`gate.web.api`).
"""
