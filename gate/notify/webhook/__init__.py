"""Alerts as signed JSON to a program of the operator's.

The contract's names must not drift; see docs/how-to/get-alerts.md.
"""
