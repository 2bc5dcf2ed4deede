"""Trace the way from a webhook to an answer, for those who ask for it; off by default.

`port` is what the rest of the gate sees, and does nothing while traces are off. `tracer` and
`outbox` do the work: they are the only importers of OpenTelemetry, and loaded by `connect` alone.
A trace holds ids, names of events and slugs, and nothing that a person or a workflow wrote.
"""
