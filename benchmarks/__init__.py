"""Benchmarks: one program per question, each measuring this project and its peers in one run."""
