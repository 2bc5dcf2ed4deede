"""Speak with GitHub as an App, one client for each of its subjects; the only importer of PyGithub.

Never a decision, and never the database: those are `gate.domain` and `gate.store`. The reconciler
calls the clients through `gate.reconciler.ports`; errors of PyGithub, requests and urllib3 end in
`gate.githubapp.transport.errors`.
"""
