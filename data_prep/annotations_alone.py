"""Records -> a prepared data set without photographs: annotation files and what lies beside them.

For labels from tags alone. Nothing but the shards is missing, so whatever reads annotations and
vocabularies reads such a set, too; `PreparedData.has_photographs` tells.
"""

import collections
import contextlib
import pathlib
import shutil
import tempfile
from collections.abc import Iterator

from data_prep import beam_pipeline
from data_prep.examples import ShardExamples
from s_cnn_rnn.data.prepared import INCOMPLETE


def write(target: pathlib.Path, preparation) -> None:
    """Writes the set shard by shard; an interruption leaves nothing that looks whole.

    Args:
        target: DATA_DIR/NAME/VERSION; what is there is replaced at the end.
        preparation: the `prepared_format.Preparation`.
    """
    with _unfinished(target) as folder:
        shards = [shard for split in preparation.shards(folder).values() for shard in split]
        if preparation.beam:
            beam_pipeline.run(_write_shard, shards, preparation.beam)
        else:
            for shard in shards:
                _write_shard(shard)
        preparation.finish(folder)


def _write_shard(shard: ShardExamples) -> None:
    """Lets it write its annotations; there is nothing else to write."""
    collections.deque(shard(), maxlen=0)


@contextlib.contextmanager
def _unfinished(target: pathlib.Path) -> Iterator[pathlib.Path]:
    """A folder beside the target, named as tensorflow-datasets does, that becomes the target."""
    target.parent.mkdir(parents=True, exist_ok=True)
    name = tempfile.mkdtemp(prefix=INCOMPLETE, suffix=f"_{target.name}", dir=target.parent)
    folder = pathlib.Path(name)
    folder.chmod(0o755)
    try:
        yield folder
        if target.exists():
            shutil.rmtree(target)
        folder.rename(target)
    except BaseException:
        shutil.rmtree(folder)
        raise
