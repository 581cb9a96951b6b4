"""The tensorflow-datasets builder that writes the shards of a prepared data set.

It is a `tfds.core.ShardBasedBuilder`, not the `GeneratorBasedBuilder`: the latter holds up to a
gigabyte before it shuffles, while here one shard's records at a time are in memory and the data
set's own order is kept.
"""

import pathlib

import numpy as np
import tensorflow_datasets as tfds

from data_prep import beam_pipeline
from data_prep.data_sets import DataSet


def make_builder(row: DataSet, output: pathlib.Path, preparation) -> tfds.core.DatasetBuilder:
    """A builder of a row of the table.

    Args:
        row: what is known of the data set.
        output: DATA_DIR.
        preparation: the `prepared_format.Preparation` that is called back.
    """

    class Builder(tfds.core.ShardBasedBuilder, skip_registration=True):
        name = row.name
        VERSION = tfds.core.Version(row.version)
        RELEASE_NOTES = row.release_notes

        def _info(self):
            return tfds.core.DatasetInfo(
                builder=self,
                description=f"{row.description}\n\nLicence: {row.licence}",
                citation=row.citation,
                features=_features(),
                disable_shuffling=True,
            )

        def _shard_iterators_per_split(self, dl_manager):
            return preparation.shards(pathlib.Path(self.data_dir))

        def _download_and_prepare(self, dl_manager, download_config=None):
            if preparation.beam:
                _write_on_beam(self, preparation)
            else:
                super()._download_and_prepare(dl_manager, download_config)
            preparation.finish(pathlib.Path(self.data_dir))

        def _log_download_bytes(self):
            """Says nothing: nothing is downloaded, and the program shows its own progress."""

        def _log_download_done(self):
            """Says nothing; see above."""

    return Builder(data_dir=output, file_format="array_record")


def _write_on_beam(builder: tfds.core.ShardBasedBuilder, preparation) -> None:
    """Makes all shards of all splits in one pipeline, and tells the builder their sizes."""
    shards = preparation.shards(pathlib.Path(builder.data_dir))
    templates = {split: builder._get_filename_template(split_name=split) for split in shards}
    paths = {split: _paths(templates[split], len(shards[split])) for split in shards}
    jobs = [job for split in shards for job in zip(paths[split], shards[split], strict=True)]
    writer = _ShardWriter(builder.info.features, builder._example_writer())
    beam_pipeline.run(writer, jobs, preparation.beam)
    infos = [
        tfds.core.SplitInfo(
            name=split,
            shard_lengths=[shard.length() for shard in shards[split]],
            num_bytes=sum(path.stat().length for path in paths[split]),
            filename_template=templates[split],
        )
        for split in shards
    ]
    builder.info.set_splits(tfds.core.splits.SplitDict(infos))


def _paths(template, shards: int) -> list:
    return [template.sharded_filepath(shard_index=n, num_shards=shards) for n in range(shards)]


class _ShardWriter:
    """Writes one shard file; it can travel to any machine."""

    def __init__(self, features, example_writer):
        self._features, self._example_writer = features, example_writer

    def __call__(self, job) -> None:
        path, shard = job
        info = self._features.get_serialized_info()
        serializer = tfds.core.example_serializer.ExampleSerializer(info)
        writer = tfds.core.writer.ShardWriter(self._features, serializer, self._example_writer)
        writer.write(path=path, examples=shard())


def _features() -> tfds.features.FeaturesDict:
    texts = tfds.features.Sequence(tfds.features.Text())
    return tfds.features.FeaturesDict(
        {
            "image": tfds.features.Image(encoding_format="jpeg"),
            "image_id": tfds.features.Scalar(np.int64),
            "file_name": tfds.features.Text(),
            "captions": texts,
            "labels": texts,
            "tags": texts,
        }
    )
