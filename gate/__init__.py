"""A deployment gate for GitHub Actions."""

__version__ = "0.1.0"
