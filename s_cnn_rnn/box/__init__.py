"""The models that come with the package: folders beside this file, made by `experiments.pack`."""

import pathlib

from s_cnn_rnn.runs.run_folder import RunFolder

BOX = pathlib.Path(__file__).parent


def box_runs(box: pathlib.Path = BOX) -> list[pathlib.Path]:
    """The packed runs in the box: captions, then labels.

    Args:
        box: the folder they lie in.

    Raises:
        FileNotFoundError: there are none.
    """
    found = sorted(path.parent for path in box.glob(f"*/{RunFolder.PACKED}"))
    if not found:
        raise FileNotFoundError(
            "this installation comes without a model; name the folder of a finished run with "
            "--run=FOLDER (docs/own_keywords.md trains one on your own photographs)"
        )
    return found
