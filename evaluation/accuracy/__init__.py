"""What `make evaluate` runs: errors against the simulated camera's truth."""
