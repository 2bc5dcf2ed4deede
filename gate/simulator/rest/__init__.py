"""The REST API: one module of routes per chapter of GitHub's reference."""
