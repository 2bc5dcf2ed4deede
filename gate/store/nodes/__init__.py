"""The nodes of the fleet: who is there, what each holds, and what waits for anyone."""
