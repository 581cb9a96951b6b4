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

from s_cnn_rnn.prepared import INCOMPLETE


def write(target: pathlib.Path, preparation) -> None:
    """Writes the set shard by shard; an interruption leaves nothing that looks whole.

    Args:
        target: DATA_DIR/NAME/VERSION; what is there is replaced at the end.
        preparation: the `prepared_format.Preparation`.
    """
    with _unfinished(target) as folder:
        shards = preparation.shards(folder)
        for shard in (shard for split in shards.values() for shard in split):
            collections.deque(shard(), maxlen=0)
        preparation.finish(folder)


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
