"""One training stage: fitted in segments, logged, evaluated, checkpointed, resumed.

Each segment is one call of Keras's `fit`; between them the stage is logged, evaluated and
checkpointed. Data order, augmentation and dropout depend only on the seed, the step and what a
checkpoint holds, so an interrupted stage ends with the same weights as an undisturbed one.
"""

import json
import math
import shutil
import time

import keras
import numpy as np

from s_cnn_rnn.data.batches import training_batches
from s_cnn_rnn.data.encoded_split import EncodedSplit
from s_cnn_rnn.data.model_inputs import NOTHING_BESIDE, ModelInputs
from s_cnn_rnn.data.views import AS_SEEN, View, views_of
from s_cnn_rnn.decoding.writing import Likelihoods
from s_cnn_rnn.encoders import encoder_digest
from s_cnn_rnn.model.annotation_model import build_model
from s_cnn_rnn.model.self_critical import sampled_captions
from s_cnn_rnn.model.stage_model import (
    set_trainable,
    stage_losses,
    stage_metrics,
    stage_model,
)
from s_cnn_rnn.model.stages import STAGES, Stage
from s_cnn_rnn.model.systems import find_system
from s_cnn_rnn.progress import Progress
from s_cnn_rnn.runs import checkpoints
from s_cnn_rnn.runs.handover import load_parts, run_side_shapes
from s_cnn_rnn.runs.run_folder import RunFolder
from s_cnn_rnn.runs.run_inputs import frozen_inputs
from s_cnn_rnn.scoring.results import commit, hardware
from s_cnn_rnn.settings import RunSettings
from s_cnn_rnn.training.logs import StageLog
from s_cnn_rnn.training.monitoring import Monitor
from s_cnn_rnn.training.optimisers import averaged_weights, build_optimiser
from s_cnn_rnn.training.scheduled_sampling import own_words
from s_cnn_rnn.training.segment_watch import SegmentWatch, TrainingDiverged
from s_cnn_rnn.training.training_data import TrainingData
from s_cnn_rnn.whole_files import whole_file

LOG_EVERY = 50


class StoppedByUser(Exception):
    """Ctrl-C: the stage was stopped after a whole step, and its checkpoint written."""


class StageTraining:
    """One stage under way.

    Args:
        folder: of the run.
        settings: of the run.
        stage: its row, cut to the system.
        data: what the run learns from.
        progress: told of steps done.
    """

    def __init__(
        self,
        folder: RunFolder,
        settings: RunSettings,
        stage: Stage,
        data: TrainingData,
        progress: Progress,
    ):
        self.run_folder, self.folder = folder, folder.stage(stage.name)
        self.settings, self.stage, self.data = settings, stage, data
        self.stage_settings = settings.stages[stage.name]
        self.progress = progress
        self.frozen = stage.reads_frozen_features(find_system(settings.system))
        self.seconds = 0.0

    def run(self) -> None:
        """Trains to the last step and keeps the weights."""
        self._build()
        self._refuse_small_disk()
        done = self._restore()
        log = StageLog(self.folder, done)
        monitor = Monitor(self, log)
        while done < self.stage_settings.steps:
            upto = self._next_boundary(done)
            done, stopped, values = self._fit(done, upto)
            self._log(log, done, values)
            if self._due(done, self.stage_settings.evaluate_every):
                self._evaluate(monitor, done)
            if stopped or self._due(done, self.stage_settings.checkpoint_every):
                self._save(done)
            if stopped:
                raise StoppedByUser(f"{self.folder.path}: stopped after step {done}")
        self._finish(monitor)

    def _build(self) -> None:
        self.model = build_model(
            self.settings,
            self.run_folder.vocabulary(),
            prior=self.data.prior,
            with_encoder=self.stage.source == "image" or self.frozen,
            side_shapes=run_side_shapes(self.run_folder, self.settings),
        )
        load_parts(self.model, self.run_folder, self.settings, self.stage.name)
        self.inputs = self._inputs(self.data.train, views_of(self.stage_settings))
        self.validation_inputs = self._inputs(self.data.validation, (AS_SEEN,))
        self.keras_model = self._stage_model()
        set_trainable(self.model, self.stage.trains)
        encoder = self.model.encoder
        self.optimiser = build_optimiser(
            self.stage_settings, encoder.trainable_variables if encoder else ()
        )
        self.keras_model.compile(
            self.optimiser,
            loss=stage_losses(self.model, self.stage.outputs, rewarded=self.stage.rewarded),
            metrics=stage_metrics(self.model.decoder, self.stage.outputs),
            jit_compile=self.settings.jit and not self.stage.rewarded,
        )
        self.optimiser.build(self.keras_model.trainable_variables)

    @property
    def captions(self) -> int:
        """C of a training batch."""
        return self.stage_settings.captions or self.data.train.words.shape[1]

    @property
    def learning_rate(self) -> float:
        """Of the next step."""
        return float(keras.ops.convert_to_numpy(self.optimiser.learning_rate))

    def _stage_model(self):
        return stage_model(
            self.model,
            source=self.stage.source,
            trains=self.stage.trains,
            outputs=self.stage.outputs,
            captions=self.captions,
            longest=self.settings.model.longest,
            sampled=self._sampled() if self.stage.rewarded else None,
            tells=self.stage_settings.told_concepts > 0,
        )

    def _sampled(self):
        return sampled_captions(
            self.model,
            self.data.train.references,
            stage=self.stage_settings,
            longest=self.settings.model.longest,
        )

    def _inputs(self, data: EncodedSplit, views: tuple[View, ...]) -> ModelInputs:
        """What the model sees of a split beside pixels or true concepts."""
        if self.stage.source == "concepts" and not self.frozen:
            return NOTHING_BESIDE
        return frozen_inputs(
            self.run_folder,
            self.model.encoder if self.frozen else None,
            data,
            self.data.train,
            outputs=self.stage.outputs,
            views=views,
            progress=self.progress,
        )

    def likelihoods(self) -> Likelihoods:
        """Computes Lu and Lr of the validation part, as far as this stage learns them."""
        return Likelihoods(
            self.model,
            source="features" if self.stage.source == "image" else self.stage.source,
            outputs=self.stage.outputs,
            captions=self.data.validation.words.shape[1],
            longest=self.settings.model.longest,
        )

    def _refuse_small_disk(self) -> None:
        variables = self._variables().values()
        needed = 3 * sum(4 * math.prod(v.shape) for v in variables)
        self.run_folder.path.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(self.run_folder.path).free
        if free < needed:
            raise OSError(
                f"{self.run_folder.path}: {free / 1e6:.0f} MB free, but the checkpoints of stage "
                f"{self.stage.name} take {needed / 1e6:.0f} MB; free some room or use another --run"
            )

    def _variables(self) -> dict[str, keras.Variable]:
        layers = checkpoints.layer_variables(self.model.present_parts())
        return layers | checkpoints.optimiser_variables(self.optimiser)

    def _checkpoints(self) -> checkpoints.Checkpoints:
        return checkpoints.Checkpoints(self.folder.checkpoints)

    def _restore(self) -> int:
        paths = self._checkpoints().paths()
        if not paths:
            return 0
        metadata = checkpoints.load(paths[-1], self._variables())
        self.seconds = metadata["seconds"]
        return metadata["step"]

    def _save(self, step: int) -> None:
        self._require_numbers(step)
        self._checkpoints().save(step, self._variables(), {"seconds": self.seconds})

    def _require_numbers(self, step: int) -> None:
        """A step whose loss was a number may still have left weights that are none."""
        for variable in self.keras_model.trainable_variables:
            if not np.isfinite(keras.ops.convert_to_numpy(variable)).all():
                raise TrainingDiverged(
                    f"stage {self.stage.name}, step {step}: {variable.path} holds values that are "
                    f"no numbers. The last good checkpoint is kept in {self.folder.checkpoints}; "
                    "lower the learning rate or set clip_norm"
                )

    def _due(self, step: int, every: int) -> bool:
        return bool(every) and step % every == 0 and step < self.stage_settings.steps

    def _next_boundary(self, step: int) -> int:
        intervals = (
            LOG_EVERY,
            self.stage_settings.evaluate_every,
            self.stage_settings.checkpoint_every,
        )
        ahead = [step + every - step % every for every in intervals if every]
        return min(*ahead, self.stage_settings.steps)

    def _fit(self, first: int, upto: int) -> tuple[int, bool, dict[str, float]]:
        """Fits the steps [first, upto): steps done, whether Ctrl-C cut them short, the losses."""
        batches = training_batches(
            self.data.train,
            self.stage_settings,
            inputs=tuple(self.keras_model.input),
            outputs=self.stage.outputs,
            first_step=first,
            steps=upto - first,
            # Each stage has an order of its own: none replays what an earlier one began with.
            seed=1000 * list(STAGES).index(self.stage.name) + self.settings.seed,
            image_size=self.model.encoder.input_shape[1] if self.model.encoder else None,
            model_inputs=self.inputs,
            own_words=self._own_words(),
        )
        watch = SegmentWatch(
            self.stage, self.stage_settings.steps, first, self.folder.checkpoints, self.progress
        )
        started = time.monotonic()
        with watch:
            self.keras_model.fit(
                batches,
                epochs=1,
                steps_per_epoch=upto - first,
                shuffle=False,  # the order is the batches' own
                verbose=0,
                callbacks=[watch],
            )
        elapsed = time.monotonic() - started
        self.seconds += elapsed
        rate = (watch.step - first) * self.stage_settings.photographs / elapsed
        return watch.step, watch.stopped, {**watch.values, "photographs_per_second": rate}

    def _own_words(self) -> tuple[float, float]:
        if "drawn" not in self.keras_model.input:
            return 0.0, 0.0
        return own_words(self.run_folder, self.settings, self.stage)

    def _log(self, log: StageLog, step: int, values: dict[str, float]) -> None:
        photographs = step * self.stage_settings.photographs
        log.scalars(
            step,
            {
                **values,
                "learning_rate": self.learning_rate,
                "photographs": photographs,
                "encoder_passes": photographs if self.stage.source == "image" else 0,
                "seconds": self.seconds,
            },
        )

    def _evaluate(self, monitor: Monitor, step: int) -> dict[str, float]:
        self.progress(f"{self.stage.name}: evaluating", step, self.stage_settings.steps, {})
        with averaged_weights(self.optimiser, self.keras_model.trainable_variables):
            return monitor.look(step)

    def _finish(self, monitor: Monitor) -> None:
        steps = self.stage_settings.steps
        self._require_numbers(steps)
        values = self._evaluate(monitor, steps)
        with averaged_weights(self.optimiser, self.keras_model.trainable_variables):
            for name in self.stage.trains:
                variables = checkpoints.weights_of({name: self.model.part(name)})
                path = self.folder.weights / f"{name}.npz"
                checkpoints.save(path, variables, {"stage": self.stage.name, "step": steps})
        passes = steps * self.stage_settings.photographs if self.stage.source == "image" else 0
        cached = {}
        if self.frozen:
            digest = encoder_digest(self.model.encoder, self.settings.encoder.name)
            cached = {digest: len(self.inputs) * self.inputs.views}
        summary = {
            "stage": self.stage.name,
            "steps": steps,
            "seconds": round(self.seconds, 1),
            "encoder_passes": passes,
            "cached_passes": cached,
            "validation": values,
            "commit": commit(),
            "hardware": hardware(),
        }
        with whole_file(self.folder.summary) as unfinished:
            unfinished.write_text(json.dumps(summary, indent=2) + "\n", "utf-8")
        self._checkpoints().delete()
