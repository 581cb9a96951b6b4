"""python-exiv2 (the extra ``metadata``): files opened with it, and texts in their XMP and IPTC."""

import threading
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
            told = f"its metadata cannot be read ({text_of_error(error)})"
            raise UnreadableMetadata(name, told) from error
        _require_whole(image.xmpPacket(), name)
    return image


def text_of_error(error: Exception) -> str:
    """What the library says, without the number that it gives with it."""
    return str(error.args[-1]) if error.args else type(error).__name__


def _require_whole(packet: str, name: str) -> None:
    """Refuses XMP that is no XML: the library passes over it, and would write without it."""
    try:
        if packet.strip("\0 \n\ufeff"):
            ElementTree.fromstring(packet.strip("\0 \n\ufeff"))
    except ElementTree.ParseError as error:
        raise UnreadableMetadata(
            name, f"its XMP is damaged ({error}); mend it, or delete it if nothing in it matters"
        ) from error


def array_of(xmp, key: str) -> list[str]:
    """The texts of an XMP array, or of a property that should be one."""
    return [text for datum in xmp if datum.key() == key for text in _texts_of(datum)]


def _texts_of(datum) -> list[str]:
    value = datum.value()
    if isinstance(value, exiv2().XmpArrayValue):
        return [str(text) for text in value]
    return [datum.toString()]


def text_of(xmp, key: str) -> str:
    """The text of an XMP property; "" where there is none."""
    return "".join(datum.toString() for datum in xmp if datum.key() == key)


def languages_of(xmp) -> list[str]:
    """The description in each of its languages, the default first."""
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
    return [_decoded(datum) for datum in iptc if datum.key() == key]


def _decoded(datum) -> str:
    raw = bytes(datum.value().data())
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")  # what older programs wrote without saying so
