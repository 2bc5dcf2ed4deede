"""What a process does as a node of the fleet: record that it is alive, and leave in good order."""
