"""Which photographs, and which of their annotations, each training step sees.

All of it is a pure function of the seed and the step's number, so that training can go on after an
interruption exactly where it stopped.
"""

import numpy as np

from s_cnn_rnn.vocabulary import PADDING


class Order:
    """Which photographs each step sees: all of them once an epoch, each epoch in its own order.

    Epochs follow one another without a gap, so every batch is full.

    Args:
        count: photographs.
        batch: photographs in a batch.
        seed: of the order.
    """

    def __init__(self, count: int, batch: int, seed: int):
        self.count, self.batch, self.seed = count, batch, seed
        self._permutations = {}

    def step(self, number: int) -> tuple[np.ndarray, np.ndarray]:
        """The photographs of a step, and the epoch that each belongs to: int64 [batch] both."""
        places = np.arange(number * self.batch, (number + 1) * self.batch)
        epochs, within = places // self.count, places % self.count
        photographs = np.empty_like(places)
        for epoch in np.unique(epochs):
            here = epochs == epoch
            photographs[here] = self._permutation(int(epoch))[within[here]]
        return photographs, epochs

    def _permutation(self, epoch: int) -> np.ndarray:
        if epoch not in self._permutations:
            if len(self._permutations) > 2:
                self._permutations.clear()
            random = np.random.default_rng((self.seed, epoch))
            self._permutations[epoch] = random.permutation(self.count)
        return self._permutations[epoch]


def choose_captions(
    words: np.ndarray, epochs: np.ndarray, captions: int | None, first: np.ndarray | int = 0
) -> np.ndarray:
    """Takes each photograph's next ``captions`` annotations in turn, from epoch to epoch.

    Args:
        words: int32 [B, C, T].
        epochs: int64 [B], how often each photograph was seen before.
        captions: how many to take; None takes all C.
        first: int64 [B], which annotation of each photograph the first epoch begins with.

    Returns:
        int32 [B, captions, T].
    """
    if captions is None:
        return words
    real = np.maximum((words[:, :, 0] != PADDING).sum(axis=1), 1)
    begin = epochs * captions + first
    places = (begin[:, None] + np.arange(captions)) % real[:, None]
    return np.take_along_axis(words, places[:, :, None], axis=1)
