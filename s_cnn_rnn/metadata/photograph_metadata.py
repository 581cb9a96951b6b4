"""Keywords and captions in a photograph's own metadata (XMP, IPTC) and in its XMP sidecars.

What a model added (`metadata_writing`) is marked as such, so that what people wrote and what a
program wrote stay apart.
"""

import dataclasses
import os
import pathlib
from collections.abc import Iterable

from s_cnn_rnn.metadata.exiv2_library import (
    ADDED,
    ADDED_CAPTION,
    IPTC_CAPTION,
    IPTC_KEYWORDS,
    LOCK,
    MODEL,
    SUBJECT,
    array_of,
    exiv2,
    iptc_texts,
    languages_of,
    open_image,
    text_of,
)
from s_cnn_rnn.metadata.keywords import all_texts, each_once, same_text, with_missing
from s_cnn_rnn.metadata.sidecars import sidecars


@dataclasses.dataclass(frozen=True)
class Metadata:
    """What metadata say of a photograph.

    Args:
        keywords: all, as they are spelt there, in their order.
        caption: "" if there is none.
        added_keywords: those among them that were added by a model.
        added_caption: the caption that a model wrote; "" if none did.
        model: the model that annotated it; "" if none did.
    """

    keywords: tuple[str, ...] = ()
    caption: str = ""
    added_keywords: tuple[str, ...] = ()
    added_caption: str = ""
    model: str = ""

    @property
    def own_keywords(self) -> tuple[str, ...]:
        """The keywords that no model added: those of people, or of other programs."""
        added = {same_text(keyword) for keyword in self.added_keywords}
        return tuple(keyword for keyword in self.keywords if same_text(keyword) not in added)

    @property
    def own_caption(self) -> str:
        """The caption, unless a model wrote it."""
        return "" if self.caption == self.added_caption else self.caption

    def joined(self, other: "Metadata") -> "Metadata":
        """What this and another place say of one photograph together."""
        return Metadata(
            all_texts(self.keywords, other.keywords),
            self.own_caption or other.own_caption or self.caption or other.caption,
            all_texts(self.added_keywords, other.added_keywords),
            self.added_caption or other.added_caption,
            self.model or other.model,
        )

    def with_addition(
        self, keywords: Iterable[str] | None, caption: str | None, model: str
    ) -> "Metadata":
        """What stands there once a model has added its own.

        Keywords and a caption that no model added stay as they are, and none of them is added in
        another spelling; what a model added before is replaced.

        Args:
            keywords: to add; None leaves those that were added before.
            caption: to add where there is none of another's; None leaves what was added before.
            model: recorded as the mark.
        """
        own = self.own_keywords
        added = self.added_keywords if keywords is None else each_once(keywords)
        added = with_missing(own, added)[len(own) :]
        if caption is None:
            caption = self.added_caption
        if self.own_caption:
            return Metadata((*own, *added), self.own_caption, added, "", model)
        return Metadata((*own, *added), caption, added, caption, model)


def read_metadata(photograph: str | os.PathLike | bytes) -> Metadata:
    """What a photograph and its sidecars say.

    Args:
        photograph: the file, or its content (which has no sidecar).

    Raises:
        UnreadableMetadata: the photograph's own or a sidecar's are damaged.
        MetadataUnavailable: the library is missing.
        OSError: a file cannot be read.
    """
    if isinstance(photograph, bytes):
        return _read(photograph, "a photograph")
    found = _read(pathlib.Path(photograph).read_bytes(), os.fspath(photograph))
    for sidecar in reversed(sidecars(photograph)):  # what the nearest says counts most
        said = _of_image(sidecar.image)
        if sidecar.shared:
            said = Metadata(said.own_keywords, said.own_caption)
        found = said.joined(found)
    return found


def _read(content: bytes, name: str) -> Metadata:
    with LOCK:
        library = exiv2()
        try:
            kind = library.ImageFactory.getType(content)
        except library.Exiv2Error:  # too short to be any
            kind = library.ImageType.none
        if kind == library.ImageType.none:
            return Metadata()  # what nobody writes metadata into
    return _of_image(open_image(content, name))


def _of_image(image) -> Metadata:
    with LOCK:
        xmp, iptc = image.xmpData(), image.iptcData()
        captions = (*languages_of(xmp), *iptc_texts(iptc, IPTC_CAPTION))
        return Metadata(
            all_texts(array_of(xmp, SUBJECT), iptc_texts(iptc, IPTC_KEYWORDS)),
            next((caption for caption in captions if caption.strip()), "").strip(),
            tuple(array_of(xmp, ADDED)),
            text_of(xmp, ADDED_CAPTION),
            text_of(xmp, MODEL),
        )
