"""Jobs on Apache Beam: the shards of a set that outgrows the machine, made by the same code.

tensorflow-datasets can do so itself, but its `ShardBasedBuilder` runs the shards of earlier splits
again with each later one, and counts the examples of eleven or more shards in the wrong order.

Jobs read the data set's own files and write into the folder of prepared sets: all workers must see
both by the same paths.
"""

from collections.abc import Callable, Sequence
from typing import TypeVar

from data_prep.records import BadData

Job = TypeVar("Job")


def run(work: Callable[[Job], None], jobs: Sequence[Job], options: Sequence[str]) -> None:
    """Does every job on the runner that the options name, and waits for the last.

    Args:
        work: what is done with a job; both must be picklable.
        jobs: in any order.
        options: of the pipeline, as NAME=VALUE (runner=DirectRunner, direct_num_workers=4).

    Raises:
        BadData: Apache Beam is not installed.
    """
    try:
        import apache_beam
        from apache_beam.options.pipeline_options import PipelineOptions
    except ImportError as error:
        raise BadData(
            f"--beam: Apache Beam cannot be imported ({error}); install the extra `beam`, or leave "
            "--beam out"
        ) from error
    pipeline_options = PipelineOptions([f"--{option}" for option in options])
    with apache_beam.Pipeline(options=pipeline_options) as pipeline:
        # Without the reshuffle one worker would do all.
        spread = pipeline | apache_beam.Create(jobs) | apache_beam.Reshuffle()
        spread | apache_beam.Map(work)
