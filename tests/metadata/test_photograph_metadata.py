"""Keywords and captions in photographs, as Pillow and an XML parser find them there."""

import io
import os
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from fabricated_photographs import encoded, jpeg, pixels
from PIL import Image, IptcImagePlugin

from s_cnn_rnn.metadata import metadata_writing
from s_cnn_rnn.metadata.exiv2_library import UnreadableMetadata
from s_cnn_rnn.metadata.metadata_writing import add_to_photograph, add_to_sidecar, holds_metadata
from s_cnn_rnn.metadata.photograph_metadata import Metadata, read_metadata
from s_cnn_rnn.metadata.picture_data import same_picture

pytest.importorskip("exiv2", reason="exiv2 is not installed (the extra `metadata`)")

RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
DC = "{http://purl.org/dc/elements/1.1/}"
ADDED = Metadata().with_addition(["Dog, big", "café"], "a dog runs", "run 1")


def picture(kind: str) -> bytes:
    return encoded(Image.fromarray(pixels(1)), kind)


def values(root: ET.Element, name: str) -> list[str]:
    return [item.text for item in root.findall(f".//{name}//{RDF}li")]


def test_additions_lose_nothing():
    there = Metadata(("Sea", "boat"), "Our boat")
    new = there.with_addition(["boat", "SEA", "sky", "sky"], "a boat", "run")
    assert new == Metadata(("Sea", "boat", "sky"), "Our boat", ("sky",), "", "run")
    assert (new.own_keywords, new.own_caption) == (("Sea", "boat"), "Our boat")
    again = new.with_addition(["sun"], "a sun", "other")
    assert again == Metadata(("Sea", "boat", "sun"), "Our boat", ("sun",), "", "other")


def test_what_a_model_added_is_replaced_and_left_where_nothing_is_added():
    new = Metadata(("sea",)).with_addition(["sky"], "a sky", "one")
    assert new == Metadata(("sea", "sky"), "a sky", ("sky",), "a sky", "one")
    assert new.own_caption == ""
    assert new.with_addition(None, "a sea", "two") == Metadata(
        ("sea", "sky"), "a sea", ("sky",), "a sea", "two"
    )
    assert new.with_addition((), None, "two") == Metadata(("sea",), "a sky", (), "a sky", "two")


def test_a_sidecar_is_what_photo_managers_read(tmp_path):
    photograph = tmp_path / "dog.jpg"
    photograph.write_bytes(jpeg(1))
    sidecar = add_to_sidecar(photograph, ADDED)
    assert sidecar == tmp_path / "dog.jpg.xmp"
    assert photograph.read_bytes() == jpeg(1)
    root = ET.parse(sidecar).getroot()
    assert values(root, f"{DC}subject") == ["Dog, big", "café"]
    assert root.find(f".//{DC}subject/{RDF}Bag") is not None
    assert values(root, f"{DC}description") == ["a dog runs"]
    assert read_metadata(photograph) == ADDED
    assert sorted(path.name for path in tmp_path.iterdir()) == ["dog.jpg", "dog.jpg.xmp"]


SIDECAR = """<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"
    xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:other="http://example.org/other/"
    xmlns:lr="http://ns.adobe.com/lightroom/1.0/" xmp:Rating="4" other:setting="kept">
   <dc:subject><rdf:Bag><rdf:li>Family</rdf:li><rdf:li>café</rdf:li></rdf:Bag></dc:subject>
   <lr:hierarchicalSubject><rdf:Bag><rdf:li>People|Family</rdf:li></rdf:Bag>
   </lr:hierarchicalSubject>
   <dc:description><rdf:Alt><rdf:li xml:lang="de">Unser Hund</rdf:li></rdf:Alt></dc:description>
   <other:steps><rdf:Seq><rdf:li rdf:parseType="Resource"><other:name>crop</other:name></rdf:li>
   </rdf:Seq></other:steps>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>"""


def test_a_sidecar_that_is_there_keeps_all_else(tmp_path):
    photograph, sidecar = tmp_path / "dog.jpg", tmp_path / "dog.xmp"
    photograph.write_bytes(jpeg(1))
    sidecar.write_text(SIDECAR, "utf-8")
    there = read_metadata(photograph)
    assert there == Metadata(("Family", "café"), "Unser Hund")
    new = there.with_addition(["dog", "Café"], "a dog", "run")
    assert add_to_sidecar(photograph, new) == sidecar
    root = ET.parse(sidecar).getroot()
    assert values(root, f"{DC}subject") == ["Family", "café", "dog"]
    assert "Unser Hund" in values(root, f"{DC}description")
    text = sidecar.read_text("utf-8")
    for kept in ("People|Family", 'Rating="4"', 'setting="kept"', "crop"):
        assert kept in text
    assert read_metadata(photograph).own_caption == "Unser Hund"


SPELLINGS = ("Dog", "dog", "cafe\u0301", "sea")
MODELS = ("DOG", "caf\u00e9", "Sea", "sun")


def subjects_of(content: str) -> list[str]:
    start = content.index("<x:xmpmeta")
    root = ET.fromstring(content[start : content.index("</x:xmpmeta>") + len("</x:xmpmeta>")])
    return values(root, f"{DC}subject")


@pytest.mark.parametrize("add", [add_to_sidecar, add_to_photograph])
def test_every_spelling_stays_and_none_is_added(tmp_path, add):
    photograph = tmp_path / "dog.jpg"
    photograph.write_bytes(jpeg(1))
    add(photograph, Metadata(SPELLINGS))
    there = read_metadata(photograph)
    assert there.keywords == SPELLINGS
    add(photograph, there.with_addition(MODELS, "a dog", "run"))
    place = photograph if add is add_to_photograph else tmp_path / "dog.jpg.xmp"
    assert subjects_of(place.read_bytes().decode("utf-8", "replace")) == [*SPELLINGS, "sun"]
    found = read_metadata(photograph)
    assert (found.own_keywords, found.added_keywords) == (SPELLINGS, ("sun",))
    if add is add_to_photograph:
        assert [t.decode() for t in iptc_of(photograph)[(2, 25)]] == [*SPELLINGS, "sun"]


def test_no_spelling_of_one_place_replaces_anothers(tmp_path):
    photograph = tmp_path / "dog.jpg"
    photograph.write_bytes(jpeg(1))
    add_to_photograph(photograph, Metadata(("dog",)))
    (tmp_path / "dog.jpg.xmp").write_text(SIDECAR.replace("Family", "Dog"), "utf-8")
    there = read_metadata(photograph)
    assert there.keywords == ("Dog", "café", "dog")
    add_to_photograph(photograph, there.with_addition(["sun"], None, "run"))
    found = subjects_of(photograph.read_bytes().decode("utf-8", "replace"))
    assert found == ["dog", "café", "sun"]


def test_a_persons_spelling_of_what_a_model_added_is_the_persons():
    added = Metadata().with_addition(["dog"], None, "run")
    edited = Metadata(("Dog",)).joined(added)
    assert edited.own_keywords == ("Dog",)
    assert edited.with_addition(["sea"], None, "run").keywords == ("Dog", "sea")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_embedded_metadata_leave_the_pixels(tmp_path, kind):
    photograph = tmp_path / f"dog.{kind.lower()}"
    content = picture(kind)
    photograph.write_bytes(content)
    photograph.chmod(0o640)
    assert holds_metadata(photograph)
    add_to_photograph(photograph, ADDED)
    assert photograph.read_bytes() != content
    before, after = (Image.open(io.BytesIO(c)) for c in (content, photograph.read_bytes()))
    np.testing.assert_array_equal(np.asarray(after), np.asarray(before))
    assert photograph.stat().st_mode & 0o777 == 0o640
    assert read_metadata(photograph) == ADDED
    assert [path.name for path in tmp_path.iterdir()] == [photograph.name]


def iptc_of(path) -> dict:
    return IptcImagePlugin.getiptcinfo(Image.open(path)) or {}


def test_iptc_for_programs_that_read_no_xmp(tmp_path):
    photograph = tmp_path / "dog.jpg"
    photograph.write_bytes(jpeg(1))
    add_to_photograph(photograph, ADDED)
    found = iptc_of(photograph)
    assert found[(2, 25)] == [b"Dog, big", "café".encode()]
    assert found[(2, 120)] == b"a dog runs"
    assert found[(1, 90)] == b"\x1b%G"


def with_iptc(path, records: list[tuple[int, bytes]]) -> None:
    """Writes a JPEG with IPTC records by hand (APP13, Photoshop's resource 0x0404)."""
    data = b"".join(b"\x1c\x02" + bytes([n]) + len(t).to_bytes(2, "big") + t for n, t in records)
    resource = (
        b"8BIM\x04\x04\x00\x00" + len(data).to_bytes(4, "big") + data + b"\0" * (len(data) % 2)
    )
    segment = b"Photoshop 3.0\x00" + resource
    content = jpeg(1)
    marked = b"\xff\xed" + (len(segment) + 2).to_bytes(2, "big") + segment
    path.write_bytes(content[:2] + marked + content[2:])


def test_iptc_that_is_there_is_added_to(tmp_path):
    photograph = tmp_path / "dog.jpg"
    version, date = (0, b"\x00\x04"), (55, b"20260701")  # no texts
    with_iptc(photograph, [version, (25, b"Family"), date, (120, b"Our dog"), (90, b"Berlin")])
    there = read_metadata(photograph)
    assert there == Metadata(("Family",), "Our dog")
    add_to_photograph(photograph, there.with_addition(["dog"], "a dog", "run"))
    found = iptc_of(photograph)
    assert (found[(2, 25)], found[(2, 120)]) == ([b"Family", b"dog"], b"Our dog")
    assert (found[(2, 90)], found[(2, 55)], found[(2, 0)]) == (b"Berlin", b"20260701", b"\x00\x04")
    assert read_metadata(photograph).own_keywords == ("Family",)


def test_iptc_of_an_older_encoding_stays(tmp_path):
    photograph = tmp_path / "dog.jpg"
    with_iptc(photograph, [(25, "Köln".encode("latin-1"))])
    there = read_metadata(photograph)
    assert there.keywords == ("Köln",)
    add_to_photograph(photograph, there.with_addition(["dog"], "a dog", "run"))
    assert iptc_of(photograph)[(2, 25)] == "Köln".encode("latin-1")
    assert read_metadata(photograph).keywords == ("Köln", "dog")


def test_iptc_that_is_not_what_it_says_stays(tmp_path):
    photograph = tmp_path / "dog.jpg"
    add_utf8 = Metadata().with_addition(["sea"], None, "run")
    with_iptc(photograph, [(25, b"Family")])
    add_to_photograph(photograph, add_utf8)  # says that it is UTF-8 now
    old = photograph.read_bytes()
    photograph.write_bytes(old.replace(b"Family", b"K\xf6ln__"))
    there = read_metadata(photograph)
    add_to_photograph(photograph, there.with_addition(["dog"], None, "run"))
    assert b"K\xf6ln__" in photograph.read_bytes()


def test_captions_of_two_places_both_stay(tmp_path):
    photograph = tmp_path / "dog.jpg"
    with_iptc(photograph, [(120, b"In the photograph")])
    photograph.with_suffix(".xmp").write_text(SIDECAR, "utf-8")
    there = read_metadata(photograph)
    assert there.caption == "Unser Hund"
    add_to_photograph(photograph, there.with_addition(["dog"], "a dog", "run"))
    assert iptc_of(photograph)[(2, 120)] == b"In the photograph"


def test_files_that_hold_none(tmp_path):
    for kind in ("GIF", "BMP"):
        photograph = tmp_path / f"dog.{kind}"
        photograph.write_bytes(picture(kind))
        assert not holds_metadata(photograph)
        with pytest.raises(UnreadableMetadata, match="use a sidecar"):
            add_to_photograph(photograph, ADDED)
        assert photograph.read_bytes() == picture(kind)
        add_to_sidecar(photograph, ADDED)
        assert read_metadata(photograph) == ADDED


def test_heic_gets_a_sidecar(tmp_path):
    heif = pytest.importorskip("pillow_heif", reason="pillow-heif is not installed (extra `heic`)")
    photograph = tmp_path / "dog.heic"
    heif.from_pillow(Image.fromarray(pixels(1))).save(photograph)
    assert not holds_metadata(photograph)
    add_to_sidecar(photograph, ADDED)
    assert read_metadata(photograph) == ADDED


def test_several_pictures_in_one_file_are_left_alone(tmp_path):
    photograph = tmp_path / "dog.jpg"
    first, second = (Image.fromarray(pixels(n)) for n in (1, 2))
    first.save(photograph, "MPO", save_all=True, append_images=[second])
    assert not holds_metadata(photograph)


def test_nothing_is_left_behind_where_writing_fails(tmp_path, monkeypatch):
    photograph = tmp_path / "dog.jpg"
    photograph.write_bytes(jpeg(1))

    def no_room(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_room)
    with pytest.raises(OSError, match="No space"):
        add_to_photograph(photograph, ADDED)
    assert photograph.read_bytes() == jpeg(1)
    assert [path.name for path in tmp_path.iterdir()] == ["dog.jpg"]


def test_changed_pixels_are_refused(tmp_path, monkeypatch):
    photograph = tmp_path / "dog.jpg"
    photograph.write_bytes(jpeg(1))
    monkeypatch.setattr(metadata_writing, "_written", lambda *_, **__: jpeg(2))
    with pytest.raises(UnreadableMetadata, match="left as it is"):
        add_to_photograph(photograph, ADDED)
    assert photograph.read_bytes() == jpeg(1)


def test_the_same_picture():
    for kind in ("JPEG", "PNG"):
        one, other = (encoded(Image.fromarray(pixels(n)), kind) for n in (1, 2))
        assert same_picture(one, one)
        assert not same_picture(one, other)
    assert not same_picture(jpeg(1), jpeg(1)[:-20])


def test_damage_is_told(tmp_path):
    photograph = tmp_path / "dog.jpg"
    photograph.write_bytes(jpeg(1))
    sidecar = tmp_path / "dog.jpg.xmp"
    sidecar.write_text('<x:xmpmeta xmlns:x="adobe:ns:meta/"><broken', "utf-8")
    with pytest.raises(UnreadableMetadata, match=r"dog\.jpg\.xmp") as told:
        read_metadata(photograph)
    assert "ErrorCode" not in str(told.value)
    with pytest.raises(UnreadableMetadata, match=r"dog\.jpg\.xmp"):
        add_to_sidecar(photograph, ADDED)
    assert "broken" in sidecar.read_text("utf-8")


def test_damaged_xmp_in_a_photograph_is_told(tmp_path):
    photograph = tmp_path / "dog.jpg"
    packet = b"http://ns.adobe.com/xap/1.0/\x00" + SIDECAR.encode()[:-40]
    segment = b"\xff\xe1" + (len(packet) + 2).to_bytes(2, "big") + packet
    content = jpeg(1)[:2] + segment + jpeg(1)[2:]
    photograph.write_bytes(content)
    with pytest.raises(UnreadableMetadata, match="damaged"):
        add_to_photograph(photograph, ADDED)
    assert photograph.read_bytes() == content
