"""CIDEr-D and BLEU of a training step's samples: the fast scorer against pycocoevalcap.

  python -m benchmarks.cider [--quick]

A batch is 32 photographs with 5 samples each, against 5 references a photograph; document
frequencies come from 6,000 photographs, as many as Flickr8k's train split has. Captions are drawn:
words by Zipf's law from 8,000; a sample is a reference with a third of its words changed. Two
peers:

- "as installed": Cider and Bleu called once for each sample number, as their users do. They take
  the document frequencies from the batch, so their CIDEr is another (and quicker) one.
- "cached": the same classes made to use the data set's document frequencies, and references
  counted beforehand. Their figures must equal the fast scorer's to 1e-6.

Both peers get their captions as text for nothing. All run interleaved in one process. At the end
the fast scorer is timed inside self-critical training steps of the paper's size (512 cells, 12,000
words) on frozen features. The results go to benchmarks/results/cider.json.
"""

import dataclasses
import os
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # before TensorFlow is imported

import keras
import numpy as np
from absl import app
from pycocoevalcap.bleu.bleu_scorer import BleuScorer
from pycocoevalcap.bleu.bleu_scorer import cook_refs as cook_bleu_references
from pycocoevalcap.bleu.bleu_scorer import cook_test as cook_bleu_caption
from pycocoevalcap.cider.cider import Cider
from pycocoevalcap.cider.cider_scorer import CiderScorer, cook_refs, cook_test

from benchmarks.measuring import line, time_interleaved, write_results
from benchmarks.quick import is_quick
from s_cnn_rnn.caption_metrics.fast_cider import FastScorer
from s_cnn_rnn.model.annotation_model import build_model
from s_cnn_rnn.model.self_critical import SelfCritical, self_critical_loss
from s_cnn_rnn.model.stage_model import stage_model
from s_cnn_rnn.settings import RunSettings
from s_cnn_rnn.vocabulary import Vocabulary

PHOTOGRAPHS, VOCABULARY = 6_000, 8_000
BATCH, SAMPLES, REFERENCES = 32, 5, 5
STEPS = 5  # of training, after one that compiles
PACKAGES = ("numpy", "pycocoevalcap", "tensorflow", "keras")


@dataclasses.dataclass(frozen=True)
class Captions:
    """References of all photographs, and a batch of samples.

    Args:
        references: word ids of each photograph's references.
        photographs: int [B], those of the batch.
        samples: word ids, [B][S].
    """

    references: list[list[list[int]]]
    photographs: np.ndarray
    samples: list[list[list[int]]]

    @property
    def padded(self) -> np.ndarray:
        """The samples as int32 [B, S, T]."""
        longest = max(len(words) for captions in self.samples for words in captions)
        array = np.zeros((len(self.samples), len(self.samples[0]), longest), np.int32)
        for b, captions in enumerate(self.samples):
            for s, words in enumerate(captions):
                array[b, s, : len(words)] = words
        return array


def draw(batch: int, samples: int, references: int = REFERENCES) -> Captions:
    """Draws captions; the same in every run."""
    random = np.random.default_rng(0)
    chances = 1 / np.arange(1, VOCABULARY + 1)
    chances /= chances.sum()
    lengths = np.clip(random.normal(11, 2.5, (PHOTOGRAPHS, references)).astype(int), 5, 20)
    words = random.choice(VOCABULARY, lengths.sum(), p=chances) + 3
    captions = np.split(words, np.cumsum(lengths.ravel())[:-1])
    grouped = [
        [c.tolist() for c in captions[n * references : (n + 1) * references]]
        for n in range(PHOTOGRAPHS)
    ]
    photographs = random.choice(PHOTOGRAPHS, batch, replace=False)

    def sample(photograph: int) -> list[int]:
        own = np.array(grouped[photograph][random.integers(references)])
        other = random.choice(VOCABULARY, len(own), p=chances) + 3
        return np.where(random.random(len(own)) < 1 / 3, other, own).tolist()

    return Captions(
        grouped, photographs, [[sample(p) for _ in range(samples)] for p in photographs]
    )


def as_text(words: list[int]) -> str:
    """Ids as pycocoevalcap takes words."""
    return " ".join(map(str, words))


class AsInstalled:
    """pycocoevalcap as its users call it, once for each sample number."""

    def __init__(self, captions: Captions):
        numbers = range(len(captions.photographs))
        self.human = {
            b: [as_text(r) for r in captions.references[captions.photographs[b]]] for b in numbers
        }
        self.samples = [
            {b: [as_text(captions.samples[b][s])] for b in numbers}
            for s in range(len(captions.samples[0]))
        ]

    def __call__(self) -> None:
        """Scores the batch."""
        for written in self.samples:
            Cider().compute_score(self.human, written)
            scorer = BleuScorer(n=4)
            for b, human in self.human.items():
                scorer += (written[b][0], human)
            scorer.compute_score(option="closest")


class _AsManyAs(list):
    """A list that tells another length: the official CIDEr takes log N from it."""

    length = 0

    def __len__(self) -> int:
        return self.length


class Cached:
    """pycocoevalcap's classes with everything that depends on the references made beforehand."""

    def __init__(self, captions: Captions):
        self.whole = CiderScorer()
        for references in captions.references:
            self.whole.crefs.append(cook_refs([as_text(r) for r in references]))
        self.whole.compute_doc_freq()
        batch = [captions.references[p] for p in captions.photographs]
        self.references = [cook_refs([as_text(r) for r in human]) for human in batch]
        self.bleu_references = [
            cook_bleu_references([as_text(r) for r in human]) for human in batch
        ]
        self.samples = [[as_text(words) for words in samples] for samples in captions.samples]

    def __call__(self) -> tuple[np.ndarray, np.ndarray]:
        """Scores the batch: CIDEr-D [B, S], BLEU-4 [B, S]."""
        shape = (len(self.samples), len(self.samples[0]))
        pairs = [(b, text) for b, samples in enumerate(self.samples) for text in samples]
        cider = CiderScorer()
        cider.crefs = _AsManyAs(self.references[b] for b, _ in pairs)
        cider.crefs.length = PHOTOGRAPHS
        cider.ctest = [cook_test(text) for _, text in pairs]
        cider.document_frequency = self.whole.document_frequency
        bleu = BleuScorer(n=4)
        bleu.crefs = [self.bleu_references[b] for b, _ in pairs]
        bleu.ctest = [cook_bleu_caption(text, self.bleu_references[b]) for b, text in pairs]
        _, each = bleu.compute_score(option="closest")
        return np.reshape(cider.compute_cider(), shape), np.reshape(each[3], shape)


def measure(batch: int, samples: int, references: int = REFERENCES, *, rounds: int) -> dict:
    """Times all three on one batch and checks that their figures agree."""
    captions = draw(batch, samples, references)
    scorer, cached = FastScorer(captions.references), Cached(captions)
    padded = captions.padded

    def fast():
        return scorer.score(captions.photographs, padded)

    scores, (cider, bleu) = fast(), cached()
    difference = max(np.abs(scores.cider - cider).max(), np.abs(scores.bleu[..., 3] - bleu).max())
    if difference > 1e-6:
        raise AssertionError(f"fast and official figures differ by {difference}")
    installed = AsInstalled(captions)
    timings = time_interleaved(
        {"fast": fast, "pycocoevalcap as installed": installed, "pycocoevalcap cached": cached},
        rounds=rounds,
    )
    print(f"{batch} photographs, {samples} samples each, {references} references")
    for name, timing in timings.items():
        times = timing.median / timings["fast"].median
        print(line(name, timing, f"{times:.1f} times the fast one"))
    return {
        "photographs": batch,
        "samples": samples,
        "references": references,
        "largest difference from the official figures": float(difference),
        "mean CIDEr-D": float(cider.mean()),
        "seconds": {name: timing._asdict() for name, timing in timings.items()},
    }


class TimedReward:
    """CIDEr-D of samples, as `self_critical.CaptionReward` gives it, with the time it took."""

    def __init__(self, references: list[list[list[int]]]):
        self.scorer, self.seconds = FastScorer(references), 0.0

    def __call__(self, photographs: np.ndarray, words: np.ndarray) -> np.ndarray:
        """float32 [B, S, 3], see `CaptionReward`."""
        started = time.perf_counter()
        scores = self.scorer.score(photographs, words)
        rewards = np.stack([scores.cider, scores.cider, scores.bleu[..., 3]], axis=-1)
        self.seconds += time.perf_counter() - started
        return rewards.astype(np.float32)


def rewarded_model(reward: TimedReward) -> keras.Model:
    """A self-critical stage of nic-f at the paper's size, compiled."""
    words = tuple(f"word{n}" for n in range(12_000 - 2))
    vocabulary = Vocabulary("captions", words, (1,) * len(words), words[:1000], 1.0, 1.0, {})
    settings = RunSettings.from_dict({"data": "", "system": "nic-f"})
    model = build_model(settings, vocabulary, with_encoder=False)
    longest = settings.model.longest
    sampled = SelfCritical(model.decoder, reward, samples=SAMPLES, longest=longest)
    stage = stage_model(
        model,
        source="features",
        trains=("interface", "decoder"),
        outputs=("words",),
        captions=1,
        longest=longest,
        sampled=sampled,
    )
    stage.compile("adam", loss={"words": self_critical_loss}, jit_compile=False)
    return stage


def measure_steps() -> dict:
    """How much of a training step the reward takes."""
    reward = TimedReward(draw(BATCH, SAMPLES).references)
    model, random = rewarded_model(reward), np.random.default_rng(0)
    shapes = {name: tensor.shape[1:] for name, tensor in model.input.items()}
    seconds = []
    for _ in range(1 + STEPS):
        given = {name: random.random((BATCH, *s), np.float32) for name, s in shapes.items()}
        given["photograph"] = random.integers(PHOTOGRAPHS, size=BATCH).astype(np.int32)
        reward.seconds = 0.0
        started = time.perf_counter()
        model.train_on_batch(given, {"words": np.zeros((BATCH, 1), np.float32)})
        seconds.append((time.perf_counter() - started, reward.seconds))
    whole, rewards = np.median(seconds[1:], axis=0)
    print(f"a self-critical step: {whole:.2f} s, of which the reward {1e3 * rewards:.1f} ms")
    return {"seconds": whole, "reward seconds": rewards, "share": rewards / whole, "steps": STEPS}


def main(_: list[str]) -> None:
    """Measures the usual batch, and how the cost grows with its size."""
    if is_quick():
        content = {"usual batch": measure(8, 2, rounds=3)}
        print(f"written to {write_results('cider', content, PACKAGES, quick=True)}")
        return
    usual = measure(BATCH, SAMPLES, rounds=15)
    grown = [
        measure(photographs, samples, references, rounds=5)
        for photographs, samples, references in (
            (BATCH, 1, REFERENCES),
            (BATCH, 20, REFERENCES),
            (8, SAMPLES, REFERENCES),
            (128, SAMPLES, REFERENCES),
            (BATCH, SAMPLES, 1),
            (BATCH, SAMPLES, 20),
        )
    ]
    content = {
        "usual batch": usual,
        "other batches": grown,
        "self-critical training step": measure_steps(),
    }
    print(f"written to {write_results('cider', content, PACKAGES)}")


if __name__ == "__main__":
    app.run(main)
