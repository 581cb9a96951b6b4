"""Semantically regularised recurrent image annotation (arXiv 1611.05490)."""

__version__ = "0.1.0"
