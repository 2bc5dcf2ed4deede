"""What metrics are computed from: the record of a period, and gauges for each scrape.

The metrics and their definitions are in `gate.domain.statistics`.
"""
