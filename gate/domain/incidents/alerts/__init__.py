"""The alerts about an incident and about the gate itself: what is due when, and in which words.

Messages as values; sending them is `gate.reconciler.incidents`, each channel's form `gate.notify`.
Whether there is an incident at all is `gate.domain.incidents.rule`.
"""
