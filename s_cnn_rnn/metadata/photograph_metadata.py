"""Keywords and captions in a photograph's own metadata (XMP, IPTC) and in its XMP sidecar.

What a model added (`metadata_writing`) is marked as such, so that what people wrote and what a
program wrote stay apart. The extra ``metadata`` (python-exiv2) does the work.
"""

import dataclasses
import os
import pathlib
import threading
import unicodedata
from collections.abc import Iterable
from types import ModuleType
from xml.etree import ElementTree

NAMESPACE = "urn:x-s-cnn-rnn:annotation:1.0:"
"""Of the mark: model, keywords and caption that were added."""
_PREFIX = "scnnrnn"
SUBJECT, DESCRIPTION = "Xmp.dc.subject", "Xmp.dc.description"
MODEL, ADDED = f"Xmp.{_PREFIX}.Model", f"Xmp.{_PREFIX}.Keywords"
ADDED_CAPTION = f"Xmp.{_PREFIX}.Caption"
IPTC_KEYWORDS = "Iptc.Application2.Keywords"
IPTC_CAPTION = "Iptc.Application2.Caption"
LOCK = threading.RLock()  # exiv2's XMP parser is one for the whole process


class MetadataUnavailable(ImportError):
    """The library that reads and writes metadata is not installed; the message says what to do."""


class UnreadableMetadata(ValueError):
    """Metadata that is damaged, or a file whose kind cannot hold any.

    Args:
        name: the file.
        reason: what was expected and what came.
    """

    def __init__(self, name: str, reason: str):
        super().__init__(f"{name}: {reason}")
        self.name, self.reason = name, reason


@dataclasses.dataclass(frozen=True)
class Metadata:
    """What metadata say of a photograph.

    Args:
        keywords: all, each once, in their order.
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
        added = {_same(keyword) for keyword in self.added_keywords}
        return tuple(keyword for keyword in self.keywords if _same(keyword) not in added)

    @property
    def own_caption(self) -> str:
        """The caption, unless a model wrote it."""
        return "" if self.caption == self.added_caption else self.caption

    def joined(self, other: "Metadata") -> "Metadata":
        """What this and another place say of one photograph together."""
        return Metadata(
            each_once((*self.keywords, *other.keywords)),
            self.own_caption or other.own_caption or self.caption or other.caption,
            each_once((*self.added_keywords, *other.added_keywords)),
            self.added_caption or other.added_caption,
            self.model or other.model,
        )

    def with_addition(
        self, keywords: Iterable[str] | None, caption: str | None, model: str
    ) -> "Metadata":
        """What stands there once a model has added its own.

        Keywords and a caption that no model added stay as they are; what a model added before is
        replaced.

        Args:
            keywords: to add; None leaves those that were added before.
            caption: to add where there is none of another's; None leaves what was added before.
            model: recorded as the mark.
        """
        own = self.own_keywords
        known = {_same(keyword) for keyword in own}
        added = self.added_keywords if keywords is None else each_once(keywords)
        added = tuple(keyword for keyword in added if _same(keyword) not in known)
        if caption is None:
            caption = self.added_caption
        if self.own_caption:
            return Metadata((*own, *added), self.own_caption, added, "", model)
        return Metadata((*own, *added), caption, added, caption, model)


def each_once(keywords: Iterable[str]) -> tuple[str, ...]:
    """Leaves out empty keywords and those that differ from earlier ones in case alone."""
    found = {}
    for keyword in keywords:
        if keyword.strip():
            found.setdefault(_same(keyword), keyword.strip())
    return tuple(found.values())


def _same(keyword: str) -> str:
    return unicodedata.normalize("NFC", keyword.strip()).casefold()


def exiv2() -> ModuleType:
    """The library, ready for use.

    Raises:
        MetadataUnavailable: it is not installed.
    """
    try:
        import exiv2 as library
    except ImportError as error:
        raise MetadataUnavailable(
            f"keywords and captions in photographs need python-exiv2 ({error}): pip install exiv2, "
            "or install s-cnn-rnn with the extra `metadata`"
        ) from error
    with LOCK:
        if _PREFIX not in library.XmpProperties.registeredNamespaces():
            library.LogMsg.setLevel(library.LogMsg.Level.mute)
            library.XmpParser.initialize()
            library.XmpProperties.registerNs(NAMESPACE, _PREFIX)
    return library


def sidecars(photograph: str | os.PathLike) -> tuple[pathlib.Path, pathlib.Path]:
    """Where an XMP sidecar may be: dog.jpg.xmp (darktable, digiKam) or dog.xmp (Adobe)."""
    path = pathlib.Path(photograph)
    return path.with_name(f"{path.name}.xmp"), path.with_suffix(".xmp")


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
    for sidecar in sidecars(photograph):
        if sidecar.is_file():
            found = _of_image(open_image(sidecar.read_bytes(), str(sidecar))).joined(found)
    return found


def open_image(content: bytes, name: str):
    """The library's view of a file, its metadata read.

    Raises:
        UnreadableMetadata: it is damaged.
    """
    with LOCK:
        library = exiv2()
        try:
            image = library.ImageFactory.open(content)
            image.readMetadata()
        except library.Exiv2Error as error:
            raise UnreadableMetadata(name, f"its metadata cannot be read ({error})") from error
        _require_whole(image.xmpPacket(), name)
    return image


def _require_whole(packet: str, name: str) -> None:
    """Refuses XMP that is no XML: the library passes over it, and would write without it."""
    try:
        if packet.strip("\0 \n\ufeff"):
            ElementTree.fromstring(packet.strip("\0 \n\ufeff"))
    except ElementTree.ParseError as error:
        raise UnreadableMetadata(
            name, f"its XMP is damaged ({error}); mend it, or delete it if nothing in it matters"
        ) from error


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
        keywords = (*_array(xmp, SUBJECT), *iptc_texts(iptc, IPTC_KEYWORDS))
        captions = (*_alternatives(xmp), *iptc_texts(iptc, IPTC_CAPTION))
        return Metadata(
            each_once(keywords),
            next((caption for caption in captions if caption.strip()), "").strip(),
            tuple(_array(xmp, ADDED)),
            "".join(text_of(xmp, ADDED_CAPTION)),
            "".join(text_of(xmp, MODEL)),
        )


def _array(xmp, key: str) -> list[str]:
    return [text for datum in xmp if datum.key() == key for text in _texts_of(datum)]


def _texts_of(datum) -> list[str]:
    value = datum.value()
    if isinstance(value, exiv2().XmpArrayValue):
        return [str(text) for text in value]
    return [datum.toString()]


def text_of(xmp, key: str) -> list[str]:
    """The text of a property, or nothing."""
    return [datum.toString() for datum in xmp if datum.key() == key]


def _alternatives(xmp) -> list[str]:
    """The description's languages, the default first."""
    for datum in xmp:
        if datum.key() == DESCRIPTION:
            value = datum.value()
            if not isinstance(value, exiv2().LangAltValue):
                return [datum.toString()]
            texts = dict(value)
            return [texts.pop("x-default", ""), *texts.values()]
    return []


def iptc_texts(iptc, key: str) -> list[str]:
    """The texts of a dataset, which may be there several times."""
    return [decoded(datum) for datum in iptc if datum.key() == key]


def decoded(datum) -> str:
    """An IPTC text."""
    raw = bytes(datum.value().data())
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")  # what older programs wrote without saying so
