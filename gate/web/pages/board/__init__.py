"""The board of all gated environments, and the badge of one.

What a cell says is decided in `gate.domain.board`.
"""
