"""Judge the policy that a pull request proposes, before it is merged.

Pure. Nothing here approves anything: a check run informs people. What a policy decides is in
`gate.domain.requests`.
"""
