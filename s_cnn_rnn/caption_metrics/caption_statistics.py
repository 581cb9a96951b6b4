"""What a set of captions is like, apart from how right it is."""

from collections.abc import Iterable, Mapping

from s_cnn_rnn.vocabulary import tokenise


def caption_statistics(
    captions: Mapping[int | str, str] | Iterable[str],
    training_captions: Iterable[str] | None = None,
) -> dict[str, float]:
    """Counts words and captions, split by the project's tokeniser (case and punctuation ignored).

    Args:
        captions: photograph -> its caption, or the captions alone.
        training_captions: the captions that the system was trained on.

    Returns:
        "vocabulary used" (different words), "distinct captions", "mean length" (words) and, with
        training captions, "copied from training": share of captions, 0 to 1, that stand word for
        word among the training captions.

    Raises:
        ValueError: there are no captions.
    """
    texts = captions.values() if isinstance(captions, Mapping) else captions
    written = [tuple(tokenise(text)) for text in texts]
    if not written:
        raise ValueError("no captions to count")
    statistics = {
        "vocabulary used": len({word for words in written for word in words}),
        "distinct captions": len(set(written)),
        "mean length": sum(map(len, written)) / len(written),
    }
    if training_captions is not None:
        known = {tuple(tokenise(text)) for text in training_captions}
        copied = sum(words in known for words in written)
        statistics["copied from training"] = copied / len(written)
    return statistics
