"""The formats as a table."""

import dataclasses
import importlib.util
import pathlib
from collections.abc import Callable, Mapping

from s_cnn_rnn.export import litert, onnx_file, saved_model
from s_cnn_rnn.export.runtime import Annotated
from s_cnn_rnn.export.whole_model import WholeModel


@dataclasses.dataclass(frozen=True)
class Format:
    """One row.

    Args:
        name: in commands and reports.
        takes: what goes in.
        tolerances: precision of the stored weights (the default first) -> part of the texts, 0 to
            1, that may differ from the run's. Where pixels are resized by other operations
            (`resizing`), values halfway between two numbers may be rounded to the other one; of
            one in some hundred photographs that turns a word. With fewer bits so do the weights;
            measured with the models in the box (docs/export.md), and half as much again.
        packages: modules that writing and reading need beside TensorFlow.
        write: writes a model to a path, in a precision.
        read: loads it again; what it gives annotates one JPEG file.
    """

    name: str
    takes: str
    tolerances: Mapping[str, float]
    packages: tuple[str, ...]
    write: Callable[[WholeModel, pathlib.Path, str], None]
    read: Callable[[pathlib.Path], Callable[[bytes], Annotated]]

    @property
    def precisions(self) -> tuple[str, ...]:
        """Of the stored weights, the default first."""
        return tuple(self.tolerances)

    def require(self, precision: str) -> None:
        """Refuses a precision that the format has not, and missing packages.

        Raises:
            ValueError: no such precision.
            ModuleNotFoundError: the message says what to install.
        """
        if precision not in self.precisions:
            raise ValueError(
                f"precision {precision!r}: {self.name} has {', '.join(self.precisions)}"
            )
        missing = [name for name in self.packages if importlib.util.find_spec(name) is None]
        if missing:
            raise ModuleNotFoundError(
                f"{self.name} needs {', '.join(missing)}: pip install 's-cnn-rnn[export]'"
            )


FORMATS = {
    row.name: row
    for row in (
        Format(
            "saved_model",
            "JPEG or PNG files",
            {"float32": 0.0},
            (),
            saved_model.write,
            saved_model.read,
        ),
        Format(
            "onnx",
            "pixels of any size, upright RGB",
            {"float32": 0.01, "float16": 0.05},
            ("onnx", "tf2onnx", "onnxruntime"),
            onnx_file.write,
            onnx_file.read,
        ),
        Format(
            "litert",
            "pixels of any size, upright RGB",
            {"float32": 0.01, "float16": 0.2, "int8": 0.3},
            ("ai_edge_litert",),
            litert.write,
            litert.read,
        ),
    )
}


def find_format(name: str) -> Format:
    """The row of that name.

    Raises:
        ValueError: there is none; the message lists those there are.
    """
    if name not in FORMATS:
        raise ValueError(f"format {name!r} does not exist; there are: {', '.join(FORMATS)}")
    return FORMATS[name]
