"""Adds keywords and a caption to a photograph's metadata without losing anything that is there.

`add_to_sidecar` leaves the photograph alone, `add_to_photograph` writes into it; both take what
`Metadata.with_addition` makes of `read_metadata`.
"""

import os
import pathlib

from s_cnn_rnn.metadata.exiv2_library import (
    ADDED,
    ADDED_CAPTION,
    DESCRIPTION,
    IPTC_CAPTION,
    IPTC_KEYWORDS,
    LOCK,
    MODEL,
    SUBJECT,
    UnreadableMetadata,
    array_of,
    exiv2,
    iptc_texts,
    open_image,
    text_of,
    text_of_error,
)
from s_cnn_rnn.metadata.file_replacement import replace_file
from s_cnn_rnn.metadata.keywords import same_text, with_missing
from s_cnn_rnn.metadata.photograph_metadata import Metadata
from s_cnn_rnn.metadata.picture_data import same_picture
from s_cnn_rnn.metadata.png_texts import with_own_texts
from s_cnn_rnn.metadata.sidecars import written_sidecar

_IPTC_CHARSET, _UTF8 = "Iptc.Envelope.CharacterSet", "\x1b%G"
_LONGEST_IPTC_KEYWORD, _LONGEST_IPTC_CAPTION = 64, 2000  # bytes, as IPTC-IIM has it


def add_to_sidecar(photograph: str | os.PathLike, new: Metadata) -> pathlib.Path:
    """Writes metadata into the photograph's sidecar, all else in which stays; returns its path.

    Args:
        photograph: the file; it is not changed.
        new: from `Metadata.with_addition` of `read_metadata`.

    Raises:
        UnreadableMetadata: the sidecar that is there is damaged; it is left as it is.
        OSError: it cannot be written.
    """
    place = written_sidecar(photograph)
    if place.is_file():
        image = open_image(place.read_bytes(), str(place))
    else:
        image = exiv2().ImageFactory.create(exiv2().ImageType.xmp)
    replace_file(place, _written(image, new, str(place), iptc=False))
    return place


def holds_metadata(photograph: str | os.PathLike) -> bool:
    """Whether XMP can be written into such a file (JPEG, PNG, TIFF, WebP; not HEIC, GIF, BMP).

    Files of several pictures (MPO, as some phones write them) count as those that cannot: the
    places of the later pictures are stored as distances that would no longer hold.
    """
    return _holds_metadata(pathlib.Path(photograph).read_bytes())


def _holds_metadata(content: bytes) -> bool:
    with LOCK:
        library = exiv2()
        kind = library.ImageFactory.getType(content)
        access = library.ImageFactory.checkMode(kind, library.MetadataId.mdXmp)
    several = b"MPF\x00" in content[:1_000_000]
    return access == library.AccessMode.amReadWrite and not several


def add_to_photograph(photograph: str | os.PathLike, new: Metadata) -> None:
    """Writes metadata into the photograph itself, as XMP and as IPTC; its pixels stay bit for bit.

    The new file takes the place of the old one whole or not at all, once its picture data have
    been compared. IPTC that is written in another encoding than UTF-8 is left as it is.

    Args:
        photograph: the file.
        new: from `Metadata.with_addition` of `read_metadata`.

    Raises:
        UnreadableMetadata: the file is damaged, cannot hold metadata, or its picture data would
            not be the same; it is left as it is.
        OSError: it cannot be written.
    """
    path = pathlib.Path(photograph).resolve()  # what a link names is written, not the link
    name = os.fspath(photograph)
    old = path.read_bytes()
    if not _holds_metadata(old):
        raise UnreadableMetadata(name, "this kind of file cannot hold metadata; use a sidecar")
    content = with_own_texts(old, _written(open_image(old, name), new, name, iptc=True))
    if not same_picture(old, content):
        raise UnreadableMetadata(
            name, "its picture data would change, so that it was left as it is; use a sidecar"
        )
    replace_file(path, content)


def _written(image, new: Metadata, name: str, *, iptc: bool) -> bytes:
    """The file's content with the metadata in it."""
    with LOCK:
        library = exiv2()
        xmp = image.xmpData()
        ours, before = text_of(xmp, ADDED_CAPTION), array_of(xmp, ADDED)
        _write_array(xmp, SUBJECT, _keywords_here(array_of(xmp, SUBJECT), before, new))
        _write_array(xmp, ADDED, new.added_keywords)
        for key, text in ((MODEL, new.model), (ADDED_CAPTION, new.added_caption)):
            _remove(xmp, key)
            if text:
                xmp[key] = text
        _write_caption(xmp, new.caption, ours)
        if iptc:
            _write_iptc(image, new, ours, before)
        try:
            image.writeMetadata()
            stream = image.io()
            stream.open()
            content = bytes(stream.mmap())
            stream.munmap()
            stream.close()
        except library.Exiv2Error as error:
            told = f"its metadata cannot be written ({text_of_error(error)})"
            raise UnreadableMetadata(name, told) from error
    return content


def _keywords_here(there: list[str], before: list[str], new: Metadata) -> tuple[str, ...]:
    """What one place holds in the end: its own keywords as they are spelt, what it lacks after.

    Args:
        there: its keywords.
        before: those among them that a model added earlier; they go where it adds them no more.
        new: what the photograph's metadata are to say.
    """
    gone = set(map(same_text, before)) - set(map(same_text, new.keywords))
    kept = (keyword for keyword in there if same_text(keyword) not in gone)
    return with_missing(kept, new.keywords)


def _write_array(xmp, key: str, texts: tuple[str, ...]) -> None:
    if tuple(array_of(xmp, key)) == texts:
        return
    _remove(xmp, key)
    if texts:
        library = exiv2()
        value = library.XmpArrayValue(library.TypeId.xmpBag)
        for text in texts:
            value.read(text)
        xmp.add(library.XmpKey(key), value)


def _remove(data, key: str) -> None:
    while any(datum.key() == key for datum in data):
        del data[key]


def _write_caption(xmp, caption: str, ours: str) -> None:
    """Sets the default language, unless another's text stands there."""
    texts = {}
    for datum in xmp:
        if datum.key() == DESCRIPTION:
            if not isinstance(datum.value(), exiv2().LangAltValue):
                return
            texts = dict(datum.value())
    there = texts.pop("x-default", "")
    if there in ("", ours) and caption:
        xmp[DESCRIPTION] = exiv2().LangAltValue({"x-default": caption, **texts})


def _write_iptc(image, new: Metadata, ours: str, before: list[str]) -> None:
    """Adds to IPTC where that is written as UTF-8, or can be; another encoding is left alone."""
    library = exiv2()
    access = library.ImageFactory.checkMode(image.imageType(), library.MetadataId.mdIptc)
    iptc = image.iptcData()
    charset = "".join(datum.toString() for datum in iptc if datum.key() == _IPTC_CHARSET)
    plain = "utf-8" if charset == _UTF8 else "ascii"
    readable = all(_is(datum, plain) for datum in iptc if datum.key() != _IPTC_CHARSET)
    if access != library.AccessMode.amReadWrite or not readable:
        return
    there = iptc_texts(iptc, IPTC_KEYWORDS)
    caption = "".join(iptc_texts(iptc, IPTC_CAPTION))
    for key in (_IPTC_CHARSET, IPTC_KEYWORDS):
        _remove(iptc, key)
    iptc[_IPTC_CHARSET] = _UTF8
    for keyword in _keywords_here(there, before, new):
        if len(keyword.encode()) <= _LONGEST_IPTC_KEYWORD or keyword in there:
            iptc.add(library.IptcKey(IPTC_KEYWORDS), library.StringValue(keyword))
    fits = 0 < len(new.caption.encode()) <= _LONGEST_IPTC_CAPTION
    if caption in ("", ours) and fits:
        iptc[IPTC_CAPTION] = new.caption


def _is(datum, encoding: str) -> bool:
    value = datum.value()
    if not isinstance(value, exiv2().StringValue):
        return True  # a number, a date
    try:
        bytes(value.data()).decode(encoding)
    except UnicodeDecodeError:
        return False
    return True
