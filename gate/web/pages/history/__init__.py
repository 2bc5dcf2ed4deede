"""The history of deployments, and its export.

Read by `gate.store.requests.history`.
"""
