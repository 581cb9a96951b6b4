"""The programs: one per stage, and what looks at a finished run."""
