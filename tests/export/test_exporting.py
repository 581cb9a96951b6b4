"""Whole exports of tiny runs: what is written, what is refused, what a failed gate leaves."""

import io
import json
import pathlib
import shutil
import subprocess
import sys
import zipfile

import fabricated_photographs
import pytest
from fabricated_photographs import encoded
from finished_runs import untrained_run
from PIL import Image

from s_cnn_rnn.data.prepared import PreparedData
from s_cnn_rnn.export import FORMATS, ExportDiffers, Gate, export_run
from s_cnn_rnn.export.comparing import Comparison, compare
from s_cnn_rnn.runs.ensemble_folder import make_ensemble
from s_cnn_rnn.runs.handover import load_model
from s_cnn_rnn.runs.run_folder import RunFolder

EXAMPLES = pathlib.Path(__file__).parents[2] / "docs" / "export"
PHOTOGRAPHS = 6  # of the validation part
BLOCKED = {
    "saved_model": ["s_cnn_rnn", "keras"],
    "onnx": ["s_cnn_rnn", "keras", "tensorflow"],
    "litert": ["s_cnn_rnn", "keras", "tensorflow"],
}
NARROW = {"units": 16, "word_embedding": 16, "longest": 16}
LABELS = {"task": "labels", "stages": {"cnn": {"steps": 1}}, "decoding": {"width": 1}}


@pytest.fixture(scope="module", params=list(FORMATS))
def exported(request, tiny_run, tmp_path_factory):
    """(format, path of the artefact, report) of the captions of `ours`."""
    pytest.importorskip("ai_edge_litert" if request.param == "litert" else "tensorflow")
    path = tmp_path_factory.mktemp("exported") / "ours"
    return request.param, path, export_run(tiny_run.path, request.param, path)


def test_the_texts_are_the_runs(exported, tiny_run):
    form, path, report = exported
    assert report["passed"]
    assert (report["same"], report["photographs"]) == (PHOTOGRAPHS, PHOTOGRAPHS)
    assert report["score"]["metric"] == "CIDEr"
    assert report["score"]["original"] == report["score"]["exported"]
    assert report["weights"] == tiny_run.weights_digest()
    assert report["megabytes"] > 0.1
    assert all(milliseconds > 0 for milliseconds in report["milliseconds_a_photograph"].values())
    assert json.loads(path.with_name("ours.report.json").read_text("utf-8")) == report
    assert sorted(p.name for p in path.parent.iterdir()) == ["ours", "ours.report.json"], form


def test_what_needs_the_train_split_is_refused(tiny_run, tmp_path):
    run = make_ensemble(tmp_path / "run", [tiny_run], {"consensus": 6, "photographs_vote": True})
    with pytest.raises(ValueError, match="which exported models do not have"):
        export_run(run.path, "saved_model", tmp_path / "exported")
    assert not (tmp_path / "exported").exists()


def test_the_example_runs_without_this_package(exported, tiny_run, tiny_data, tmp_path):
    from s_cnn_rnn.annotator import Annotator

    form, path, _ = exported
    jpegs = tiny_data.photographs("validation", [0, 3])
    # Its colours are those of the first, but nothing of them is to be seen.
    hidden = Image.open(io.BytesIO(jpegs[0])).convert("RGB")
    hidden.putalpha(0)
    pictures = [*jpegs, encoded(hidden, "PNG")]
    names = ["a.jpg", "b.jpg", "c.png"]
    for name, picture in zip(names, pictures, strict=True):
        (tmp_path / name).write_bytes(picture)
    # An import of what is None in sys.modules fails as if it were not installed.
    blocked = f"import runpy, sys; sys.modules.update(dict.fromkeys({BLOCKED[form]})); "
    script = EXAMPLES / f"{form}_example.py"
    command = f"{blocked}sys.argv = {['', str(path), *names]!r}; runpy.run_path({str(script)!r})"
    done = subprocess.run(
        [sys.executable, "-c", command], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found = Annotator.from_run(tiny_run.path).annotate(pictures)
    expected = [annotation.text for annotation in found]
    assert done.stdout.splitlines() == [f"{n}: {t}" for n, t in zip(names, expected, strict=True)]
    assert all(expected)


def test_words_and_concepts_are_inside(exported, tiny_run):
    form, path, _ = exported
    vocabulary = tiny_run.vocabulary()
    words, concepts, description = _inside(form, path)
    assert [words[number] for number in vocabulary.encode(vocabulary.words)[1:-1]] == list(
        vocabulary.words
    )
    assert words[:4] == ["", "", "", "<unknown>"]
    assert concepts == list(vocabulary.concepts)
    assert description["systems"] == ["ours"]
    assert description["search"] == {"beam_width": 3, "length_normalisation": 0.0, "longest": 16}


def _inside(form: str, path: pathlib.Path) -> tuple[list[str], list[str], dict]:
    if form == "onnx":
        import onnx

        properties = {p.key: json.loads(p.value) for p in onnx.load(path).metadata_props}
        return properties["words"], properties["concepts"], properties["description"]
    if form == "litert":
        archive = zipfile.ZipFile(path)
        files = {name: archive.read(name).decode("utf-8") for name in archive.namelist()}
    else:
        files = {f.name: f.read_text("utf-8") for f in (path / "assets.extra").iterdir()}
    lists = [files[name].split("\n")[:-1] for name in ("words.txt", "concepts.txt")]
    return *lists, json.loads(files["description.json"])


@pytest.mark.parametrize("form", list(FORMATS))
def test_labels_above_thresholds(form, tiny_data, tmp_path):
    run = untrained_run(tmp_path / "run", tiny_data, system="cnn-logistic", **LABELS)
    report = export_run(run.path, form, tmp_path / "labels", labels="label_thresholds")
    assert report["same"] == PHOTOGRAPHS
    assert report["labels"] == "label_thresholds"
    assert report["score"]["metric"] == "O-F1"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("system", "formats", "settings"),
    [
        ("ours+attention", ("onnx", "litert"), {}),
        ("ours+transformer", ("onnx", "litert"), {"model": {**NARROW, "longest": 6}}),
        ("msr-captivator", ("onnx", "litert"), {}),
        ("att", ("onnx",), {"model": NARROW}),
        ("nic-f", ("litert",), {}),
        ("m-rnn", ("onnx",), {}),
        ("ours+tags", ("litert",), LABELS),
        ("ria", ("saved_model",), LABELS),
        ("cnn-rnn", ("litert",), LABELS),
    ],
)
def test_every_kind_of_system(system, formats, settings, tiny_data, tmp_path):
    run = untrained_run(tmp_path / "run", tiny_data, system=system, **settings)
    for form in formats:
        report = export_run(run.path, form, tmp_path / form)
        assert report["same"] == PHOTOGRAPHS


@pytest.mark.slow
def test_an_ensemble(tiny_run, tiny_data, tmp_path):
    other = untrained_run(tmp_path / "nic", tiny_data, system="nic-deeply", seed=3)
    ensemble = make_ensemble(tmp_path / "both", [tiny_run, other])
    for form in ("saved_model", "onnx"):
        report = export_run(ensemble.path, form, tmp_path / form)
        assert report["same"] == PHOTOGRAPHS


@pytest.mark.slow
def test_an_ensemble_that_sees_two_sizes(tiny_run, tiny_data, tmp_path):
    encoder = tiny_run.settings().to_dict()["encoder"]
    encoder = encoder | {"image_size": encoder["image_size"] + 16}
    other = untrained_run(tmp_path / "other", tiny_data, encoder=encoder, seed=3)
    ensemble = make_ensemble(tmp_path / "both", [tiny_run, other])
    report = export_run(ensemble.path, "saved_model", tmp_path / "exported")
    assert report["same"] == PHOTOGRAPHS


@pytest.mark.parametrize(
    ("form", "precision", "share"),
    [
        pytest.param("onnx", "float16", 0.7, marks=pytest.mark.slow),
        pytest.param("litert", "float16", 0.8, marks=pytest.mark.slow),
        ("litert", "int8", 0.7),
    ],
)
def test_fewer_bits_are_smaller(form, precision, share, tiny_run, tmp_path):
    """Than the weights alone would be in float32, graph and words included."""
    gate = Gate(tolerance=1, lost=10)  # of a run that has hardly learnt
    report = export_run(tiny_run.path, form, tmp_path / "small", precision=precision, gate=gate)
    parts = load_model(tiny_run).present_parts().values()
    weights = sum(part.count_params() * 4 for part in parts)
    assert report["megabytes"] < share * weights / 1e6


def test_a_run_that_differs_does_not_pass(tiny_run, tmp_path, monkeypatch):
    monkeypatch.setattr(Comparison, "same", 5)
    output = tmp_path / "ours"
    with pytest.raises(ExportDiffers, match=r"ours\.failed: 1 of 6 texts differ.*at most 0"):
        export_run(tiny_run.path, "saved_model", output)
    report = json.loads((tmp_path / "ours.failed.report.json").read_text("utf-8"))
    assert not report["passed"]
    assert not output.exists()
    assert (tmp_path / "ours.failed").is_dir()
    with pytest.raises(FileExistsError, match=r"ours\.failed: exists already"):
        export_run(tiny_run.path, "saved_model", output)


def test_the_gate():
    scores = {"metric": "CIDEr", "original_score": 0.5, "exported_score": 0.4949}
    times = {"original_milliseconds": 1.0, "milliseconds": 1.0}
    one = Comparison("captions", ("a", "b", "c", "d"), ("a", "b", "c", "x"), **scores, **times)
    assert (one.same, one.lost) == (3, pytest.approx(0.0051))
    assert one.as_json()["different"] == [{"original": "d", "exported": "x"}]
    assert "1 of 4 texts differ" in Gate(tolerance=0.24).why_not(one)
    assert "from 0.5000 to 0.4949" in Gate(tolerance=0.25).why_not(one)
    assert Gate(tolerance=0.25, lost=0.006).why_not(one) == ""
    tolerances = {
        f"{name} {precision}": Gate().for_format(form, precision).tolerance
        for name, form in FORMATS.items()
        for precision in form.precisions
    }
    assert tolerances == {
        "saved_model float32": 0,
        "onnx float32": 0.01,
        "onnx float16": 0.05,
        "litert float32": 0.01,
        "litert float16": 0.2,
        "litert int8": 0.3,
    }
    assert Gate(tolerance=0.5).for_format(FORMATS["onnx"], "float32").tolerance == 0.5
    nobody = Comparison("labels", ("a, b", "a"), ("b, a", "b"), "", None, None, 1.0, 1.0)
    assert nobody.same == 1  # the order of labels says nothing
    # Where nothing can be scored, with fewer bits as well, the texts decide.
    assert "1 of 2 texts differ" in Gate().for_format(FORMATS["litert"], "int8").why_not(nobody)
    assert Gate(tolerance=0.5).why_not(nobody) == ""


def test_photographs_of_ones_own_in_the_place_of_the_data(tiny_run, tiny_data, tmp_path, caplog):
    """A run whose data set is not at hand; damaged ones are told and left out."""
    run = RunFolder(shutil.copytree(tiny_run.path, tmp_path / "run"))
    elsewhere = json.loads(run.settings_path.read_text("utf-8")) | {"data": "elsewhere/1.0.0"}
    run.settings_path.write_text(json.dumps(elsewhere), "utf-8")
    with pytest.raises(FileNotFoundError, match=r"elsewhere.*--compare_on=FOLDER"):
        export_run(run.path, "saved_model", tmp_path / "out")
    own = tmp_path / "own"
    own.mkdir()
    for name, content in (
        ("a.jpg", tiny_data.photographs("validation", [0])[0]),
        ("b.png", fabricated_photographs.USABLE["rgba.png"]()),
        ("c.jpg", b"no picture"),
        ("d.jpg", fabricated_photographs.rotated_by_exif()),
        ("e.jpg", tiny_data.photographs("validation", [1])[0]),
    ):
        (own / name).write_bytes(content)
    files = tuple(sorted(own.iterdir()))
    gate = Gate(photographs=3, own_photographs=files)
    report = export_run(run.path, "saved_model", tmp_path / "out", gate=gate)
    assert report["compared_on"] == {"data": "photographs of one's own"}
    assert (report["same"], report["photographs"]) == (3, 3)
    assert report["score"]["metric"] == ""
    assert "c.jpg: expected a picture" in caplog.text
    gate = Gate(own_photographs=(own / "c.jpg",))
    with pytest.raises(ValueError, match="none of 1 photographs can be read"):
        export_run(run.path, "saved_model", tmp_path / "none", gate=gate)
    assert not list(tmp_path.glob("none*"))


def test_nothing_is_exported_where_nothing_can_be_compared(tiny_run, tmp_path, monkeypatch):
    monkeypatch.setattr(PreparedData, "annotations", lambda *_: [])
    with pytest.raises(ValueError, match=r"no photograph in its validation part.*--compare_on"):
        export_run(tiny_run.path, "saved_model", tmp_path / "out")
    assert not list(tmp_path.iterdir())
    with pytest.raises(ValueError, match="no photograph to compare"):
        compare(None, None, None, [], [], progress=None)


def test_what_cannot_be_exported(tiny_run, tiny_data, tmp_path):
    output = tmp_path / "out"
    for system in ("tag-neighbours", "tags-alone"):
        run = untrained_run(tmp_path / system, tiny_data, system=system, **LABELS)
        with pytest.raises(ValueError, match=f"cannot be exported: .*{system} labels"):
            export_run(run.path, "onnx", output)
    with pytest.raises(ValueError, match="saved_model has float32"):
        export_run(tiny_run.path, "saved_model", output, precision="int8")
    with pytest.raises(ValueError, match="there are: saved_model, onnx, litert"):
        export_run(tiny_run.path, "pickle", output)
    with pytest.raises(FileNotFoundError, match="no run folder"):
        export_run(tmp_path / "nothing", "onnx", output)
    assert not list(tmp_path.glob("out*"))


def test_missing_packages_are_named(tiny_run, tmp_path, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ModuleNotFoundError, match=r"litert needs ai_edge_litert: pip install"):
        export_run(tiny_run.path, "litert", tmp_path / "out")
