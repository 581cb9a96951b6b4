"""Data sets into the one prepared format, and the data check."""
