"""The same picture in two splits, whatever its names: told, since scores would profit from it."""

from collections.abc import Iterator

from data_prep.records import Problem
from s_cnn_rnn.data.prepared import Annotation


class PicturesSeen:
    """Remembers which split had a picture first, by the sha256 of its stored bytes."""

    def __init__(self):
        self._first: dict[str, tuple[str, str]] = {}

    def see(self, split: str, annotation: Annotation, file: str, line: int) -> Iterator[Problem]:
        """Notes the picture if an earlier split has it.

        It stays: published splits have some, and leaving them out would change the scores. (Of a
        user's own folder it is left out already, by the reader.)

        Args:
            split: where it is now.
            annotation: the picture.
            file: what names it, for the message.
            line: the line in that file.
        """
        content = annotation.photograph_sha256
        earlier_split, name = self._first.setdefault(content, (split, annotation.file_name))
        if earlier_split != split:
            yield Problem(
                file=file,
                line=line,
                expected="every photograph in one split",
                found=f"the same picture as {name} in {earlier_split}",
                advice=f"take it out of {split} or {earlier_split} in the data set's own files if "
                "scores must not profit from it; it is kept",
                severity="note",
                record=annotation.file_name,
            )
