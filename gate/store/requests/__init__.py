"""Gate requests: state, lease, ledger of effects, decisions, and claims on them.

Nothing here decides; the rules are in `gate.domain.requests`.
"""
