"""What every request over HTTP passes: the protocol, tokens and the rate limit.

The routes are in `gate.simulator.rest`.
"""
