"""A stage's log, read back as TensorBoard and the programs read it."""

import io
import json

import numpy as np
import pytest
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.util import tensor_util

from s_cnn_rnn.runs.run_folder import StageFolder
from s_cnn_rnn.training.logs import SAMPLE_WIDTH, Sample, StageLog, read_log, tensorboard_name


@pytest.fixture
def folder(tmp_path):
    return StageFolder(tmp_path / "joint")


def events(folder) -> EventAccumulator:
    accumulator = EventAccumulator(str(folder.path))
    accumulator.Reload()
    return accumulator


def tensors(folder, tag):
    return {e.step: tensor_util.make_ndarray(e.tensor_proto) for e in events(folder).Tensors(tag)}


def test_losses_of_training_and_validation_stand_in_one_section(folder):
    log = StageLog(folder, 0)
    log.scalars(50, {"loss": 3.0, "Lu": 1.0, "Lr": 2.0, "learning_rate": 1e-3})
    log.scalars(50, {"validation/Lu": 1.5, "validation/concept_mAP": 0.25, "validation/CIDEr": 0.5})
    log.scalars(100, {"Lu": 0.5, "photographs_per_second": 12.0})
    tags = events(folder).Tags()["tensors"]
    assert sorted(tags) == [
        "annotations/CIDEr validation",
        "concepts/mAP validation",
        "losses/L train",
        "losses/Lr train",
        "losses/Lu train",
        "losses/Lu validation",
        "training/learning rate",
        "training/photographs per second",
    ]
    assert tensors(folder, "losses/Lu train") == {50: 1.0, 100: 0.5}
    assert [line["step"] for line in read_log(folder)] == [50, 50, 100]


def test_every_name_has_a_section():
    assert tensorboard_name("encoder_passes") == "training/encoder passes"
    assert tensorboard_name("validation/BLEU-4") == "annotations/BLEU-4 validation"


def jpeg(width, height, mode="RGB"):
    file = io.BytesIO()
    Image.new(mode, (width, height), 0).save(file, "JPEG")
    return file.getvalue()


def test_samples_are_a_table_and_pictures_with_their_text(folder):
    long = "a dog jumps over a fence and a man in a red shirt looks at it from the other side"
    samples = [
        Sample("a.jpg", jpeg(200, 100), "a dog", "the dog jumps"),
        Sample("b.jpg", jpeg(30, 60, "L"), long, "nothing"),
    ]
    StageLog(folder, 0).samples(7, samples)
    table = tensors(folder, "samples/table")[7]
    assert table.shape == (3, 3)
    assert table[1].tolist() == [b"a.jpg", b"a dog", b"the dog jumps"]
    pictures = []
    for number in (1, 2):
        width, height, png = tensors(folder, f"samples/photograph {number}")[7]
        picture = np.asarray(Image.open(io.BytesIO(png)))
        assert picture.shape == (int(height), int(width), 3)
        assert int(width) == SAMPLE_WIDTH
        pictures.append(picture)
    wide, high = pictures
    assert 160 < len(wide) < 200
    assert 640 < len(high) < 720
    assert (wide[:160] == 0).all()
    assert (high[:640] == 0).all()
    text = [(picture < 128).any(axis=2) for picture in (wide[160:], high[640:])]
    assert all(t.any() for t in text)
    assert not any(t[:, -1].any() for t in text), "the text is cut off on the right"
    assert text[1].sum() > 5 * text[0].sum()  # the longer text takes more ink, on more lines


def test_lines_after_the_step_where_training_goes_on_are_dropped(folder):
    log = StageLog(folder, 0)
    for step in (50, 100, 150):
        log.scalars(step, {"loss": float(step)})
    with folder.log.open("a") as file:
        file.write('{"step": 200, "lo')  # cut off by a kill
    StageLog(folder, 100).scalars(150, {"loss": 1.0})
    assert read_log(folder) == [
        {"step": 50, "loss": 50.0},
        {"step": 100, "loss": 100.0},
        {"step": 150, "loss": 1.0},
    ]
    assert [json.loads(line) for line in folder.log.read_text().splitlines()] == read_log(folder)
