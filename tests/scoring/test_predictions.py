import dataclasses
import io
import json
import shutil

import numpy as np
import pytest
from finished_runs import untrained_run
from keras import ops
from PIL import Image
from tiny_runs import train_tiny

from s_cnn_rnn.caption_metrics import read_coco_results
from s_cnn_rnn.data.encoded_split import encode_split
from s_cnn_rnn.data.prepared import PreparedData
from s_cnn_rnn.runs.handover import load_model
from s_cnn_rnn.runs.run_folder import RunFolder
from s_cnn_rnn.scoring.predictions import Predictions, predict
from s_cnn_rnn.vocabulary import PADDING


@pytest.fixture
def own_run(tiny_run, tmp_path) -> RunFolder:
    """A copy of the tiny run, to be changed."""
    return RunFolder(shutil.copytree(tiny_run.path, tmp_path / "own"))


@pytest.fixture(scope="module")
def predictions(tiny_run) -> Predictions:
    return predict(tiny_run, "validation")


def _pixels(tiny_data) -> np.ndarray:
    jpegs = tiny_data.photographs("validation", range(6))
    return np.stack([np.asarray(Image.open(io.BytesIO(jpeg))) for jpeg in jpegs])


def _log_likelihood(model, embeddings, annotations, longest=16):
    """Log p of whole annotations by teacher forcing, [N]."""
    words = np.full((len(annotations), 1, longest + 2), PADDING, np.int32)
    for n, annotation in enumerate(annotations):
        ids = model.vocabulary.encode(annotation.split())
        words[n, 0, : len(ids)] = ids
    likelihood = model.decoder(words, model.interface(embeddings), training=False)
    return ops.convert_to_numpy(likelihood).sum(axis=(1, 2))


def test_every_photograph_is_predicted_in_order(predictions, tiny_data):
    annotations = tiny_data.annotations("validation")
    assert [p.image_id for p in predictions.photographs] == [a.image_id for a in annotations]
    assert [p.file_name for p in predictions.photographs] == [a.file_name for a in annotations]
    assert all(len(p.beams) == 3 for p in predictions.photographs)
    assert predictions.made_from["data_digest"] == tiny_data.digest


def test_concepts_are_the_sigmoid_of_a_linear_map_of_f(predictions, tiny_run, tiny_data):
    model = load_model(tiny_run)
    features = ops.convert_to_numpy(model.encoder(_pixels(tiny_data)))
    kernel, bias = (ops.convert_to_numpy(w) for w in model.semantic.trainable_variables)
    expected = 1 / (1 + np.exp(-(features @ kernel + bias)))
    np.testing.assert_allclose(predictions.s_hat, expected, atol=1e-5)


def test_log_probabilities_are_those_of_teacher_forcing(predictions, tiny_run):
    model = load_model(tiny_run)
    for beam in range(3):
        found = [p.beams[beam] for p in predictions.photographs]
        expected = _log_likelihood(model, predictions.s_hat, [h.annotation for h in found])
        np.testing.assert_allclose([h.log_probability for h in found], expected, rtol=1e-4)
    for photograph in predictions.photographs:
        likely = [h.log_probability for h in photograph.beams]
        assert likely == sorted(likely, reverse=True)


def test_text_only_is_the_decoder_on_an_embedding_of_zeros(predictions, tiny_run):
    model = load_model(tiny_run)
    zeros = np.zeros_like(predictions.s_hat[:1])
    (expected,) = _log_likelihood(model, zeros, [predictions.text_only.annotation])
    assert predictions.text_only.log_probability == pytest.approx(expected, rel=1e-4)


def test_text_only_leaves_nothing_where_s_hat_is_centred(tiny_data, tmp_path):
    """Zeros themselves would be far from the centre: an image embedding like no photograph's."""
    model = {"units": 16, "word_embedding": 12, "longest": 16, "centres_s_hat": True}
    stages = {"joint": {"steps": 1, "photographs": 8}}
    run = train_tiny(tmp_path / "run", tiny_data, model=model, stages=stages)
    found = predict(run, "validation").text_only
    trained = load_model(run)
    centre = np.asarray(trained.interface.centre)[None]
    assert centre.max() > 0
    (expected,) = _log_likelihood(trained, centre, [found.annotation])
    assert found.log_probability == pytest.approx(expected, rel=1e-4)


def test_what_was_saved_is_used_until_something_it_depends_on_changes(own_run, predictions):
    path = own_run.predictions("validation")
    content = json.loads(path.read_text("utf-8"))
    content["photographs"][0]["beams"][0] = ["a marked caption", -1.0, ["a", "marked", "caption"]]
    path.write_text(json.dumps(content), "utf-8")
    marked = predict(own_run, "validation")
    assert marked.photographs[0].annotation == "a marked caption"
    np.testing.assert_array_equal(marked.s_hat, predictions.s_hat)

    settings = own_run.settings()
    greedy = dataclasses.replace(settings.decoding, width=1)
    dataclasses.replace(settings, decoding=greedy).save(own_run.settings_path)
    anew = predict(own_run, "validation")
    assert anew.photographs[0].annotation != "a marked caption"
    assert all(len(p.beams) == 1 for p in anew.photographs)


def test_other_weights_are_other_predictions(own_run, predictions):
    path = own_run.weights / "semantic.npz"
    with np.load(path) as content:
        arrays = {name: content[name] for name in content.files}
    arrays = {n: a if n == "metadata.json" else a + 1.0 for n, a in arrays.items()}
    with path.open("wb") as file:
        np.savez(file, **arrays)
    assert (predict(own_run, "validation").s_hat > predictions.s_hat).all()


def test_without_weights_what_was_written_stands(own_run, predictions):
    shutil.rmtree(own_run.weights)
    path = own_run.predictions("validation")
    found = predict(own_run, "validation")
    assert found.photographs == predictions.photographs
    np.testing.assert_array_equal(found.s_hat, predictions.s_hat)
    path.with_suffix(".concepts.npy").unlink()
    found = predict(own_run, "validation")
    assert found.photographs == predictions.photographs
    assert found.s_hat is None
    with pytest.raises(FileNotFoundError, match="its weights are not there"):
        predict(own_run, "test")  # nothing was written for it
    path.write_text(path.read_text("utf-8").replace(predictions.made_from["data_digest"], "x"))
    with pytest.raises(ValueError, match=r"written with data_digest x, .*prepare the data set"):
        predict(own_run, "validation")


def test_with_weights_a_lost_part_is_written_anew(own_run, predictions):
    own_run.predictions("validation").with_suffix(".concepts.npy").unlink()
    np.testing.assert_array_equal(predict(own_run, "validation").s_hat, predictions.s_hat)


def test_coco_results_lie_beside(predictions, tiny_run):
    ids = [p.image_id for p in predictions.photographs]
    written = read_coco_results(tiny_run.path / "predictions" / "validation.coco.json", ids)
    assert written == {p.image_id: p.annotation for p in predictions.photographs}


def test_photographs_that_nobody_captioned_are_predicted_too(own_run, tiny_data, monkeypatch):
    annotations = tiny_data.annotations("test")
    annotations = [dataclasses.replace(annotations[0], captions=()), *annotations[1:]]
    monkeypatch.setattr(PreparedData, "annotations", lambda self, split: annotations)
    assert len(encode_split(tiny_data, "test", own_run.vocabulary(), longest=16)) == 5
    predicted = predict(own_run, "test").photographs
    assert [p.image_id for p in predicted] == [a.image_id for a in annotations]


def test_faults_are_told(own_run, tmp_path):
    with pytest.raises(FileNotFoundError, match="no run folder"):
        predict(RunFolder(tmp_path / "nothing"), "validation")
    with pytest.raises(KeyError, match="no split 'tset'"):
        predict(own_run, "tset")
    vocabulary = own_run.vocabulary()
    changed = dataclasses.replace(vocabulary, counts=tuple(n + 1 for n in vocabulary.counts))
    changed.save(own_run.vocabulary_path)
    with pytest.raises(ValueError, match="prepared anew after the run was trained"):
        predict(own_run, "validation")
    vocabulary.save(own_run.vocabulary_path)
    own_run.stage("joint").summary.unlink()
    with pytest.raises(FileNotFoundError, match="missing stages: joint"):
        predict(own_run, "validation")


@pytest.fixture(scope="module")
def label_runs(tiny_data, tmp_path_factory):
    """`ours+tags`, which writes labels, and `cnn+tags`, which has no decoder."""
    folder = tmp_path_factory.mktemp("labels")
    stages = {"cnn": {"steps": 1}}
    options = {"task": "labels", "stages": stages, "decoding": {"width": 2}}
    return [
        untrained_run(folder / system, tiny_data, system=system, **options)
        for system in ("ours+tags", "cnn+tags")
    ]


def test_a_decoders_labels_are_kept_as_they_were_written(label_runs):
    run, _ = label_runs
    found = predict(run, "validation")
    labels = run.vocabulary().words
    assert found.stops_by_itself
    for photograph in found.photographs:
        assert len(photograph.beams) == 2
        for hypothesis in photograph.beams:
            assert set(hypothesis.words) <= set(labels)
            assert len(set(hypothesis.words)) == len(hypothesis.words)
            assert hypothesis.annotation == ", ".join(hypothesis.words)
            assert hypothesis.log_probability < 0
        assert photograph.words == photograph.beams[0].words


def test_without_a_decoder_the_three_highest_scores_are_taken(label_runs):
    _, run = label_runs
    found = predict(run, "validation")
    labels = np.array(run.vocabulary().concepts)
    assert found.text_only is None
    assert not found.stops_by_itself
    assert found.s_hat.shape == (6, len(labels))
    for photograph, scores in zip(found.photographs, found.s_hat, strict=True):
        assert photograph.words == tuple(labels[np.argsort(-scores)[:3]])
        (hypothesis,) = photograph.beams
        assert hypothesis.log_probability is None


def test_labels_are_read_as_they_were_saved(label_runs):
    for run in label_runs:
        there, again = predict(run, "validation"), Predictions.load(run, "validation")
        assert again.photographs == there.photographs
        assert again.text_only == there.text_only
        np.testing.assert_array_equal(again.s_hat, there.s_hat)
        assert not (run.path / "predictions" / "validation.coco.json").exists()


def test_without_weights_and_scores_no_labels_can_be_chosen(label_runs, tmp_path):
    _, chosen = label_runs
    predict(chosen, "validation")
    own = RunFolder(shutil.copytree(chosen.path, tmp_path / "own"))
    shutil.rmtree(own.weights)
    assert predict(own, "validation").s_hat is not None
    own.predictions("validation").with_suffix(".concepts.npy").unlink()
    with pytest.raises(FileNotFoundError, match=r"concepts\.npy: is missing"):
        predict(own, "validation")
