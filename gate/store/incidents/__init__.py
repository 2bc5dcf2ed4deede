"""Incidents, their checks, their issues, and the alerts that channels are owed.

Nothing here decides or sends; the rules are in `gate.domain.incidents`.
"""
