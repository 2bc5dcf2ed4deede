"""What the jobs of validation runs reported, and which of their tokens were used.

How reports are merged and limited is in `gate.domain.evidence`.
"""
