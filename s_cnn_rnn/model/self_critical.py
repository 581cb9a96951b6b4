"""Self-critical sequence training: captions that the decoder samples are rewarded by CIDEr-D.

Rennie, Marcheret, Mroueh, Ross and Goel: Self-critical Sequence Training for Image Captioning,
CVPR 2017. Likelihood teaches the next word after people's words; what counts is the score of whole
captions after the decoder's own. So the expected reward is climbed by its policy gradient
(REINFORCE; eq. 5 to 7 there): with captions w^1 ... w^S sampled for a photograph,

    L = -1/S sum_s (r(w^s) - b_s) sum_t log p(w^s_t | w^s_1 ... w^s_{t-1}),

where r is a constant to the gradient and the baseline b_s may be anything that does not depend on
w^s. Two of them:

- "samples": the mean reward of the photograph's other samples (Kool, van Hoof and Welling 2019;
  Luo 2020, "A Better Variant of Self-Critical Sequence Training"). The default: Luo found better
  scores with it, and there is no further caption to decode.
- "greedy": the reward of the greedy caption, as Rennie et al. have it ("self-critical").

END counts as a word of captions and references: without it captions learn to break off before
their last word ("a dog on the"), since an article there costs nothing.

Departures from Rennie et al.: the default baseline, and END in the reward. The CNN stays frozen,
and the decoder drops nothing, so that the gradient is that of the decoder as it writes. The
interface may (``model.interface_dropout``): it opens all samples of a photograph alike, as if that
were another photograph, which keeps few photographs from being learnt by heart.

The reward is computed outside the graph, of ids (`caption_metrics.fast_cider`); what part of a step
it takes, docs/how_it_works.md says.
"""

from collections.abc import Sequence

import keras
import numpy as np
from keras import ops

from s_cnn_rnn.caption_metrics.fast_cider import LARGEST_ID, FastScorer
from s_cnn_rnn.decoding.sampling import sample
from s_cnn_rnn.decoding.search import greedy
from s_cnn_rnn.model.annotation_model import AnnotationModel
from s_cnn_rnn.settings import StageSettings
from s_cnn_rnn.vocabulary import END, Vocabulary, tokenise

BASELINES = ("samples", "greedy")


class CaptionReward:
    """The reward of captions: their CIDEr-D, perhaps with BLEU-4 added.

    Args:
        references: the captions of each of N photographs, as people wrote them. Document
            frequencies come from all N.
        vocabulary: what word ids mean.
        bleu: factor on BLEU-4 (of each caption on its own, 0 to 1).
    """

    def __init__(
        self, references: Sequence[Sequence[str]], vocabulary: Vocabulary, *, bleu: float = 0.0
    ):
        self.scorer = FastScorer(reference_ids(references, vocabulary))
        self.bleu = bleu

    def __call__(self, photographs: np.ndarray, words: np.ndarray) -> np.ndarray:
        """Scores captions.

        Args:
            photographs: int [B], which of the N.
            words: int32 [B, S, T], words and END (where there is one), padded with 0.

        Returns:
            float32 [B, S, 3]: reward, CIDEr-D (0 to 10), BLEU-4 (0 to 1).
        """
        scores = self.scorer.score(photographs, words)
        bleu = scores.bleu[..., 3]
        each = [scores.cider + self.bleu * bleu, scores.cider, bleu]
        return np.stack(each, axis=-1).astype(np.float32)


def reference_ids(
    references: Sequence[Sequence[str]], vocabulary: Vocabulary
) -> list[list[list[int]]]:
    """Captions as word ids, closed by END; words outside the vocabulary have ids above its own.

    So a reference is scored whole, as the official code scores it, with its rare words. Where
    there are more rare words than ids, the last ones share theirs.
    """
    ids = {word: vocabulary.first_word + n for n, word in enumerate(vocabulary.words)}
    room = LARGEST_ID + 1 - vocabulary.size

    def number(word: str) -> int:
        rare = len(ids) - len(vocabulary.words)
        return ids.setdefault(word, vocabulary.size + rare % room)

    return [
        [[*map(number, tokenise(caption)), END] for caption in captions] for captions in references
    ]


def advantages(rewards, baseline: str):
    """How much better than expected each sample is, r(w^s) - b_s.

    Args:
        rewards: float [B, S], of the samples; with the baseline "greedy" [B, S + 1], the greedy
            caption's last.
        baseline: one of `BASELINES`.

    Returns:
        float [B, S].
    """
    if baseline == "greedy":
        return rewards[:, :-1] - rewards[:, -1:]
    others = rewards.shape[1] - 1
    return (rewards - ops.mean(rewards, axis=1, keepdims=True)) * ((others + 1) / others)


class SelfCritical(keras.layers.Layer):
    """Samples captions and says how much better each is than expected. Nothing of it trains.

    Means of the samples' rewards are metrics of the model that it is in (on TensorFlow; Keras's JAX
    trainer drops what layers measure).

    Args:
        decoder: what samples.
        reward: a `CaptionReward`, or whatever else scores captions as it does.
        samples: S, captions of each photograph.
        longest: most words of a caption.
        baseline: one of `BASELINES`.
        never_written: outputs that the greedy caption does not have (`Vocabulary.never_written`).

    Call arguments:
        opening: what the interface gave, a dictionary of float [B, ...].
        photograph: int32 [B], which photograph of the train split each is.
        chances: float32 [B, S, longest + 1], 0 to 1, 1 excluded; samples are a function of them.

    Returns:
        The captions, int32 [B, S, longest + 2], START first, and their advantages, float32 [B, S].

    Raises:
        ValueError: an unknown baseline, or fewer samples than it needs.
    """

    def __init__(
        self,
        decoder: keras.layers.Layer,
        reward,
        *,
        samples: int,
        longest: int,
        baseline: str = "samples",
        never_written: Sequence[int] = (),
        **kwargs,
    ):
        super().__init__(dtype="float32", **kwargs)  # whatever the precision of the other layers
        if baseline not in BASELINES:
            raise ValueError(f"baseline {baseline!r}: expected one of {BASELINES}")
        least = 2 if baseline == "samples" else 1
        if samples < least:
            raise ValueError(
                f"{samples} samples a photograph: the baseline {baseline!r} needs {least} or more"
            )
        self.decoder, self.reward, self.baseline = decoder, reward, baseline
        self.samples, self.longest, self.never_written = samples, longest, never_written
        names = ("reward", "CIDEr-D of samples", "BLEU-4 of samples")
        self.means = [keras.metrics.Mean(name=name) for name in names]

    def inputs(self) -> dict[str, keras.KerasTensor]:
        """The inputs that a model with this layer has beside its own."""
        return {
            "photograph": keras.Input((), dtype="int32", name="photograph"),
            "chances": keras.Input((self.samples, self.longest + 1), name="chances"),
        }

    def call(self, opening, photograph, chances):
        """Samples, and scores outside the graph."""
        state = self.decoder.begin(opening)
        repeated = {name: ops.repeat(v, self.samples, axis=0) for name, v in state.items()}
        flat = ops.reshape(chances, (-1, self.longest + 1))
        captions = sample(self.decoder.step, repeated, flat)
        captions = ops.reshape(captions, (-1, self.samples, self.longest + 2))
        scored = captions[:, :, 1:]
        if self.baseline == "greedy":
            scored = ops.concatenate([scored, self._greedy(state)], axis=1)
        rewards = _outside_the_graph(self.reward, photograph, scored)
        for mean, values in zip(self.means, ops.unstack(rewards, axis=-1), strict=True):
            mean.update_state(values[:, : self.samples])
        return captions, advantages(rewards[..., 0], self.baseline)

    def _greedy(self, state):
        """The greedy captions, int32 [B, 1, longest + 1]."""
        written = greedy(
            self.decoder.step, state, longest=self.longest, never_written=self.never_written
        )
        return ops.stop_gradient(written.words)

    def compute_output_spec(self, opening, photograph, chances):
        """Shapes and types of what it returns."""
        rows = (photograph.shape[0], self.samples)
        return (
            keras.KerasTensor((*rows, self.longest + 2), dtype="int32"),
            keras.KerasTensor(rows, dtype="float32"),
        )


def sampled_captions(
    model: AnnotationModel,
    references: Sequence[Sequence[str]],
    *,
    stage: StageSettings,
    longest: int,
) -> SelfCritical:
    """The layer that a stage learns from.

    Args:
        model: the built system.
        references: the captions of each photograph of the train split.
        stage: its settings.
        longest: most words of a caption.

    Raises:
        ValueError: as `SelfCritical`.
    """
    return SelfCritical(
        model.decoder,
        CaptionReward(references, model.vocabulary, bleu=stage.bleu_reward),
        samples=stage.samples,
        longest=longest,
        baseline=stage.baseline,
        never_written=model.vocabulary.never_written,
        name="self_critical",
    )


def self_critical_loss(words, weighted):
    """L of the module's docstring.

    Args:
        words: people's captions, which do not count here.
        weighted: advantage times log likelihood of each sampled word, float [B, S, T - 1].

    Returns:
        float [B].
    """
    return -ops.mean(ops.sum(weighted, axis=2), axis=1)


def _outside_the_graph(reward, photograph, captions):
    """`CaptionReward` of tensors: float32 [B, S, 3]. XLA cannot compile this."""
    backend = keras.backend.backend()
    shape = (*captions.shape[:2], 3)
    if backend == "tensorflow":
        import tensorflow as tf

        rewards = tf.numpy_function(reward, [photograph, captions], tf.float32, stateful=False)
        rewards.set_shape(shape)
        return rewards
    if backend == "jax":
        import jax

        result = jax.ShapeDtypeStruct(shape, "float32")
        return jax.pure_callback(
            lambda *arrays: reward(*map(np.asarray, arrays)), result, photograph, captions
        )
    raise NotImplementedError(
        f"self-critical training needs a call out of the graph; on Keras's {backend} backend there "
        "is none here, use tensorflow or jax"
    )
