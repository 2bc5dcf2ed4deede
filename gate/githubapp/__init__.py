"""Calls to GitHub and deliveries from it, by subject; the only importer of PyGithub.

Never a decision, and never the database: those are `gate.domain` and `gate.store`. The reconciler
calls the clients through `gate.reconciler.ports`; errors of PyGithub, requests and urllib3 end in
`gate.githubapp.transport.errors`.
"""
