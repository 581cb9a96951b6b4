"""Words and their ids, the tokeniser, and which words are concepts.

Ids: 0 is padding, 1 START, 2 END, 3 UNKNOWN (captions only), then the words, most frequent first.
The decoder never predicts padding or START, so its output ``j`` means the id ``j + FIRST_OUTPUT``;
81 labels and END make the paper's 82 outputs (section 4.2).
"""

import collections
import dataclasses
import json
import pathlib
import re
from collections.abc import Iterable

import numpy as np

from s_cnn_rnn.whole_files import whole_file

KINDS = ("captions", "labels", "tags")
PADDING = 0
START = 1
END = 2
UNKNOWN = 3
FIRST_OUTPUT = END
UNKNOWN_WORD = "<unknown>"
LABEL_ORDERS = ("rare_first", "frequent_first", "as_given")

_TOKEN = re.compile(r"'s(?!\w)|[^\W_]+(?:-[^\W_]+)*(?:'(?!s(?!\w))[^\W_]+)?")


def tokenise(caption: str) -> list[str]:
    """Splits a caption into lower-case words, without punctuation.

    The possessive is a word of its own ("dog's" -> "dog", "'s"), as in the official PTB tokeniser.
    """
    return _TOKEN.findall(caption.lower().replace("’", "'"))


@dataclasses.dataclass(frozen=True)
class Vocabulary:
    """The words a decoder writes and the concepts a semantic layer predicts; or user tags.

    Args:
        kind: "captions", "labels" or "tags" (side information: nothing writes or predicts tags).
        words: the words (or labels), in the order of their ids.
        counts: occurrences of each word in the train split, in the same order.
        concepts: the k concepts, in the order of the semantic layer's outputs (section 5.1: the
            most frequent words of the captions; for labels: the labels themselves; tags: none).
        word_coverage: part of the train split's word occurrences that are in ``words``, 0 to 1.
        concept_coverage: the same for ``concepts``.
        made_from: where the vocabulary comes from: data set, split, number of photographs and
            the settings that made it.
    """

    kind: str
    words: tuple[str, ...]
    counts: tuple[int, ...]
    concepts: tuple[str, ...]
    word_coverage: float
    concept_coverage: float
    made_from: dict

    def __post_init__(self):
        if self.kind not in KINDS:
            raise ValueError(f"vocabulary: kind is one of {KINDS}, not {self.kind!r}")
        if len(set(self.words)) != len(self.words):
            repeated = [w for w, n in collections.Counter(self.words).items() if n > 1]
            raise ValueError(f"vocabulary: these words are listed twice: {repeated[:10]}")
        if len(self.words) != len(self.counts):
            raise ValueError(
                f"vocabulary: {len(self.words)} words but {len(self.counts)} counts; expected one "
                "each"
            )
        object.__setattr__(self, "_ids", {w: self.first_word + i for i, w in enumerate(self.words)})
        object.__setattr__(self, "_concept_numbers", {c: i for i, c in enumerate(self.concepts)})

    @property
    def has_unknown(self) -> bool:
        """Whether words outside the vocabulary have an id (captions) or are refused (the rest)."""
        return self.kind == "captions"

    @property
    def first_word(self) -> int:
        """The id of the first word."""
        return UNKNOWN + self.has_unknown

    @property
    def size(self) -> int:
        """Number of ids, padding and START included."""
        return self.first_word + len(self.words)

    @property
    def outputs(self) -> int:
        """Number of decoder outputs: END, UNKNOWN where there is one, and the words."""
        return self.size - FIRST_OUTPUT

    @property
    def never_written(self) -> tuple[int, ...]:
        """Outputs that decoding must not choose: UNKNOWN, where there is one."""
        return (UNKNOWN - FIRST_OUTPUT,) if self.has_unknown else ()

    def encode(self, tokens: Iterable[str], *, longest: int | None = None) -> list[int]:
        """START, the words' ids, END; words beyond ``longest`` are cut off.

        Raises:
            KeyError: a label or tag that the vocabulary lacks (captions use UNKNOWN instead).
        """
        if self.has_unknown:
            ids = [self._ids.get(token, UNKNOWN) for token in tokens]
        else:
            missing = [token for token in tokens if token not in self._ids]
            if missing:
                raise KeyError(f"{self.kind} {missing}: not in the vocabulary of {self.made_from}")
            ids = [self._ids[token] for token in tokens]
        return [START, *ids[:longest], END]

    def decode(self, ids: Iterable[int]) -> list[str]:
        """The words of a sequence of ids, up to END; START and padding are passed over."""
        words = []
        for number in ids:
            if number == END:
                break
            if number >= self.first_word:
                words.append(self.words[number - self.first_word])
            elif number == UNKNOWN:
                words.append(UNKNOWN_WORD)
        return words

    def concept_numbers(self, tokens: Iterable[str]) -> list[int]:
        """Which concepts occur among the tokens, ascending (s of eq. 4 as positions)."""
        return sorted({self._concept_numbers[t] for t in tokens if t in self._concept_numbers})

    def indicators(self, token_lists: Iterable[Iterable[str]]) -> np.ndarray:
        """Which words each photograph has; others than the vocabulary's are passed over.

        Args:
            token_lists: the tags (or labels, or words) of each of N photographs.

        Returns:
            uint8 [N, words]: 1 where the photograph has the word, in the order of ``words``.
        """
        token_lists = list(token_lists)
        indicators = np.zeros((len(token_lists), len(self.words)), np.uint8)
        for row, tokens in zip(indicators, token_lists, strict=True):
            row[[self._ids[token] - self.first_word for token in tokens if token in self._ids]] = 1
        return indicators

    def with_concepts(self, count: int | None) -> "Vocabulary":
        """The same words with fewer concepts: the ``count`` most frequent ones (None: as it is).

        Raises:
            ValueError: there are fewer.
        """
        if count is None:
            return self
        if count > len(self.concepts):
            raise ValueError(
                f"{count} concepts of {len(self.concepts)}: prepare the data set with --concepts="
                f"{count} or more"
            )
        concepts = self.concepts[:count]
        occurrences = dict(zip(self.words, self.counts, strict=True))
        total = sum(self.counts) / self.word_coverage
        coverage = sum(occurrences[concept] for concept in concepts) / total
        return dataclasses.replace(self, concepts=concepts, concept_coverage=coverage)

    def save(self, path: str | pathlib.Path) -> None:
        """Writes the vocabulary as readable JSON, one word a line."""
        lines = [
            f"    [{json.dumps(word, ensure_ascii=False)}, {count}]"
            for word, count in zip(self.words, self.counts, strict=True)
        ]
        head = {
            "kind": self.kind,
            "made_from": self.made_from,
            "word_coverage": self.word_coverage,
            "concept_coverage": self.concept_coverage,
            "concepts": list(self.concepts),
        }
        text = json.dumps(head, ensure_ascii=False, indent=2)[:-2]
        words = ",\n".join(lines)
        with whole_file(path) as unfinished:
            unfinished.write_text(f'{text},\n  "words": [\n{words}\n  ]\n}}\n', "utf-8")

    @classmethod
    def load(cls, path: str | pathlib.Path) -> "Vocabulary":
        """Reads a file that `save` wrote.

        Raises:
            FileNotFoundError: there is no such file.
            ValueError: the file is not a vocabulary; the message names the file and what is wrong.
        """
        path = pathlib.Path(path)
        try:
            content = json.loads(path.read_text("utf-8"))
            words = content.pop("words")
            return cls(
                words=tuple(word for word, _ in words),
                counts=tuple(int(count) for _, count in words),
                concepts=tuple(content.pop("concepts")),
                **content,
            )
        except (json.JSONDecodeError, KeyError, TypeError, ValueError) as error:
            raise ValueError(
                f"{path}: not a vocabulary ({type(error).__name__}: {error}); prepare the data "
                "set again to make a new one"
            ) from error


def order_labels(labels: Iterable[str], vocabulary: Vocabulary, order: str) -> list[str]:
    """Turns a photograph's label set into the list that the decoder learns (section 4.1).

    Args:
        labels: the photograph's labels.
        vocabulary: holds each label's count in the train split.
        order: one of `LABEL_ORDERS`.
    """
    labels = list(dict.fromkeys(labels))
    if order == "as_given":
        return labels
    if order not in LABEL_ORDERS:
        raise ValueError(f"label order {order!r}: expected one of {LABEL_ORDERS}")
    counts = dict(zip(vocabulary.words, vocabulary.counts, strict=True))
    sign = 1 if order == "rare_first" else -1
    return sorted(labels, key=lambda label: (sign * counts[label], label))
