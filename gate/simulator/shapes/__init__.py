"""GitHub's JSON: one function per schema of its REST reference.

Pure descriptions of the world. The dicts of accounts and repositories are cached and shared,
so callers must not change what a shape returned.
"""
