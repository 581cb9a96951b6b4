"""What a finished run writes for a split, on disk before anything is scored.

Beside what a decoder writes stands the text-only baseline: what it writes when the image embedding
Ie is zero. It sees no photograph, so it writes one and the same annotation for all.
"""

import dataclasses
import json
import pathlib
from collections.abc import Callable

import keras
import numpy as np

from s_cnn_rnn.caption_metrics import write_coco_results
from s_cnn_rnn.data.encoded_split import EncodedSplit
from s_cnn_rnn.data.prepared import PreparedData
from s_cnn_rnn.decoding.hypotheses import FIXED_LENGTH, Hypothesis, highest_scores, hypotheses
from s_cnn_rnn.decoding.reranking import Reranker, reranked, reranker_of, searched
from s_cnn_rnn.decoding.voting import Voters, voters_of
from s_cnn_rnn.decoding.writing import BATCH, Writer, Written, look_together, see_nothing, write
from s_cnn_rnn.model.annotation_model import AnnotationModel
from s_cnn_rnn.model.ensemble import Ensemble
from s_cnn_rnn.model.systems import find_system
from s_cnn_rnn.progress import Progress, no_progress
from s_cnn_rnn.runs.handover import load_model
from s_cnn_rnn.runs.run_folder import RunFolder
from s_cnn_rnn.runs.run_inputs import inputs_of_members
from s_cnn_rnn.settings import RunSettings
from s_cnn_rnn.vocabulary import Vocabulary
from s_cnn_rnn.whole_files import whole_file

FORMAT = 2  # of the files; what an older program saved is predicted anew


@dataclasses.dataclass(frozen=True)
class Prediction:
    """What was written for one photograph.

    Args:
        image_id: its id in the data set.
        file_name: its name there.
        beams: the hypotheses, best first; the first is the annotation.
    """

    image_id: int
    file_name: str
    beams: tuple[Hypothesis, ...]

    @property
    def annotation(self) -> str:
        """The best hypothesis: words joined by blanks, labels by commas."""
        return self.beams[0].annotation

    @property
    def words(self) -> tuple[str, ...]:
        """The words (or labels) of the best hypothesis, in order."""
        return self.beams[0].words


@dataclasses.dataclass(frozen=True, eq=False)
class Predictions:
    """What was written for a split.

    Args:
        made_from: all that the predictions depend on: data, split, weights, decoding.
        text_only: what the decoder writes without a photograph (Ie = 0); None without a decoder.
        photographs: a `Prediction` for each of the split's N photographs, in its order.
        s_hat: float32 [N, k], in the order of the vocabulary's concepts (in label runs:
            the labels); None where the system learns no concepts, or where a run was passed on
            without it.
    """

    made_from: dict
    text_only: Hypothesis | None
    photographs: tuple[Prediction, ...]
    s_hat: np.ndarray | None

    @property
    def stops_by_itself(self) -> bool:
        """Whether a decoder decided how many words to write."""
        return self.text_only is not None

    def save(self, folder: RunFolder) -> pathlib.Path:
        """Writes ``predictions/SPLIT.json``; beside it s_hat, and captions as COCO has them.

        Args:
            folder: of the run.

        Returns:
            The path of the JSON file, which is written last.
        """
        path = folder.predictions(self.made_from["split"])
        path.parent.mkdir(parents=True, exist_ok=True)
        if self.s_hat is not None:
            with whole_file(_s_hat_path(path)) as unfinished, unfinished.open("wb") as file:
                np.save(file, self.s_hat)
        if self.made_from["kind"] == "captions":
            annotations = {p.image_id: p.annotation for p in self.photographs}
            write_coco_results(path.with_suffix(".coco.json"), annotations)
        content = {
            "made_from": self.made_from,
            "text_only": self.text_only,
            "photographs": [dataclasses.asdict(p) for p in self.photographs],
        }
        with whole_file(path) as unfinished:
            text = json.dumps(content, ensure_ascii=False, indent=1)
            unfinished.write_text(text + "\n", "utf-8")
        return path

    @classmethod
    def load(cls, folder: RunFolder, split: str) -> "Predictions":
        """Reads what `save` wrote.

        Raises:
            FileNotFoundError: the run has written nothing for this split yet.
        """
        return cls._from_json(folder.predictions(split), _read(folder.predictions(split)))

    @classmethod
    def load_if_made_from(
        cls, folder: RunFolder, split: str, made_from: dict
    ) -> "Predictions | None":
        """Reads what `save` wrote, if that depends on the very same; else None."""
        path = folder.predictions(split)
        if not path.exists():
            return None
        content = _read(path)
        lost = made_from["concepts"] and not _s_hat_path(path).exists()
        return None if lost or content["made_from"] != made_from else cls._from_json(path, content)

    @classmethod
    def _from_json(cls, path: pathlib.Path, content: dict) -> "Predictions":
        photographs = tuple(
            Prediction(p["image_id"], p["file_name"], tuple(map(Hypothesis.from_json, p["beams"])))
            for p in content["photographs"]
        )
        learnt = content["made_from"]["concepts"] and _s_hat_path(path).exists()
        concepts = np.load(_s_hat_path(path)) if learnt else None
        text_only = content["text_only"] and Hypothesis.from_json(content["text_only"])
        return cls(content["made_from"], text_only, photographs, concepts)


def _read(path: pathlib.Path) -> dict:
    return json.loads(path.read_text("utf-8"))


def _s_hat_path(path: pathlib.Path) -> pathlib.Path:
    return path.with_suffix(".concepts.npy")


def predict(folder: RunFolder, split: str, *, progress: Progress = no_progress) -> Predictions:
    """Predicts a split with a finished run and saves it; takes what is saved if it is the same.

    Of a run that was passed on without its weights, what it wrote is taken as it is.

    Args:
        folder: of the run.
        split: of the run's data set; photographs without an annotation are predicted too.
        progress: told of photographs encoded and annotated.

    Raises:
        FileNotFoundError: no run folder, not trained to the end, or its data set is missing.
        KeyError: the data set has no such split.
        ValueError: the data set is not the one that the run was trained on, or (without weights)
            not the one that the run has written for.
    """
    settings = folder.settings()
    prepared = PreparedData(settings.data)
    data = whole_split(prepared, split, _same_vocabulary(folder, prepared))
    if folder.has_no_weights() and folder.predictions(split).exists():
        return _written_before(folder, split, prepared)
    model = load_model(folder)
    reranker = reranker_of(folder, model, progress=progress)
    made_from = {
        "format": FORMAT,
        "kind": model.vocabulary.kind,
        "data": f"{prepared.name} {prepared.version}",
        "data_digest": prepared.digest,
        "split": split,
        "weights": folder.weights_digest(),
        "concepts": len(model.learnt_concepts),
        **_how_written(model, settings, reranker),
    }
    saved = Predictions.load_if_made_from(folder, split, made_from)
    if saved is not None:
        return saved
    voters = voters_of(folder, model, progress=progress)
    predictions = _predicted(folder, model, data, made_from, (reranker, voters), progress)
    predictions.save(folder)
    keras.backend.clear_session()
    return predictions


def _predicted(
    folder: RunFolder,
    model: AnnotationModel | Ensemble,
    data: EncodedSplit,
    made_from: dict,
    orders: tuple[Reranker | None, Voters | None],
    progress: Progress,
) -> Predictions:
    """What the model writes for a split, from features that are on disk or are put there."""
    reranker, voters = orders
    settings, split = folder.settings(), data.split
    train = whole_split(data.prepared, "train", model.vocabulary)
    encoders = [member.encoder for member in model.members]
    inputs = inputs_of_members(folder, encoders, data, train, progress=progress)
    seen, concepts = look_together(model, inputs)
    if model.decoder is None:
        beams, text_only = highest_scores(concepts, model.vocabulary), None
    else:
        written, text_only = _write(
            model,
            settings,
            seen,
            lambda done: progress(f"annotating {split}", done, len(data), {}),
        )
        if voters is not None:
            written = voters.ordered(
                written,
                inputs,
                progress=lambda done, total: progress("voting", done, total, {}),
            )
        beams = hypotheses(written, model.vocabulary)
        if reranker is not None:
            beams = reranked(reranker, beams, concepts, model.vocabulary)
        beams = [each[: settings.decoding.width] for each in beams]
    photographs = tuple(
        Prediction(annotation.image_id, annotation.file_name, found)
        for annotation, found in zip(data.annotations, beams, strict=True)
    )
    return Predictions(made_from, text_only, photographs, concepts)


def _written_before(folder: RunFolder, split: str, prepared: PreparedData) -> Predictions:
    """What a run wrote while it had its weights; s_hat may have been left out as well."""
    saved = Predictions.load(folder, split)
    for name, here in {"format": FORMAT, "data_digest": prepared.digest}.items():
        if saved.made_from[name] != here:
            raise ValueError(
                f"{folder.predictions(split)}: was written with {name} {saved.made_from[name]}, "
                f"and here it is {here}; the run came without its weights, which could write anew: "
                "train it again, or prepare the data set as it was"
            )
    if not saved.stops_by_itself and saved.s_hat is None:
        raise FileNotFoundError(
            f"{_s_hat_path(folder.predictions(split))}: is missing, and labels of this run are "
            "chosen by the scores in it; copy it from where the run was trained"
        )
    return saved


def _how_written(
    model: AnnotationModel | Ensemble, settings: RunSettings, reranker: Reranker | None
) -> dict:
    if model.decoder is None:
        return {"labels": FIXED_LENGTH}
    ranking = {} if reranker is None else {"reranking": dataclasses.asdict(reranker)}
    return ranking | {
        "decoding": dataclasses.asdict(settings.decoding),
        "longest": settings.model.longest,
    }


def _write(
    model: AnnotationModel | Ensemble,
    settings: RunSettings,
    seen: dict[str, np.ndarray],
    progress: Callable[[int], None],
) -> tuple[Written, Hypothesis]:
    """What the decoder writes for each photograph, and what it writes without one."""
    batch = min(BATCH, len(next(iter(seen.values()))))
    decoding = searched(model, settings.decoding)
    returned = decoding.searched_width if decoding.votes_beside else decoding.width
    writer = Writer(model, decoding, settings.model.longest, returned=returned, settled=True)
    written = write(writer, seen, batch=batch, progress=lambda done, _: progress(done))
    nothing = write(writer, see_nothing(model, seen), batch=batch)
    [text_only, *_] = hypotheses(nothing, model.vocabulary)[0]
    return written, text_only


def whole_split(prepared: PreparedData, split: str, vocabulary: Vocabulary) -> EncodedSplit:
    """All photographs of a split, also those that nobody annotated, without their annotations."""
    count = len(prepared.annotations(split))
    if not count:
        raise ValueError(f"{prepared.folder}: {split} has no photograph; choose another split")
    return EncodedSplit(
        prepared,
        split,
        rows=np.arange(count),
        words=np.zeros((count, 0, 0), np.int32),
        concepts=np.zeros((count, len(vocabulary.concepts)), np.uint8),
        references=[()] * count,
    )


def _same_vocabulary(folder: RunFolder, prepared: PreparedData) -> Vocabulary:
    vocabulary = folder.vocabulary()
    system = find_system(folder.settings().system)
    if prepared.vocabulary(vocabulary.kind).with_concepts(system.most_concepts) != vocabulary:
        raise ValueError(
            f"{prepared.folder}: its vocabulary of {vocabulary.kind} is not the one in "
            f"{folder.vocabulary_path}: the data set was prepared anew after the run was trained; "
            "train again, or prepare the data set as it was"
        )
    return vocabulary
