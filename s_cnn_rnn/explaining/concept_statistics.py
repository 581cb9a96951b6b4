"""How s_hat is distributed over training photographs: what is usual, and what goes together."""

import dataclasses
import pathlib

import numpy as np

from s_cnn_rnn.whole_files import whole_file

SMALLEST = 1e-7
"""Probabilities are held this far from 0 and 1 before their log-odds are taken; deviations that
something is divided by are at least this."""

RIDGE = 0.01
"""Part of a concept's variance that is taken as its own noise: concepts that always go together
could otherwise not be set to different values."""


@dataclasses.dataclass(frozen=True, eq=False)
class ConceptStatistics:
    """Mean and covariance of s_hat over training photographs.

    Args:
        photographs: how many.
        mean: float64 [k].
        deviation: standard deviations, float64 [k].
        correlation: float64 [k, k].
    """

    photographs: int
    mean: np.ndarray
    deviation: np.ndarray
    correlation: np.ndarray

    @classmethod
    def of(cls, concepts: np.ndarray) -> "ConceptStatistics":
        """The statistics of N photographs.

        Args:
            concepts: s_hat, float [N, k].

        Raises:
            ValueError: fewer than two photographs.
        """
        if len(concepts) < 2:
            raise ValueError(f"expected 2 photographs or more, got {len(concepts)}")
        values = np.asarray(concepts, np.float64)
        mean, deviation = values.mean(axis=0), values.std(axis=0)
        scaled = (values - mean) / np.maximum(deviation, SMALLEST)
        correlation = scaled.T @ scaled / len(scaled)
        np.fill_diagonal(correlation, 1)
        return cls(len(concepts), mean, deviation, correlation)

    def realigned(self, concepts: np.ndarray, places: np.ndarray, values: np.ndarray) -> np.ndarray:
        """s_hat with some concepts set and the others moved along.

        With s_hat taken as jointly Gaussian, A the concepts that are set and B the others, the
        conditional expectation of B given A moves with A:

            s_B + S_BA S_AA^-1 (s'_A - s_A),    S_AA with `RIDGE` of its diagonal more,

        held within 0 and 1. What the photograph says of B beyond what A would lead one to expect
        is kept. The interface is linear in s_hat, so it is moved along a line as well. (The same
        with log-odds does worse: docs/what_if_and_why.md.)

        Args:
            concepts: s_hat, float [N, k].
            places: of A among the k concepts, int [m].
            values: s'_A, float [m], the same for all photographs.

        Returns:
            float32 [N, k].
        """
        concepts = np.asarray(concepts, np.float64)
        moves = (values - concepts[:, places]) / np.maximum(self.deviation[places], SMALLEST)
        within = self.correlation[np.ix_(places, places)] + RIDGE * np.eye(len(places))
        along = np.linalg.solve(within, moves.T).T @ self.correlation[places]  # [N, k]
        changed = np.clip(concepts + along * self.deviation, 0, 1)
        changed[:, places] = values
        return changed.astype(np.float32)

    def save(self, path: pathlib.Path, made_from: str) -> None:
        """Writes the statistics; correlations as float16, above the diagonal alone.

        Args:
            path: an .npz file; it appears whole or not at all.
            made_from: what they depend on, such as a digest of the weights.
        """
        above = self.correlation[np.triu_indices(len(self.mean), 1)].astype(np.float16)
        with whole_file(path) as unfinished, unfinished.open("wb") as file:
            np.savez_compressed(
                file,
                photographs=self.photographs,
                mean=self.mean,
                deviation=self.deviation,
                above=above,
                made_from=made_from,
            )

    @classmethod
    def load(cls, path: pathlib.Path, made_from: str) -> "ConceptStatistics | None":
        """Reads what `save` wrote; None where that is missing or was made from something else."""
        if not path.exists():
            return None
        with np.load(path, allow_pickle=False) as content:
            if str(content["made_from"]) != made_from:
                return None
            mean = content["mean"]
            correlation = np.eye(len(mean))
            rows, columns = np.triu_indices(len(mean), 1)
            correlation[rows, columns] = correlation[columns, rows] = content["above"]
            return cls(int(content["photographs"]), mean, content["deviation"], correlation)


def log_odds(probabilities: np.ndarray) -> np.ndarray:
    """log(p / (1 - p)), float64, of probabilities held within `SMALLEST` of 0 and 1."""
    held = np.clip(np.asarray(probabilities, np.float64), SMALLEST, 1 - SMALLEST)
    return np.log(held) - np.log1p(-held)
