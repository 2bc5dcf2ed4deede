"""Tokens of workflow runs: which issuers count, their keys, and the claims of a verified token.

Whether the run may report is `gate.reconciler.ingest.reports`.
"""
