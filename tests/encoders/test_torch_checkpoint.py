"""Reading PyTorch checkpoints without PyTorch.

checkpoints/zip_layout.pth and checkpoints/old_layout.pth were written by PyTorch 2.13.0:

    flat = torch.arange(24, dtype=torch.float32)
    state["kernel"] = flat.reshape(2, 3, 4) * 0.5
    state["transposed"] = state["kernel"][:, :, 1:3].transpose(0, 2)
    state["parameter"] = torch.nn.Parameter(torch.tensor([1.5, -2.25])); ...
    torch.save(state, FILE, _use_new_zipfile_serialization=True or False)
"""

import collections
import os
import pathlib
import pickle
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s_cnn_rnn.encoders.torch_checkpoint import CheckpointError, read_torch_checkpoint

CHECKPOINTS = pathlib.Path(__file__).parent / "checkpoints"
LAYOUTS = ("zip_layout", "old_layout")


@pytest.mark.parametrize("layout", LAYOUTS)
def test_reads_what_pytorch_wrote(layout):
    kernel = np.arange(24, dtype=np.float32).reshape(2, 3, 4) * 0.5
    expected = {
        "kernel": kernel,
        "transposed": kernel[:, :, 1:3].transpose(2, 1, 0),
        "parameter": np.array([1.5, -2.25], np.float32),
        "half": np.array([0.1, 65504.0], np.float16),
        "double": np.array([[1 / 3]], np.float64),
        "count": np.array(1234567890123, np.int64),
        "mask": np.array([True, False, True]),
        "bytes": np.array([0, 127, 255], np.uint8),
        "nothing": np.zeros((0, 3), np.float32),
    }
    arrays = read_torch_checkpoint(CHECKPOINTS / f"{layout}.pth")
    assert list(arrays) == list(expected)
    for name, array in expected.items():
        assert arrays[name].dtype == array.dtype, name
        np.testing.assert_array_equal(arrays[name], array, err_msg=name)


class Calls:
    """Pickles as a call of any function with any arguments."""

    def __init__(self, function, *arguments):
        self.call = (function, arguments)

    def __reduce__(self):
        return self.call


def write_zip(path, pickled):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", pickled)
        archive.writestr("archive/byteorder", "little")
    return path


def write_old(path, pickled):
    heads = (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True})
    parts = [pickle.dumps(head, 2) for head in heads]
    path.write_bytes(b"".join([*parts, pickled, pickle.dumps([], 2)]))
    return path


@pytest.mark.parametrize("write", [write_zip, write_old])
def test_foreign_functions_are_named_and_not_run(tmp_path, write):
    touched = tmp_path / "touched"
    harmful = pickle.dumps({"weight": Calls(os.mkdir, str(touched))}, 2)
    pickle.loads(harmful)
    touched.rmdir()  # an ordinary reader would have run it
    path = write(tmp_path / "harmful.pth", harmful)
    with pytest.raises(CheckpointError, match=r"harmful\.pth.*'(posix|nt)\.mkdir'") as raised:
        read_torch_checkpoint(path)
    assert "state_dict" in str(raised.value)
    assert not touched.exists()


@pytest.mark.parametrize("function", [eval, exec, getattr, __import__, open])
def test_builtins_are_refused(tmp_path, function):
    path = write_zip(tmp_path / "harmful.pth", pickle.dumps(Calls(function, "1"), 2))
    with pytest.raises(CheckpointError, match=rf"__builtin__\.{function.__name__}|io\.open"):
        read_torch_checkpoint(path)


@pytest.mark.parametrize("write", [write_zip, write_old])
def test_a_harmless_pickle_that_is_no_state_dict_is_refused(tmp_path, write):
    content = collections.OrderedDict(weight="a text")
    path = write(tmp_path / "text.pth", pickle.dumps(content, 2))
    with pytest.raises(CheckpointError, match=r"text\.pth.*\['weight'\]"):
        read_torch_checkpoint(path)
    path = write(tmp_path / "list.pth", pickle.dumps([1, 2], 2))
    with pytest.raises(CheckpointError, match=r"list\.pth.*got a list"):
        read_torch_checkpoint(path)


@pytest.mark.parametrize("content", [b"", b"hello", b"\x89PNG\r\n\x1a\n", b"\x80\x02K\x01."])
def test_other_files_are_refused(tmp_path, content):
    path = tmp_path / "other.pth"
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match=r"other\.pth: not a PyTorch checkpoint"):
        read_torch_checkpoint(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"absent\.pth"):
        read_torch_checkpoint(tmp_path / "absent.pth")


def test_a_cut_file_is_refused(tmp_path):
    content = (CHECKPOINTS / "old_layout.pth").read_bytes()
    path = tmp_path / "cut.pth"
    for length in range(0, len(content), 7):
        path.write_bytes(content[:length])
        with pytest.raises(CheckpointError, match=r"cut\.pth"):
            read_torch_checkpoint(path)


@pytest.mark.parametrize("layout", LAYOUTS)
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_damage_gives_arrays_or_a_named_error(layout, data, tmp_path_factory):
    content = bytearray((CHECKPOINTS / f"{layout}.pth").read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(content) - 1))
        content[place] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.getbasetemp() / f"{layout}_damaged.pth"
    path.write_bytes(content)
    message = str(path)
    try:
        arrays = read_torch_checkpoint(path)
    except CheckpointError as error:
        arrays, message = {}, str(error)
    assert all(isinstance(array, np.ndarray) for array in arrays.values())
    assert str(path) in message


def test_a_tensor_said_to_lie_before_the_file_is_refused(tmp_path):
    content = bytearray((CHECKPOINTS / "zip_layout.pth").read_bytes())
    place_of_list = content.rindex(b"PK\6\6") + 48
    content[place_of_list + 2] = 1  # 65,536 bytes further on: the tensors as many before
    path = tmp_path / "damaged.pth"
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match=r"damaged\.pth: .*damaged one \(OSError"):
        read_torch_checkpoint(path)
