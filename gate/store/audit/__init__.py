"""The audit trail: entries in hash chains, signed checkpoints, and reading for those who verify.

The chain's rules are in `gate.domain.audit`. Entries are never changed or deleted.
"""
