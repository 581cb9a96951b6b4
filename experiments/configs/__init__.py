"""One file per experiment, whole and readable on one page."""
