"""The values that every floor shares: ids, runs, requests, policies, reports, alerts.

Frozen dataclasses and enums, and the few rules that keep one value consistent. Nothing here judges:
verdicts are in `gate.domain.evidence` and `gate.domain.requests`. Nothing here imports a neighbor.
"""
