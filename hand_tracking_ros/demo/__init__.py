"""What `make demo` runs: the real node, recorded, and pictures of what it found."""
