"""Alerts as signed JSON to a program of the operator's.

The contract's names must not drift; see docs/reference/http-api.md.
"""
