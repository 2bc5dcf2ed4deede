"""A failing production: its incident, the incident's issue, and the alerts about it.

Nothing here decides on a deployment. Sending and storing are in `gate.reconciler.incidents.check`
and `gate.store.incidents.incidents`.
"""
