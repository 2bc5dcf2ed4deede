"""Webhook deliveries: stored before they are acknowledged, read once, asked for again when lost.

What a delivery means is `gate.reconciler.ingest`.
"""
