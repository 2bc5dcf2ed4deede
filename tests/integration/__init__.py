"""The whole service against the simulated GitHub, over HTTP."""
