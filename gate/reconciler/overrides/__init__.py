"""Turn what reviewers and commenters write into claims, and record what became of them.

Whether a claim counts is judged in `gate.domain.overrides`; releasing is
`gate.reconciler.requests`.
"""
