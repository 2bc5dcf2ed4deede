"""What runs the gate: the threads that take due work, the clock, the sweep and redelivery.

Nothing here decides or knows a subject; it calls the rooms below. What a delivery means is
`gate.reconciler.ingest`, what a request owes `gate.reconciler.requests`.
"""
