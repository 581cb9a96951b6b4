"""A run's stages, trained one after another; what looks on, and what can be gone on with."""
