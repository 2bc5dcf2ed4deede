"""Commands that people write in comments, who may give them, and what the gate replies.

What a command does to an incident is in `gate.domain.incidents`, what an override does in
`gate.domain.overrides`.
"""
