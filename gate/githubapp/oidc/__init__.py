"""Tokens of workflow runs: which issuers count, their keys, and the claims of a verified token.

Never a word on whether the run may report: that is `gate.reconciler.ingest.reports`. Tokens that
the gate itself calls with are `gate.githubapp.app.tokens`.
"""
