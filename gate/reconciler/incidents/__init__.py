"""Update incidents, their issues and their alerts.

Nothing here answers a deployment. What an incident is, and what is written about it, is in
`gate.domain.incidents`; the channels are in `gate.notify`.
"""
