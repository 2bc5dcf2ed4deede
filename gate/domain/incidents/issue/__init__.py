"""An incident's issue in GitHub: its text, the comments that are added, and what is due next.

Text and plans as values; calling GitHub is `gate.reconciler.incidents`. What people write on the
issue is `gate.domain.comments` and `gate.domain.incidents.command_rule`.
"""
