"""What `make benchmark` runs: time, memory and latency, beside MediaPipe."""
