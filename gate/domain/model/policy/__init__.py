"""A policy as checked values: what it asks, where each part comes from, since when.

Nothing here reads a file: that is `gate.policyfile`. Judging by a policy is `gate.domain.evidence`
and `gate.domain.requests`.
"""
