"""Annotations into photographs' metadata: what is added, where to, and which are done already."""

import os
from collections.abc import Mapping, Sequence

from experiments.annotation_forms import with_probability
from s_cnn_rnn.annotating.annotation import Annotation
from s_cnn_rnn.file_names import shown_name
from s_cnn_rnn.metadata.exiv2_library import exiv2
from s_cnn_rnn.metadata.file_replacement import NotReplaceable
from s_cnn_rnn.metadata.metadata_writing import add_to_photograph, add_to_sidecar, holds_metadata
from s_cnn_rnn.metadata.photograph_metadata import Metadata, read_metadata
from s_cnn_rnn.metadata.sidecars import written_sidecar

PLACES = ("sidecar", "embedded")


class MetadataOutput:
    """Writes captions and labels where photo managers read them.

    Args:
        place: "sidecar" (photographs stay as they are) or "embedded" (in the photographs
            themselves; in a sidecar where that kind of file cannot hold any).
        model: what the mark names.
        dry_run: whether nothing is written, but told.
        again: whether photographs that carry the mark of an earlier annotation are written anew.

    Raises:
        MetadataUnavailable: the library is missing.
    """

    def __init__(self, place: str, model: str, *, dry_run: bool = False, again: bool = False):
        exiv2()
        self.place, self.model, self.dry_run, self.again = place, model, dry_run, again

    def is_done(self, photograph: str | os.PathLike) -> bool:
        """Whether nothing is to be written: it, or its sidecar, was annotated before.

        Raises:
            UnreadableMetadata, OSError: they cannot be read.
        """
        return self._is_done(read_metadata(photograph))

    def _is_done(self, there: Metadata) -> bool:
        return bool(there.model) and not self.again

    def write(self, annotations: Sequence[Annotation]) -> str | None:
        """Adds a photograph's annotations to its metadata.

        Returns:
            A line that says what was added, and where; None where it was annotated before.

        Raises:
            UnreadableMetadata, OSError: it is left as it is.
        """
        photograph = annotations[0].file_name
        there = read_metadata(photograph)
        if self._is_done(there):
            return None
        keywords = caption = None
        sure = {}
        for annotation in annotations:
            if annotation.kind == "captions":
                caption = annotation.text
            else:
                keywords = annotation.words
                sure = {word: annotation.probability(word) for word in keywords}
        new = there.with_addition(keywords, caption, self.model)
        embedded = self.place == "embedded" and holds_metadata(photograph)
        place = photograph if embedded else written_sidecar(photograph)
        if not self.dry_run:
            write = _embed if embedded else add_to_sidecar
            write(photograph, new)
        return f"{shown_name(place)}: {self._told(there, new, sure if self.dry_run else {})}"

    def _told(self, there: Metadata, new: Metadata, sure: Mapping[str, float | None]) -> str:
        keywords = (with_probability(word, sure.get(word)) for word in new.added_keywords)
        parts = [f"keywords {', '.join(keywords) or 'none'}"]
        if new.added_caption:
            parts.append(f"caption {new.added_caption!r}")
        elif there.own_caption:
            parts.append("no caption (it has one)")
        verb = "would add" if self.dry_run else "added"
        return f"{verb} {'; '.join(parts)}"


def _embed(photograph: str | os.PathLike, new: Metadata) -> None:
    try:
        add_to_photograph(photograph, new)
    except NotReplaceable as error:  # a sidecar beside it would be a file of its own
        raise NotReplaceable(error.errno, f"{error.strerror}; use --write=sidecar") from error
