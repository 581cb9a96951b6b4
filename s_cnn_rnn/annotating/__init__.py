"""Photographs from anywhere, looked at and annotated by a finished run."""
