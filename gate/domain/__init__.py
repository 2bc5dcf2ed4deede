"""What the gate knows and how it judges, as pure functions over frozen values.

Nothing here reads a clock, a file, a socket or a random number, and nothing logs: `now` is an
argument. See docs/adr/0003-decide-and-plan-are-pure.md.
"""
