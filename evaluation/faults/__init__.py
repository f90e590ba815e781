"""What the package does when everything around it goes wrong: `make soak`, `make kills`."""
