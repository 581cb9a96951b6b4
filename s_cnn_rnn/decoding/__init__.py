"""From a model's next-word likelihoods to annotations: greedy, beam search, samples."""
