"""Draws the pictures of the README from what the product writes: `make pictures`."""
