"""What up to 100,000 repositories ask of the gate, on paper: see docs/explanation/growth.md."""
