"""dog.jpg and dog.png in one folder: whose is dog.xmp?"""

import pytest
from fabricated_photographs import encoded, jpeg, pixels
from PIL import Image

pytest.importorskip("exiv2", reason="exiv2 is not installed (the extra `metadata`)")

from s_cnn_rnn.metadata.metadata_writing import add_to_sidecar
from s_cnn_rnn.metadata.photograph_metadata import Metadata, read_metadata
from s_cnn_rnn.metadata.sidecars import sidecars, written_sidecar

SIDECAR = """<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"
    xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/"{named}>
   <dc:subject><rdf:Bag><rdf:li>Family</rdf:li></rdf:Bag></dc:subject>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>"""


def sidecar(named: str = "") -> str:
    """As Adobe's programs write it, with the ending of the file that it is of."""
    return SIDECAR.format(named=f' photoshop:SidecarForExtension="{named}"' if named else "")


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "dog.jpg").write_bytes(jpeg(1))
    return tmp_path


def with_png(folder):
    path = folder / "dog.png"
    path.write_bytes(encoded(Image.fromarray(pixels(2)), "PNG"))
    return path


def added(path, keyword: str):
    new = read_metadata(path).with_addition([keyword], f"a {keyword}", "run")
    return add_to_sidecar(path, new)


def test_two_photographs_of_one_stem_have_each_their_own(folder):
    png = with_png(folder)
    (folder / "dog.xmp").write_text(sidecar(), "utf-8")
    for path, keyword in ((folder / "dog.jpg", "left"), (png, "right")):
        assert not read_metadata(path).model
        assert added(path, keyword) == path.with_name(f"{path.name}.xmp")
        expected = Metadata(("Family", keyword), f"a {keyword}", (keyword,), f"a {keyword}", "run")
        assert read_metadata(path) == expected
    assert (folder / "dog.xmp").read_text("utf-8") == sidecar()


def test_what_a_model_added_to_a_common_one_is_nobodys(folder):
    """dog.xmp was written when dog.jpg was alone."""
    (folder / "dog.xmp").write_text(sidecar(), "utf-8")
    assert added(folder / "dog.jpg", "left") == folder / "dog.xmp"
    assert read_metadata(folder / "dog.jpg").model == "run"
    png = with_png(folder)
    assert read_metadata(folder / "dog.jpg") == read_metadata(png) == Metadata(("Family",))


@pytest.mark.parametrize("named", ["jpg", "JPG"])
def test_the_named_one_is_its_owner(folder, named):
    png = with_png(folder)
    (folder / "dog.xmp").write_text(sidecar(named), "utf-8")
    assert written_sidecar(folder / "dog.jpg") == folder / "dog.xmp"
    assert written_sidecar(png) == folder / "dog.png.xmp"
    assert read_metadata(folder / "dog.jpg").keywords == ("Family",)
    assert read_metadata(png) == Metadata()


def test_a_raw_files_sidecar_is_read_and_left_alone(folder):
    (folder / "dog.xmp").write_text(sidecar("CR2"), "utf-8")
    assert read_metadata(folder / "dog.jpg").keywords == ("Family",)
    assert added(folder / "dog.jpg", "left") == folder / "dog.jpg.xmp"
    assert (folder / "dog.xmp").read_text("utf-8") == sidecar("CR2")


def test_names_that_differ_in_case_alone_are_two(folder):
    other = folder / "dog.JPG"
    if other.exists():
        pytest.skip("upper and lower case are one on this disk")
    other.write_bytes(jpeg(3))
    (folder / "dog.xmp").write_text(sidecar("JPG"), "utf-8")
    assert written_sidecar(folder / "dog.jpg") == folder / "dog.jpg.xmp"
    assert written_sidecar(other) == folder / "dog.JPG.xmp"


def test_the_sidecar_of_one_name_is_no_others_common_one(folder):
    (folder / "dog.jpg.png").write_bytes(jpeg(3))
    (folder / "dog.jpg.xmp").write_text(sidecar(), "utf-8")
    assert sidecars(folder / "dog.jpg.png") == []
    assert written_sidecar(folder / "dog.jpg") == folder / "dog.jpg.xmp"


def test_the_nearest_counts_most(folder):
    (folder / "dog.xmp").write_text(sidecar(), "utf-8")
    near = Metadata(("Sea",), "Our boat")
    (folder / "dog.jpg.xmp").write_text(sidecar().replace("Family", "family"), "utf-8")
    add_to_sidecar(folder / "dog.jpg", near)
    found = read_metadata(folder / "dog.jpg")
    assert found.keywords == ("family", "Sea", "Family")
    assert found.caption == "Our boat"
