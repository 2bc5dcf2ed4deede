"""Text as people read and write it: escaping, safe links, instants and durations.

Functions over strings that know no subject. What a comment or an alert says is in the folder of its
subject, such as `gate.domain.requests.explanation.explain`.
"""
