"""From finished runs to predictions, scores, result files and tables."""
