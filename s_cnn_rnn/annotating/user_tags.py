"""User tags of photographs from outside a data set: their own keywords, as a model knows them."""

import unicodedata
from collections.abc import Iterable, Sequence

import numpy as np
from absl import logging

from s_cnn_rnn.annotating.photograph_batches import NamedContent, ReadPhotograph
from s_cnn_rnn.metadata.exiv2_library import MetadataUnavailable, UnreadableMetadata
from s_cnn_rnn.metadata.photograph_metadata import read_metadata
from s_cnn_rnn.runs.run_folder import RunFolder
from s_cnn_rnn.vocabulary import Vocabulary


def known_tags(tags: Iterable[str], vocabulary: Vocabulary) -> tuple[str, ...]:
    """Those tags that a model has as inputs, spelt as it spells them.

    Keywords are spelt otherwise than the tags of a photo site ("New York", "newyork"): case,
    spaces and signs do not count where a tag is not known as it stands.
    """
    exact = set(vocabulary.words)
    bare = {_bare(word): word for word in reversed(vocabulary.words)}  # the most frequent counts
    found = (tag if tag in exact else bare.get(_bare(tag)) for tag in tags)
    return tuple(dict.fromkeys(tag for tag in found if tag is not None))


def _bare(tag: str) -> str:
    decomposed = unicodedata.normalize("NFKD", tag.casefold())
    return "".join(character for character in decomposed if character.isalnum())


class TagInputs:
    """Finds the tags of photographs as a model sees them, and says once where there are none.

    Args:
        system: name of the system, for the message.
        tag_words: the tags that each member of the model sees; None where it sees none.
    """

    def __init__(self, system: str, tag_words: Sequence[Vocabulary | None] = ()):
        self._system, self._tag_words = system, tuple(tag_words)
        self._told = False

    @classmethod
    def of_run(cls, folder: RunFolder) -> "TagInputs":
        """Those of a run, or of an ensemble's members."""
        runs = folder.members() or (folder,)
        return cls(folder.settings().system, [run.tag_words() for run in runs])

    def indicators(self, member: int, read: Sequence[ReadPhotograph], size: int) -> np.ndarray:
        """Which tags each photograph has.

        Args:
            member: number of the member that sees them.
            read: photographs.
            size: to which they are filled up with photographs that have none.

        Returns:
            uint8 [size, number of tags], 0 or 1.

        Raises:
            ValueError: the tags that the model knows were not given.
        """
        vocabulary = self._tag_words[member] if member < len(self._tag_words) else None
        if vocabulary is None:
            raise ValueError(
                f"{self._system} sees user tags, and which it knows stands in its run folder; "
                "use Annotator.from_run"
            )
        found = vocabulary.indicators(known_tags(self._tags(each), vocabulary) for each in read)
        return np.pad(found, [(0, size - len(found)), (0, 0)])

    def _tags(self, read: ReadPhotograph) -> tuple[str, ...]:
        """The tags that were given with a photograph; else its own keywords (no model's)."""
        tags, reason = read.tags, "it was given without tags"
        if tags is None:
            tags, reason = _own_keywords(read)
        if not tags:
            self._tell(read.name, reason)
        return tags

    def _tell(self, name: str, reason: str) -> None:
        if not self._told:
            logging.warning(
                "%s: %s. %s reads user tags beside the photograph, and without any its labels are "
                "less sure; this is said once, there may be more such photographs",
                name,
                reason,
                self._system,
            )
        self._told = True


def _own_keywords(read: ReadPhotograph) -> tuple[tuple[str, ...], str]:
    """A photograph's own keywords, and why there are none."""
    photograph = read.photograph
    if isinstance(photograph, NamedContent):
        photograph = photograph.content
    try:
        return read_metadata(photograph).own_keywords, "it has no keywords (XMP, IPTC)"
    except (MetadataUnavailable, UnreadableMetadata) as error:
        return (), str(error)
