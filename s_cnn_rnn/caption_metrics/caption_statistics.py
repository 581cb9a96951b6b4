"""What a set of captions is like, apart from how right it is."""

from collections.abc import Iterable, Mapping

from s_cnn_rnn.vocabulary import tokenise


def caption_statistics(captions: Mapping[int | str, str] | Iterable[str]) -> dict[str, float]:
    """Counts words and captions, split by the project's tokeniser (case and punctuation ignored).

    Args:
        captions: photograph -> its caption, or the captions alone.

    Returns:
        "vocabulary used" (different words), "distinct captions" and "mean length" (words).

    Raises:
        ValueError: there are no captions.
    """
    texts = captions.values() if isinstance(captions, Mapping) else captions
    written = [tuple(tokenise(text)) for text in texts]
    if not written:
        raise ValueError("no captions to count")
    return {
        "vocabulary used": len({word for words in written for word in words}),
        "distinct captions": len(set(written)),
        "mean length": sum(map(len, written)) / len(written),
    }
