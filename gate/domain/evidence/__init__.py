"""What the newest validation proves: which runs and reports count, and what they add up to.

Nothing here answers GitHub or knows of a person; the verdict on a deployment is
`gate.domain.requests.decide`.
"""
