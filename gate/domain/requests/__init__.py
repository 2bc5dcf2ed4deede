"""The verdict on one held deployment, what GitHub is owed because of it, and the comment about it.

Facts come in as values, effects go out as values; sending them is `gate.reconciler.requests`.
Whether an override counts is in `gate.domain.overrides`.
"""
