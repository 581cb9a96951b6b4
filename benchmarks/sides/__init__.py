"""What takes part in the benchmarks, one module a side; each runs in a process of its own."""
