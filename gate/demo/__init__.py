"""Play the whole story against the simulated GitHub, and say what happened."""
