"""Whether a person's override releases a hold, and whether their rationale is enough.

Nothing here parses a comment (`gate.domain.comments`) or releases anything
(`gate.domain.requests.decide`).
"""
