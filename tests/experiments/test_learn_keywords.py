import pathlib
import subprocess
import sys

import pytest
from fabricated_photographs import jpeg

from experiments import learning_run
from experiments.configs import own_keywords
from s_cnn_rnn.annotator import Annotator
from s_cnn_rnn.data.prepared import PreparedData
from s_cnn_rnn.metadata.photograph_metadata import Metadata
from s_cnn_rnn.runs.run_folder import RunFolder

pytest.importorskip("exiv2", reason="exiv2 is not installed (the extra `metadata`)")

from s_cnn_rnn.metadata.metadata_writing import add_to_sidecar

REPOSITORY = pathlib.Path(__file__).parents[2]


@pytest.fixture
def library(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    whole = own_keywords.get_config

    def tiny():
        config = whole()
        config.encoder = {"name": "small_cnn", "weights": None, "image_size": 32}
        config.feature_cache = "features"
        for stage in config.stages.values():
            stage.steps, stage.photographs, stage.warm_up = 3, 4, 1
        return config

    monkeypatch.setattr(own_keywords, "get_config", tiny)
    folder = tmp_path / "library"
    folder.mkdir()
    for number in range(14):
        (folder / f"{number}.jpg").write_bytes(jpeg(number))
        add_to_sidecar(folder / f"{number}.jpg", Metadata((["left", "right"][number % 2],)))
    return folder


@pytest.mark.slow
def test_a_library_becomes_an_annotator(library, capsys):
    before = {path.name: path.read_bytes() for path in library.iterdir()}
    run = learning_run.learn(str(library), "runs/Mine", output="prepared")
    told = capsys.readouterr().out
    assert "2 keywords to learn: left, right" in told
    assert "learnt in" in told
    assert "next: s-cnn-rnn annotate --run=runs/Mine" in told
    assert run == RunFolder(run.path)
    (annotation,) = Annotator.from_run("runs/Mine").annotate([library / "0.jpg"])
    assert {concept.word for concept in annotation.concepts} == {"left", "right"}
    assert {path.name: path.read_bytes() for path in library.iterdir()} == before
    learning_run.learn(str(library), "runs/Mine", output="prepared")
    assert "read before" in capsys.readouterr().out


def test_folders_of_the_same_name_are_two_sets(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(learning_run, "check_prepared", lambda *_: None)
    learnt = []
    monkeypatch.setattr(learning_run, "train", lambda run, settings, **_: learnt.append(settings))
    monkeypatch.setattr(learning_run, "_tell", lambda *_: None)
    for number, person in enumerate("ab"):
        folder = tmp_path / person / "Pictures"
        folder.mkdir(parents=True)
        for photograph in range(6):
            (folder / f"{photograph}.jpg").write_bytes(jpeg(10 * number + photograph))
            add_to_sidecar(folder / f"{photograph}.jpg", Metadata((f"of {person}",)))

    def words(folder, **options):
        learning_run.learn(folder, "runs/mine", output="prepared", **options)
        return PreparedData(learnt[-1].data).vocabulary("labels").words

    assert words("a/Pictures") == ("of a",)
    assert words("b/Pictures") == ("of b",)
    capsys.readouterr()
    assert words(str(tmp_path / "a" / "Pictures")) == ("of a",)
    assert "read before" in capsys.readouterr().out
    words("a/Pictures", minimum_photographs=2)
    assert len({settings.data for settings in learnt}) == 3


def program(*arguments) -> str:
    """What it says where it cannot begin."""
    command = [sys.executable, "-m", "experiments.learn_keywords", "--run=runs/mine"]
    done = subprocess.run(
        [*command, *map(str, arguments)],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    return done.stderr


def test_a_wrong_folder_is_told_as_one(library):
    (library / "notes.txt").write_text("sunny")
    told = program(library / "Fotos" / "new")
    wrong = f"no such folder ({library} is there, Fotos is not in it); correct the path"
    assert (
        told == f"learn-keywords: {library / 'Fotos' / 'new'}: expected a folder; found {wrong}\n"
    )
    assert "notes.txt is no folder" in program(library / "notes.txt")
    assert "expected one folder of photographs, got a, b" in program("a", "b")


def test_what_cannot_be_learnt_is_told(library):
    with pytest.raises(ValueError, match=r"no photograph has captions; --writes=labels"):
        learning_run.learn(str(library), "runs/b", output="prepared", writes="captions")
    with pytest.raises(ValueError, match="--system=ours writes both"):
        learning_run.learn(str(library), "runs/c", output="prepared", system="nic-f")


def test_thorough_trains_the_cnn():
    for writes in ("labels", "captions"):
        quick, thorough = (
            learning_run.settings_of("", writes, "ours", each) for each in (False, True)
        )
        assert thorough.stages["cnn"].steps > 0
        assert not thorough.frozen_encoder
        assert quick.frozen_encoder or quick.stages["cnn"].steps == 0
