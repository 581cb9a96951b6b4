"""METEOR by coco-caption's own code, with the statistics behind it; its process always ends."""

import pathlib
import subprocess
import tempfile
import threading

import numpy as np
from pycocoevalcap.meteor import meteor as official

from s_cnn_rnn.caption_metrics.corpus_figures import (
    METEOR_COLUMNS,
    meteor_from_sums,
    meteor_statistics,
)
from s_cnn_rnn.caption_metrics.java import JavaFailedError

_FOLDER = pathlib.Path(official.__file__).parent


class _MeteorProcess(official.Meteor):
    """The official wrapper, started by a given Java, ended on leaving `with`, keeping statistics.

    The official one waits for ever on its own lock when its process dies, and starts whatever
    `java` is on PATH.
    """

    def __init__(self, java: pathlib.Path):
        self.statistics: list[list[float]] = []
        self.lock = threading.Lock()
        self._complaints = tempfile.TemporaryFile()  # noqa: SIM115 (closed by __exit__)
        command = [str(java), "-jar", "-Xmx2G", official.METEOR_JAR, "-", "-", "-stdio"]
        try:
            self.meteor_p = subprocess.Popen(
                [*command, "-l", "en", "-norm"],
                cwd=_FOLDER,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._complaints,
            )
        except OSError as error:
            self._complaints.close()
            raise JavaFailedError(f"METEOR did not start: {error}") from error

    def __enter__(self) -> "_MeteorProcess":
        return self

    def __exit__(self, *_) -> None:
        self.meteor_p.kill()
        self.meteor_p.communicate()  # closes the pipes and waits for the end
        self._complaints.close()

    def __del__(self):
        """Overrides the official one, which may wait for ever; `__exit__` ends the process."""

    def _stat(self, hypothesis_str: str, reference_list: list[str]) -> str:
        references = [reference.replace("|||", "") for reference in reference_list]
        line = super()._stat(hypothesis_str, references)
        numbers = [float(number) for number in line.split()]
        if len(numbers) != METEOR_COLUMNS:
            raise ValueError(
                f"expected {METEOR_COLUMNS} numbers for caption {len(self.statistics) + 1}, "
                f"got {line!r}"
            )
        self.statistics.append(numbers)
        return line

    def last_words(self) -> str:
        """The end of what the process wrote to its error output."""
        self._complaints.seek(0)
        return self._complaints.read().decode(errors="replace").strip()[-500:]


def meteor_scores(
    captions: dict, references: dict, java: pathlib.Path
) -> tuple[float, np.ndarray, np.ndarray]:
    """METEOR of tokenised captions.

    Args:
        captions: photograph -> [words joined by blanks].
        references: the same photographs, in the same order -> reference captions likewise.
        java: the `java` program.

    Returns:
        The official corpus figure, each photograph's score float64 [N], and the statistics
        float64 [N, 23] from whose sums `meteor_from_sums` recomputes the corpus figure.

    Raises:
        JavaFailedError: the process could not be started or died.
    """
    with _MeteorProcess(java) as process:
        try:
            value, scores = process.compute_score(references, captions)
        except (OSError, ValueError) as error:
            process.meteor_p.kill()
            process.meteor_p.wait()
            raise JavaFailedError(
                f"METEOR stopped ({type(error).__name__}: {error}); it said: {process.last_words()}"
            ) from error
        statistics = meteor_statistics(np.array(process.statistics))
    recomputed = float(meteor_from_sums(statistics.sum(axis=0))["METEOR"])
    if abs(recomputed - value) > 1e-9:
        raise RuntimeError(
            f"METEOR recomputed from its statistics is {recomputed}, the jar says {value}: this "
            "METEOR is not version 1.5 for English, so its intervals would be wrong"
        )
    return value, np.array(scores), statistics
