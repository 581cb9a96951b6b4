"""LiteRT (TensorFlow Lite): pixels of any size in, words out, with built-in operations alone."""

import io
import json
import pathlib
import tempfile
import zipfile
from collections.abc import Callable

import tensorflow as tf

from s_cnn_rnn.data.photographs import read_photograph
from s_cnn_rnn.decoding.hypotheses import SEPARATORS
from s_cnn_rnn.export.resizing import resized
from s_cnn_rnn.export.runtime import Annotated
from s_cnn_rnn.export.whole_model import WORD_IDS, WORDS, WholeModel, words_by_id

IMAGE = "image"
SIGNATURE = "serving_default"


def write(whole: WholeModel, path: pathlib.Path, precision: str) -> None:
    """Writes one .tflite file: "image", uint8 [1, H, W, 3] (upright, RGB) -> `WholeModel`, "words".

    "words" are texts, string [T], "" where none is left. Behind the model the file holds a zip
    archive, as TensorFlow Lite associates files with models: `words.txt` (by id), `concepts.txt`,
    `description.json`; `unzip` and Python's zipfile read it.

    Args:
        whole: the model.
        path: of the file.
        precision: of the stored weights: "float32", "float16", or "int8" (products are then of
            8-bit numbers, too).

    Raises:
        tf.lite's ConverterError: an operation is not built in.
    """
    with tempfile.TemporaryDirectory() as folder:
        served = _Served(whole)
        tf.saved_model.save(served, folder, signatures={SIGNATURE: served.annotate})
        converter = tf.lite.TFLiteConverter.from_saved_model(folder, signature_keys=[SIGNATURE])
        if precision != "float32":
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
        if precision == "float16":
            converter.target_spec.supported_types = [tf.float16]
        content = converter.convert()
    path.write_bytes(content + _archive(whole))


class _Served(tf.Module):
    """The function of one photograph, and its weights."""

    def __init__(self, whole: WholeModel):
        super().__init__(name="photograph_to_words")
        self._whole = whole
        self.weights = whole.variables

    @tf.function(input_signature=[tf.TensorSpec([1, None, None, 3], tf.uint8, name=IMAGE)])
    def annotate(self, image):
        """One photograph -> what is written."""
        outputs = self._whole({size: resized(image, size) for size in self._whole.image_sizes})
        table = tf.constant(words_by_id(self._whole.vocabulary))
        return outputs | {WORDS: tf.gather(table, outputs[WORD_IDS][0])}


def _archive(whole: WholeModel) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("words.txt", _lines(words_by_id(whole.vocabulary)))
        archive.writestr("concepts.txt", _lines(whole.model.learnt_concepts))
        archive.writestr("description.json", json.dumps(whole.description(), indent=2) + "\n")
    return content.getvalue()


def _lines(words) -> str:
    return "".join(f"{word}\n" for word in words)


def read(path: pathlib.Path) -> Callable[[bytes], Annotated]:
    """Loads what `write` wrote into LiteRT, to annotate one JPEG file after the other."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(str(path))
    annotate = interpreter.get_signature_runner(SIGNATURE)
    kind = json.loads(zipfile.ZipFile(path).read("description.json"))["writes"]

    def run(jpeg: bytes) -> Annotated:
        outputs = annotate(image=read_photograph(jpeg)[None])
        words = [word.decode("utf-8") for word in outputs[WORDS] if word]
        return Annotated(SEPARATORS[kind].join(words), tuple(outputs[WORD_IDS][0].tolist()))

    return run
