"""What several nodes may spend of GitHub's limits, one row for each installation."""
