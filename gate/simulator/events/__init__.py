"""Webhook events: which Apps receive them, and their payloads.

Payloads are built only for Apps that subscribe. GitHub's reference is "Webhook events and
payloads"; where real deliveries carry more than it says, so do these. They are sent by
`gate.simulator.webhooks`.
"""
