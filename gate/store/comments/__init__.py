"""Commands that people wrote in comments, and the replies that they are owed.

What a command means is in `gate.domain.comments`.
"""
