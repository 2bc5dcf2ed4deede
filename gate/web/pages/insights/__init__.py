"""The insights: metrics with their charts.

Measured in `gate.domain.statistics`.
"""
