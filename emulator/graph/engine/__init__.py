"""What every workload of Graph shares: paths, reading and writing, by the types alone."""
