"""Annotations into photographs' metadata: what is added, where to, and which are done already."""

import os
import pathlib
from collections.abc import Sequence

from s_cnn_rnn.annotating.annotation import Annotation
from s_cnn_rnn.metadata.metadata_writing import add_to_photograph, add_to_sidecar, holds_metadata
from s_cnn_rnn.metadata.photograph_metadata import Metadata, exiv2, read_metadata, sidecars

PLACES = ("sidecar", "embedded")


class MetadataOutput:
    """Writes captions and labels where photo managers read them.

    Args:
        place: "sidecar" (photographs stay as they are) or "embedded" (in the photographs
            themselves; in a sidecar where that kind of file cannot hold any).
        model: what the mark names.
        dry_run: whether nothing is written, but told.

    Raises:
        MetadataUnavailable: the library is missing.
    """

    def __init__(self, place: str, model: str, *, dry_run: bool = False):
        exiv2()
        self.place, self.model, self.dry_run = place, model, dry_run

    def carries_mark(self, photograph: str | os.PathLike) -> bool:
        """Whether it, or its sidecar, was annotated before.

        Raises:
            UnreadableMetadata, OSError: they cannot be read.
        """
        return bool(read_metadata(photograph).model)

    def write(self, annotations: Sequence[Annotation]) -> str:
        """Adds a photograph's annotations to its metadata; returns a line that says what and where.

        Raises:
            UnreadableMetadata, OSError: it is left as it is.
        """
        photograph = annotations[0].file_name
        there = read_metadata(photograph)
        keywords = caption = None
        for annotation in annotations:
            if annotation.kind == "captions":
                caption = annotation.text
            else:
                keywords = annotation.words
        new = there.with_addition(keywords, caption, self.model)
        embedded = self.place == "embedded" and holds_metadata(photograph)
        if not self.dry_run:
            write = add_to_photograph if embedded else add_to_sidecar
            write(photograph, new)
        return self._told(photograph, there, new, embedded)

    def _told(self, photograph: str, there: Metadata, new: Metadata, embedded: bool) -> str:
        place = photograph
        if not embedded:
            places = sidecars(photograph)
            place = next((p for p in places if p.is_file()), places[0])
        parts = [f"keywords {', '.join(new.added_keywords) or 'none'}"]
        if new.added_caption:
            parts.append(f"caption {new.added_caption!r}")
        elif there.own_caption:
            parts.append("no caption (it has one)")
        verb = "would add" if self.dry_run else "added"
        return f"{pathlib.Path(place)}: {verb} {'; '.join(parts)}"
