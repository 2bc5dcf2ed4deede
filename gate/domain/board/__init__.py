"""The board and the badges: how each gated environment stands, and why.

Pure.
"""
