"""One pass over a gate request: snapshot, decision, effects, outcome.

Nothing here judges: the rules are in `gate.domain.requests`. Facts that are missing are read by
`gate.reconciler.observe`.
"""
