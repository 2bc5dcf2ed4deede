"""Webhook deliveries: their signature, and their payload as values of the domain.

Storing a delivery is `gate.web.door`; what it means is `gate.reconciler.ingest`.
"""
