"""User tags of photographs from outside a data set: their own keywords, as a model knows them."""

import unicodedata
from collections.abc import Iterable

from absl import logging

from s_cnn_rnn.photograph_batches import NamedContent, ReadPhotograph
from s_cnn_rnn.photograph_metadata import (
    MetadataUnavailable,
    UnreadableMetadata,
    read_metadata,
)
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


class OwnTags:
    """Finds the tags of photographs, and says once where there are none.

    Args:
        system: name of the system that sees them, for the message.
    """

    def __init__(self, system: str):
        self._system = system
        self._told = False

    def __call__(self, read: ReadPhotograph) -> tuple[str, ...]:
        """The tags that were given with a photograph; else its own keywords (no model's)."""
        tags = read.tags
        if tags is None:
            tags, reason = self._of_photograph(read)
        else:
            reason = "it was given without tags"
        if not tags:
            self._tell(read.name, reason)
        return tags

    def _of_photograph(self, read: ReadPhotograph) -> tuple[tuple[str, ...], str]:
        photograph = read.photograph
        if isinstance(photograph, NamedContent):
            photograph = photograph.content
        try:
            return read_metadata(photograph).own_keywords, "it has no keywords (XMP, IPTC)"
        except (MetadataUnavailable, UnreadableMetadata) as error:
            return (), str(error)

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
