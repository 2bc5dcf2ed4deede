"""How webhooks are sent: signed, in order, with GitHub's time limit, into the delivery log.

What they say is in `gate.simulator.events`.
"""
