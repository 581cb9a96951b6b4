"""Watches the steps of a training segment: progress, losses that are no numbers, Ctrl-C."""

import math
import pathlib
import signal

import keras

from s_cnn_rnn.model.stages import Stage
from s_cnn_rnn.progress import Progress

_NAMES = {"loss": "loss", "concepts_loss": "Lu", "words_loss": "Lr"}
_LOSS_OF = {"concepts": "Lu", "words": "Lr"}


class TrainingDiverged(RuntimeError):
    """The loss became infinite or not a number."""


class SegmentWatch(keras.callbacks.Callback):
    """Shows progress, stops at a loss that is no number, lets Ctrl-C end a whole step.

    Args:
        stage: the stage under way.
        steps: of the whole stage.
        first: the step that the segment starts from.
        checkpoints: where the last good state lies, for the message of a failure.
        progress: called after every step.

    Attributes:
        step: steps of the stage that are done.
        values: means of the segment so far: "loss", and "Lu" and "Lr" as far as the stage has them;
            where it learns from rewards, those of the samples.
        stopped: whether Ctrl-C asked for a stop.
    """

    def __init__(
        self, stage: Stage, steps: int, first: int, checkpoints: pathlib.Path, progress: Progress
    ):
        super().__init__()
        self.stage, self.steps, self.first, self.step = stage, steps, first, first
        self.checkpoints, self.progress = checkpoints, progress
        self.values: dict[str, float] = {}
        self.stopped = False

    def on_train_batch_end(self, batch, logs=None):
        """Looks at the losses."""
        self.step = self.first + batch + 1
        self.values = {_NAMES.get(name, name): float(v) for name, v in (logs or {}).items()}
        if len(self.stage.outputs) == 1 and not self.stage.rewarded:
            self.values.setdefault(_LOSS_OF[self.stage.outputs[0]], self.values["loss"])
        if not math.isfinite(self.values["loss"]):
            raise TrainingDiverged(
                f"stage {self.stage.name}, step {self.step}: the loss is {self.values['loss']}. "
                f"The last good checkpoint is kept in {self.checkpoints}; lower the learning rate "
                "or set clip_norm"
            )
        self.progress(self.stage.name, self.step, self.steps, self.values)
        if self.stopped:
            self.model.stop_training = True

    def __enter__(self) -> "SegmentWatch":
        """Until the segment is over, SIGINT asks for a stop; a second one stops at once."""
        try:
            self._previous = signal.signal(signal.SIGINT, self._ask)
        except ValueError:  # not in the main thread, where signals cannot arrive
            self._previous = None
        return self

    def _ask(self, number, frame):
        if self.stopped:
            raise KeyboardInterrupt
        self.stopped = True

    def __exit__(self, *exception) -> None:
        if self._previous is not None:
            signal.signal(signal.SIGINT, self._previous)
