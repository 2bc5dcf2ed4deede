"""Commands that people write in comments, the run that they mean, and what the gate replies.

Who may act on an incident is `gate.domain.incidents.command_rule`, who may override is
`gate.domain.overrides.rule`.
"""
