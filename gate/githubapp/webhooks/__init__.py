"""Webhook deliveries: their signature, and their payload as values of the domain.

Never a call: nothing that a payload names is asked for here. Storing a delivery is
`gate.web.door`; what follows from it is `gate.reconciler.ingest`.
"""
