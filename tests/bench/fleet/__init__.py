"""Measure several nodes of the gate over one PostgreSQL, all on this machine."""
