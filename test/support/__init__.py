"""What tests share: fakes, clients, processes, data."""
