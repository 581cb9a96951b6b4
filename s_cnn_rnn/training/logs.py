"""A stage's log: one JSON line a step for programs, TensorBoard events for people."""

import dataclasses
import io
import json
import textwrap
from collections.abc import Sequence

import numpy as np
import tensorflow as tf
from PIL import Image, ImageDraw, ImageFont

from s_cnn_rnn.runs.run_folder import StageFolder

SAMPLE_WIDTH = 320  # pixels
_FONT_SIZE, _LINE_HEIGHT, _LETTERS_A_LINE = 15, 20, 42
# TensorBoard makes a section of what stands before the slash.
_SECTIONS = {
    "loss": "losses/L train",
    "Lu": "losses/Lu train",
    "Lr": "losses/Lr train",
    "validation/Lu": "losses/Lu validation",
    "validation/Lr": "losses/Lr validation",
    "validation/concept_mAP": "concepts/mAP validation",
}


def tensorboard_name(name: str) -> str:
    """Where TensorBoard shows the values of that name in ``metrics.jsonl``: "SECTION/TITLE"."""
    if name in _SECTIONS:
        return _SECTIONS[name]
    if name.startswith("validation/"):
        return f"annotations/{name.removeprefix('validation/')} validation"
    return f"training/{name.replace('_', ' ')}"


@dataclasses.dataclass(frozen=True)
class Sample:
    """A photograph and what was written for it.

    Args:
        file_name: of the photograph.
        photograph: JPEG.
        written: by the model.
        reference: by a person.
    """

    file_name: str
    photograph: bytes
    written: str
    reference: str


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
        self._events = tf.summary.create_file_writer(str(folder.path))

    def scalars(self, step: int, values: dict[str, float]) -> None:
        """Logs numbers under their names."""
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"step": step, **values}) + "\n")
        with self._events.as_default(step):
            for name, value in values.items():
                tf.summary.scalar(tensorboard_name(name), value)
        self._events.flush()

    def samples(self, step: int, samples: Sequence[Sample]) -> None:
        """Logs photographs with what was written for them, as pictures and as a table."""
        rows = [("photograph", "written", "by a person")]
        rows += [(sample.file_name, sample.written, sample.reference) for sample in samples]
        with self._events.as_default(step):
            tf.summary.text("samples/table", tf.constant(rows))
            for n, sample in enumerate(samples, start=1):
                picture = _with_text(sample.photograph, sample.written)
                tf.summary.image(f"samples/photograph {n}", picture[None])
        self._events.flush()


def _with_text(photograph: bytes, text: str) -> np.ndarray:
    """The photograph with the text below it, uint8 [H,W,3]: TensorBoard shows none beside it."""
    picture = Image.open(io.BytesIO(photograph)).convert("RGB")
    height = max(1, round(picture.height * SAMPLE_WIDTH / picture.width))
    lines = textwrap.wrap(text, _LETTERS_A_LINE) or [""]
    page = Image.new("RGB", (SAMPLE_WIDTH, height + _LINE_HEIGHT * len(lines) + 6), "white")
    page.paste(picture.resize((SAMPLE_WIDTH, height)))
    place = (4, height + 2)
    font = ImageFont.load_default(_FONT_SIZE)
    ImageDraw.Draw(page).multiline_text(place, "\n".join(lines), fill="black", font=font)
    return np.asarray(page)


def read_log(folder: StageFolder) -> list[dict]:
    """All lines of a stage's ``metrics.jsonl``; a last line cut off by a kill is passed over."""
    if not folder.log.exists():
        return []
    lines = folder.log.read_text("utf-8").split("\n")
    return [json.loads(line) for line in lines[:-1]]
