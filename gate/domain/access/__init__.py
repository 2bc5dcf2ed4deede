"""Decide how long a session lasts, when its rights are asked again, and where a sign-in leads."""
