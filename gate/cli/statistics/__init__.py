"""`gate stats`: the metrics, as tables for a terminal or as JSON.

Printing only: what is measured, and how, is `gate.domain.statistics`. What happened one by one is
the trail, `gate.cli.audit`.
"""
