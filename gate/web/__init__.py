"""Receive webhooks and answer requests over HTTP.

Nothing here decides anything: a delivery is checked, stored and acknowledged, and the rest is
reading. What runs it is `gate.web.door.server`.
"""
