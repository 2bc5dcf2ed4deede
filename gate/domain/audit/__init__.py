"""The hash chain of the audit trail: how entries are chained, and how a chain is verified.

Nothing here knows what an entry is about. Storing it is `gate.store.audit.entries`.
"""
