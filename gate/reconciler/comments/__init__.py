"""Record and send the gate's replies to comments.

What a command means is in `gate.domain.comments`; carrying it out is `gate.reconciler.ingest`.
"""
