"""What a model writes and how sure it is of each concept, for photographs or given concepts."""

import dataclasses
import functools
from collections.abc import Callable, Sequence

import keras
import numpy as np

from s_cnn_rnn.data.model_inputs import ModelInputs
from s_cnn_rnn.decoding.consensus import in_consensus
from s_cnn_rnn.decoding.search import beam_search, greedy
from s_cnn_rnn.model.annotation_model import AnnotationModel
from s_cnn_rnn.model.ensemble import Ensemble
from s_cnn_rnn.model.stage_model import stage_model
from s_cnn_rnn.settings import DecodingSettings
from s_cnn_rnn.vocabulary import PADDING, Vocabulary

BATCH = 64  # photographs decoded at once
PROJECTED = "projected words"
LOOK = 256  # photographs whose s_hat is predicted at once


class Writer(keras.Model):
    """Decodes whole batches as one compiled function.

    Args:
        model: the system, or an ensemble.
        decoding: how it searches; width 1 is greedy.
        longest: most words written.
        returned: hypotheses of each photograph.
        settled: the model's weights no longer change. Words are then projected once
            (`Decoder.projected_words`), before the first is written.
        alone: photographs come one by one, again and again. Products of so few rows read all
            weights to do little: XLA does that in half the processor time, but takes a second
            longer to compile (and is slower with more than two photographs at once).

    Call arguments:
        seen: what the decoder writes from (`AnnotationModel.seen`), float32 [B, ...] each; an
            ensemble's joined.

    Returns:
        {"words": int32 [B, R, longest + 1], "log_probabilities": float32 [B, R]}, best first.
    """

    def __init__(
        self,
        model: AnnotationModel | Ensemble,
        decoding: DecodingSettings,
        longest: int,
        returned: int = 1,
        *,
        settled: bool = False,
        alone: bool = False,
    ):
        super().__init__(name="writer")
        self.model = model
        self.decoding = decoding
        self.longest = longest
        self.returned = returned
        self.settled = settled
        if alone:
            self.jit_compile = True

    @functools.cached_property
    def known(self) -> dict:
        """What a batch is given beside what is seen; the same for all."""
        projected = self.model.projected_words() if self.settled else None
        return {} if projected is None else {PROJECTED: projected}

    def call(self, seen):
        """Writes."""
        seen = dict(seen)
        step, projected = self.model.step, seen.pop(PROJECTED, None)
        if projected is not None:
            step = functools.partial(step, projected_words=projected)
        state = self.model.start(seen)
        options = {
            "longest": self.longest,
            "never_written": self.model.vocabulary.never_written,
            "no_repeats": self.model.vocabulary.kind == "labels",
        }
        width, voting = self.decoding.searched_width, self.decoding.consensus
        if width == 1:
            decoded = greedy(step, state, stop_bias=self.decoding.stop_bias, **options)
        else:
            decoded = beam_search(
                step,
                state,
                width=width,
                returned=width if voting else min(self.returned, width),
                length_normalisation=self.decoding.length_normalisation,
                **options,
            )
        if voting:
            decoded = in_consensus(decoded, min(self.returned, width), self.model.vocabulary.kind)
        return {"words": decoded.words, "log_probabilities": decoded.log_probabilities}


@dataclasses.dataclass(frozen=True)
class Written:
    """What a model wrote for N photographs.

    Args:
        words: word ids, int32 [N, R, T], best first.
        log_probabilities: float32 [N, R].
        vocabulary: of the words.
    """

    words: np.ndarray
    log_probabilities: np.ndarray
    vocabulary: Vocabulary

    @property
    def annotations(self) -> list[list[str]]:
        """The best hypothesis of each photograph as words."""
        return [self.vocabulary.decode(best) for best in self.words[:, 0].tolist()]

    def in_order(self, order: np.ndarray) -> "Written":
        """The hypotheses of each photograph in another order, int [N, R]."""
        return dataclasses.replace(
            self,
            words=np.take_along_axis(self.words, order[:, :, None], axis=1),
            log_probabilities=np.take_along_axis(self.log_probabilities, order, axis=1),
        )


def write(
    writer: Writer,
    seen: dict[str, np.ndarray],
    *,
    batch: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Written:
    """Writes annotations of N photographs.

    Args:
        writer: of the model.
        seen: from `look`, or with other concepts.
        batch: photographs decoded at once, filled up with zeros where there are not so many; None
            for `BATCH`, or all of them where they are fewer.
        progress: called with (photographs done, photographs in all).
    """
    parts, total = [], len(next(iter(seen.values())))
    batch = batch or min(BATCH, total)
    for start in range(0, total, batch):
        count = min(batch, total - start)
        part = _batch(seen, start, batch)
        # `predict` takes longer to begin than to write.
        written = writer.predict_on_batch(part | writer.known)
        parts.append({name: values[:count] for name, values in written.items()})
        if progress:
            progress(start + count, total)
    words = np.concatenate([part["words"] for part in parts])
    log_probabilities = np.concatenate([part["log_probabilities"] for part in parts])
    return Written(words, log_probabilities, writer.model.vocabulary)


def _batch(arrays: dict[str, np.ndarray], start: int, count: int) -> dict[str, np.ndarray]:
    """Rows from ``start`` on, filled up to ``count``: another shape would be compiled anew."""
    parts = {name: values[start : start + count] for name, values in arrays.items()}
    return {
        name: np.pad(
            values.astype(np.float32) if values.dtype == np.float16 else values,
            [(0, count - len(values)), *[(0, 0)] * (values.ndim - 1)],
        )
        for name, values in parts.items()
    }


def predict_concepts(model: AnnotationModel, inputs: ModelInputs) -> np.ndarray | None:
    """s_hat of N photographs, float32 [N, k]; None where the system learns no concepts."""
    if not model.system.supervised:
        return None
    parts = [
        keras.ops.convert_to_numpy(model.concepts(inputs.read(slice(start, start + LOOK))))
        for start in range(0, len(inputs), LOOK)
    ]
    return np.concatenate(parts)


def look(
    model: AnnotationModel, inputs: ModelInputs, concepts: np.ndarray | None = None
) -> dict[str, np.ndarray]:
    """What the decoder writes from (`AnnotationModel.seen`), of N photographs, [N, ...] each.

    Args:
        model: the system.
        inputs: what it sees of the photographs; the feature map stays on disk.
        concepts: s_hat, float32 [N, k], where it is known already, or is to be another (what if?).
    """
    if concepts is None:
        concepts = predict_concepts(model, inputs)
    given = inputs.as_seen()
    seen = model.seen(given, concepts)
    return {
        name: values if name == "feature_map" else keras.ops.convert_to_numpy(values)
        for name, values in seen.items()
    }


def look_together(
    model: AnnotationModel | Ensemble,
    inputs: Sequence[ModelInputs],
    concepts: np.ndarray | None = None,
) -> tuple[dict[str, np.ndarray], np.ndarray | None]:
    """What decoders write from, and s_hat, of a model or of all members of an ensemble.

    Args:
        model: the system, or an ensemble.
        inputs: what each member sees of the photographs.
        concepts: s_hat, float32 [N, k], that every member is told in place of its own (what if?).

    Returns:
        As `Writer` takes it, [N, ...] each (empty without a decoder); and s_hat [N, k], the mean
        of the members', or None where they do not learn the same concepts.
    """
    members = list(zip(model.members, inputs, strict=True))
    if concepts is None:
        told = [predict_concepts(member, given) for member, given in members]
    else:
        told = [concepts] * len(members)
    seen = {}
    if model.decoder is not None:
        looked = zip(members, told, strict=True)
        seen = model.join([look(member, given, s_hat) for (member, given), s_hat in looked])
    return seen, np.mean(told, axis=0) if model.learnt_concepts else None


def see_nothing(
    model: AnnotationModel | Ensemble, seen: dict[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """What the decoder writes from without a photograph: Ie = 0, [1, ...] each.

    Args:
        model: the system, or an ensemble.
        seen: from `look_together`.
    """
    nothing = {name: np.zeros((1, *v.shape[1:]), v.dtype) for name, v in seen.items()}
    centred = [  # zero is what remains where the centre is subtracted
        {}
        if member.interface.centre is None
        else {"embedding": keras.ops.convert_to_numpy(member.interface.centre)[None]}
        for member in model.members
    ]
    return nothing | model.join(centred)


class Likelihoods:
    """Lu and Lr of annotated photographs, exact whatever the batches.

    Args:
        model: the system.
        source: "features", "tags" or "concepts" (the true s).
        outputs: "concepts", "words" or both.
        captions: C.
        longest: most words of an annotation.
    """

    def __init__(self, model, *, source: str, outputs: tuple[str, ...], captions, longest):
        self.model = stage_model(
            model, source=source, trains=(), outputs=outputs, captions=captions, longest=longest
        )
        self.concept_loss = model.losses()["concepts"]
        self.outputs = outputs

    def __call__(self, inputs: dict, concepts: np.ndarray, words: np.ndarray) -> dict[str, float]:
        """The losses.

        Args:
            inputs: what the model sees, or the true "concepts", float32 [N, ...] each.
            concepts: the true s, [N, k].
            words: int32 [N, C, T].

        Returns:
            "Lu" and "Lr", as far as the outputs go.
        """
        given = {**inputs, "words": words} if "words" in self.outputs else inputs
        predicted = self._predict({name: given[name] for name in self.model.input})
        losses = {}
        if "concepts" in predicted:
            each = self.concept_loss(concepts.astype(np.float32), predicted["concepts"])
            losses["Lu"] = float(keras.ops.convert_to_numpy(each).astype(np.float64).mean())
        if "words" in predicted:
            sequences = (words[:, :, 0] != PADDING).sum()
            losses["Lr"] = float(-predicted["words"].astype(np.float64).sum() / sequences)
        return losses

    def _predict(self, given: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """The model's outputs [N, ...]; what lies on disk is read batch by batch."""
        total, parts = len(next(iter(given.values()))), []
        batch = min(32, total)
        for start in range(0, total, batch):
            found = self.model.predict_on_batch(_batch(given, start, batch))
            count = min(batch, total - start)
            parts.append({name: values[:count] for name, values in found.items()})
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
