"""What was seen on GitHub: repositories, runs, deployments, listings and policy files.

Nothing here asks GitHub; what jobs report about themselves is in `gate.store.reports`.
"""
