"""TensorFlow's SavedModel: picture files in, text out, the search and the words inside."""

import json
import pathlib
from collections.abc import Callable

import numpy as np
import tensorflow as tf

from s_cnn_rnn.data.photographs import resize
from s_cnn_rnn.export.picture_decoding import decoded
from s_cnn_rnn.export.runtime import Annotated
from s_cnn_rnn.export.whole_model import TEXT, WORD_IDS, WholeModel, text_pieces, words_by_id

EXTRA = "assets.extra"  # where a SavedModel may hold files that TensorFlow does not read
UNSAFE = {"PyFunc", "PyFuncStateless", "EagerPyFunc", "ReadFile", "WriteFile", "SaveV2", "Save"}
"""Operations that run Python or touch files. (Loading its own weights is outside the function.)"""


def write(whole: WholeModel, path: pathlib.Path, precision: str) -> None:
    """Writes a SavedModel with one signature, "serving_default": jpeg, string [B] -> `WholeModel`.

    Beside its outputs there is "text", string [B]. The folder `assets.extra` holds the list of
    words by id, that of the concepts, and a description.

    Args:
        whole: the model.
        path: of the folder to be made.
        precision: "float32".

    Raises:
        ValueError: the graph has an operation that runs Python or touches files.
    """
    served = _Served(whole)
    concrete = served.annotate.get_concrete_function()
    unsafe = sorted(UNSAFE & {op.type for op in concrete.graph.get_operations()})
    if unsafe:
        raise ValueError(f"the graph has operations that must not be exported: {unsafe}")
    tf.saved_model.save(served, str(path), signatures={"serving_default": served.annotate})
    extra = path / EXTRA
    extra.mkdir()
    for name, lines in (
        ("words.txt", words_by_id(whole.vocabulary)),
        ("concepts.txt", whole.model.learnt_concepts),
    ):
        (extra / name).write_text("".join(f"{line}\n" for line in lines), "utf-8")
    description = json.dumps(whole.description(), indent=2)
    (extra / "description.json").write_text(description + "\n", "utf-8")


class _Served(tf.Module):
    """The function and its weights, nothing else: no layer, no Python."""

    def __init__(self, whole: WholeModel):
        super().__init__(name="photographs_to_text")
        self._whole = whole
        self.weights = whole.variables

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="jpeg")])
    def annotate(self, jpeg):
        """JPEG or PNG files, string [B] -> what is written."""
        sizes = self._whole.image_sizes
        shapes = [tf.TensorSpec([size, size, 3], tf.uint8) for size in sizes]

        def read(one):
            pixels = decoded(one)
            return [resize(pixels, size) for size in sizes]

        images = tf.map_fn(read, jpeg, fn_output_signature=shapes)
        outputs = self._whole(dict(zip(sizes, images, strict=True)))
        return outputs | {TEXT: joined(outputs[WORD_IDS], self._whole)}


def joined(word_ids: tf.Tensor, whole: WholeModel) -> tf.Tensor:
    """Texts, string [B], of word ids int32 [B, T]."""
    first, following = (tf.constant(pieces) for pieces in text_pieces(whole.vocabulary))
    begun = tf.gather(first, word_ids[:, :1])
    pieces = tf.concat([begun, tf.gather(following, word_ids[:, 1:])], axis=1)
    return tf.strings.reduce_join(pieces, axis=1)


def read(path: pathlib.Path) -> Callable[[bytes], Annotated]:
    """Loads what `write` wrote, to annotate one JPEG file after the other."""
    loaded = tf.saved_model.load(str(path))
    annotate = loaded.signatures["serving_default"]

    def run(jpeg: bytes) -> Annotated:
        outputs = annotate(jpeg=tf.constant([jpeg]))
        text = outputs[TEXT].numpy()[0].decode("utf-8")
        return Annotated(text, tuple(np.asarray(outputs[WORD_IDS])[0].tolist()))

    run.loaded = loaded  # signatures do not keep alive what they belong to
    return run
