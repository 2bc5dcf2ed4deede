"""Decide how a node of the fleet stands: what it is, and whether it is still there."""
