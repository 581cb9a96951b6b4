"""From a prepared data set to batches: annotations as ids, photographs as pixels or features."""
