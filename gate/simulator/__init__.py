"""A simulated GitHub over HTTP, for trials and tests; it knows nothing of the gate."""
