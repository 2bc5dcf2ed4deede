"""How well validation, alerts and the gate serve people: each metric with its definition.

Computed from what is on record; reading the record is `gate.store.statistics.record`.
"""
