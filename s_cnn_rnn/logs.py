"""A stage's log: one JSON line a step for programs, TensorBoard events for people."""

import json
from collections.abc import Sequence

import tensorflow as tf

from s_cnn_rnn.run_folder import StageFolder


class StageLog:
    """Writes to ``metrics.jsonl`` and the TensorBoard events of a stage.

    Args:
        folder: the stage's.
        step: where the training goes on; later lines of an interrupted run are dropped, since their
            steps are made again.
    """

    def __init__(self, folder: StageFolder, step: int):
        folder.path.mkdir(parents=True, exist_ok=True)
        kept = [line for line in read_log(folder) if line["step"] <= step]
        with folder.log.open("w", encoding="utf-8") as file:
            file.writelines(json.dumps(line) + "\n" for line in kept)
        self._path = folder.log
        self._events = tf.summary.create_file_writer(str(folder.events))

    def scalars(self, step: int, values: dict[str, float]) -> None:
        """Logs numbers under their names."""
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"step": step, **values}) + "\n")
        with self._events.as_default(step):
            for name, value in values.items():
                tf.summary.scalar(name, value)
        self._events.flush()

    def captions(self, step: int, photographs: Sequence[bytes], captions: Sequence[str]) -> None:
        """Logs photographs (JPEG) with what was written for them."""
        with self._events.as_default(step):
            tf.summary.text("captions", tf.constant([f"{n}: {c}" for n, c in enumerate(captions)]))
            for n, (photograph, caption) in enumerate(zip(photographs, captions, strict=True)):
                pixels = tf.io.decode_image(photograph, channels=3)[None]
                tf.summary.image(f"photograph {n}", pixels, description=caption)
        self._events.flush()


def read_log(folder: StageFolder) -> list[dict]:
    """All lines of a stage's ``metrics.jsonl``; a last line cut off by a kill is passed over."""
    if not folder.log.exists():
        return []
    lines = folder.log.read_text("utf-8").split("\n")
    return [json.loads(line) for line in lines[:-1]]
