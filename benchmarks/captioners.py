"""The captioning model that several benchmarks build: `ours` at the paper's size, or smaller."""

from collections.abc import Mapping

from s_cnn_rnn.settings import RunSettings
from s_cnn_rnn.vocabulary import Vocabulary

CONCEPTS = 1000


def vocabulary(workload: Mapping) -> Vocabulary:
    """Drawn words: as many as the decoder has outputs beside END and UNKNOWN."""
    words = tuple(f"word{number}" for number in range(workload["words"] - 2))
    concepts = words[: min(CONCEPTS, len(words))]
    return Vocabulary("captions", words, (1,) * len(words), concepts, 1.0, 1.0, {})


def settings(workload: Mapping, **changes) -> RunSettings:
    """Settings of a run of `ours`.

    Args:
        workload: "units", "steps" (T: the longest caption has one word less, then END), and where
            the CNN is another than EfficientNet-Lite0 at 224 pixels: "encoder", "image size",
            "pretrained".
        changes: other settings.
    """
    content = {
        "data": "",
        "system": "ours",
        "encoder": {
            "name": workload.get("encoder", "efficientnet_lite0"),
            "weights": "pretrained" if workload.get("pretrained") else None,
            "image_size": workload.get("image size"),
        },
        "model": {
            "units": workload["units"],
            "word_embedding": workload["units"],
            "longest": workload["steps"] - 1,
            "prior_bias": False,
        },
    }
    return RunSettings.from_dict(content | changes)
