"""The commands about policy files."""
