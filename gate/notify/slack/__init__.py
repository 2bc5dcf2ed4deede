"""Alerts to Slack: Block Kit, sending, and why Slack refused a message.

What an alert says is put together once, in `gate.notify.outline`.
"""
