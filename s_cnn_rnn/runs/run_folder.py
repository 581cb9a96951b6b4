"""What lies where in a run folder, which alone is enough to annotate."""

import dataclasses
import hashlib
import json
import pathlib
from typing import ClassVar

from absl import logging

from s_cnn_rnn.data.prepared import DESCRIPTION_FILE, PreparedData, file_digest
from s_cnn_rnn.model.systems import find_system
from s_cnn_rnn.runs.run_places import SETTINGS_FILE, require_run
from s_cnn_rnn.settings import RunSettings
from s_cnn_rnn.vocabulary import Vocabulary
from s_cnn_rnn.whole_files import whole_file


class SettingsDiffer(ValueError):
    """A run folder holds a run with other settings."""


class DataSetDiffers(ValueError):
    """A run goes on, or starts from another run, on other data than was learnt from before."""


@dataclasses.dataclass(frozen=True)
class StageFolder:
    """One stage's part of a run folder; its TensorBoard events lie in the folder itself.

    Args:
        path: the folder.
    """

    path: pathlib.Path

    @property
    def checkpoints(self) -> pathlib.Path:
        """Folder of the checkpoints of a stage under way."""
        return self.path / "checkpoints"

    @property
    def weights(self) -> pathlib.Path:
        """Folder of the weights after the stage, one file a part."""
        return self.path / "weights"

    @property
    def log(self) -> pathlib.Path:
        """One JSON line per logged step."""
        return self.path / "metrics.jsonl"

    @property
    def summary(self) -> pathlib.Path:
        """What the stage took and reached; it exists once the stage is over."""
        return self.path / "finished.json"

    @property
    def finished(self) -> bool:
        """Whether the stage is over."""
        return self.summary.exists()

    def read_summary(self) -> dict:
        """The content of `summary`."""
        return json.loads(self.summary.read_text("utf-8"))


@dataclasses.dataclass(frozen=True)
class RunFolder:
    """A run folder.

    Args:
        path: the folder.
    """

    path: pathlib.Path

    PACKED: ClassVar[str] = "packed.json"

    @property
    def packed_path(self) -> pathlib.Path:
        """How the run came about, as JSON, where `packing` has left out what training needs."""
        return self.path / self.PACKED

    @property
    def settings_path(self) -> pathlib.Path:
        """The settings, as JSON."""
        return self.path / SETTINGS_FILE

    @property
    def vocabulary_path(self) -> pathlib.Path:
        """The vocabulary, as JSON."""
        return self.path / "vocabulary.json"

    @property
    def tag_words_path(self) -> pathlib.Path:
        """The tags that are inputs, as JSON, where the system sees any."""
        return self.path / "vocabulary_tags.json"

    @property
    def data_path(self) -> pathlib.Path:
        """Name, version and digest of the data set that the run learns from, as JSON."""
        return self.path / "data.json"

    @property
    def ensemble_path(self) -> pathlib.Path:
        """The folders of an ensemble's members, as JSON (`ensemble_folder`)."""
        return self.path / "ensemble.json"

    def members(self) -> tuple["RunFolder", ...]:
        """The runs that write as one; none where the folder is that of a run."""
        if not self.ensemble_path.exists():
            return ()
        named = json.loads(self.ensemble_path.read_text("utf-8"))["members"]
        return tuple(RunFolder((self.path / member).resolve()) for member in named)

    @property
    def weights(self) -> pathlib.Path:
        """Folder of the final weights, one file a part."""
        return self.path / "weights"

    def has_no_weights(self) -> bool:
        """Whether the folder (of an ensemble: a member's) holds what was written alone."""
        members = self.members()
        if members:
            return any(member.has_no_weights() for member in members)
        return not self.weights.exists()

    def weights_digest(self) -> str:
        """SHA-256 of all final weights (an ensemble's: of its members')."""
        digest = hashlib.sha256()
        for member in self.members():
            digest.update(f"{member.weights_digest()}\n".encode())
        for path in sorted(self.weights.glob("*.npz")):
            digest.update(f"{path.name} {file_digest(path)}\n".encode())
        return digest.hexdigest()

    @property
    def reranking(self) -> pathlib.Path:
        """How candidates are re-ranked (`reranking`), as JSON, where the system does so."""
        return self.path / "reranking.json"

    @property
    def train_photographs(self) -> pathlib.Path:
        """F and captions of the train split (`decoding.train_photographs`), where those vote."""
        return self.path / "train_photographs.npz"

    @property
    def concept_statistics(self) -> pathlib.Path:
        """How s_hat is distributed over training photographs (`run_concepts`), once asked for."""
        return self.path / "concept_statistics.npz"

    @property
    def report(self) -> pathlib.Path:
        """The report."""
        return self.path / "report.html"

    def predictions(self, split: str) -> pathlib.Path:
        """What the run wrote for a split."""
        return self.path / "predictions" / f"{split}.json"

    def stage(self, name: str) -> StageFolder:
        """The part of one stage."""
        return StageFolder(self.path / "stages" / name)

    def settings(self) -> RunSettings:
        """The run's settings.

        Raises:
            FileNotFoundError: this is no run folder.
            ValueError: it is damaged, or of another version of the program.
        """
        require_run(self.path)
        try:
            return RunSettings.load(self.settings_path)
        except ValueError as error:
            raise ValueError(
                f"{self.settings_path}: cannot be used by this version of the program ({error}); "
                "use the version that made the run, or train anew in another folder"
            ) from error

    def vocabulary(self) -> Vocabulary:
        """The run's vocabulary."""
        return Vocabulary.load(self.vocabulary_path)

    def tag_words(self) -> Vocabulary | None:
        """The tags that are inputs; None where the system sees none."""
        return Vocabulary.load(self.tag_words_path) if self.tag_words_path.exists() else None

    def open(self, settings: RunSettings, vocabulary: Vocabulary, prepared: PreparedData) -> None:
        """Makes the folder, or checks that it belongs to these settings and this data.

        Raises:
            SettingsDiffer: it holds a run with other settings or another vocabulary.
            DataSetDiffers: its run was trained on another data set.
            OSError: it cannot be written.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        if self.members():
            raise SettingsDiffer(f"{self.path}: holds an ensemble; name a new folder with --run")
        if self.settings_path.exists():
            self._require_same(settings, vocabulary, prepared)
        else:
            self._record_data(prepared)
            vocabulary.save(self.vocabulary_path)
            if "tags" in find_system(settings.system).side_information:
                prepared.vocabulary("tags").save(self.tag_words_path)
            settings.save(self.settings_path)

    def _require_same(self, settings, vocabulary, prepared) -> None:
        described = [one.to_dict() | {"variant": ""} for one in (self.settings(), settings)]
        difference = first_difference(*described)
        if difference:
            raise SettingsDiffer(
                f"{self.path}: holds a run with other settings: {difference}; go on with its "
                "own settings, or name a new folder with --run"
            )
        self.require_data(prepared.digest)
        if self.vocabulary() != vocabulary:
            raise SettingsDiffer(
                f"{self.path}: its vocabulary.json ({self.vocabulary().size} ids) is not the "
                f"data set's ({vocabulary.size} ids); name a new folder with --run"
            )
        if not self.data_path.exists():
            logging.warning(
                "%s: does not say which data it was trained on (it was made before runs recorded "
                "that); recorded now: %s",
                self.path,
                prepared.digest,
            )
            self._record_data(prepared)

    def data_digest(self) -> str | None:
        """The digest of the data that the run learns from; None where it was not recorded."""
        if not self.data_path.exists():
            return None
        return json.loads(self.data_path.read_text("utf-8"))["digest"]

    def require_data(self, digest: str | None) -> None:
        """Refuses other data than the run's; what was not recorded is not compared.

        Args:
            digest: `PreparedData.digest` of the data that this run, or one that starts from it,
                is to learn from.

        Raises:
            DataSetDiffers: the message names both digests and what to do.
        """
        recorded = self.data_digest()
        if None not in (recorded, digest) and recorded != digest:
            raise DataSetDiffers(
                f"{self.path}: was trained on data with digest {recorded}, and the data given now "
                f"has {digest} ({DESCRIPTION_FILE} of each prepared data set tells its digest); "
                "name the data it was trained on, or train anew in another folder"
            )

    def _record_data(self, prepared: PreparedData) -> None:
        names = ("name", "version", "digest")
        content = {name: getattr(prepared, name) for name in names}
        with whole_file(self.data_path) as unfinished:
            unfinished.write_text(json.dumps(content, indent=2) + "\n", "utf-8")


def first_difference(old: dict, new: dict, place: str = "") -> str:
    """Names the first setting in which two settings' dictionaries differ; "" if they are equal."""
    old, new = json.loads(json.dumps(old)), json.loads(json.dumps(new))
    for name in sorted({*old, *new}):
        here = f"{place}{name}"
        if name not in old or name not in new:
            return f"{here} is only in {'the folder' if name in old else 'the new settings'}"
        if isinstance(old[name], dict) and isinstance(new[name], dict):
            difference = first_difference(old[name], new[name], f"{here}.")
            if difference:
                return difference
        elif old[name] != new[name]:
            return f"{here} is {old[name]!r} there and {new[name]!r} here"
    return ""
