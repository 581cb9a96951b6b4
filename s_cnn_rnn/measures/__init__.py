"""Measures of what-if and why over a split, as result rows."""
