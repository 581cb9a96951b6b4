import errno

import pytest
import tensorflow as tf

from s_cnn_rnn.memory import is_out_of_memory


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        OSError(errno.ENOMEM, "Cannot allocate memory"),
        tf.errors.ResourceExhaustedError(None, None, "OOM when allocating tensor"),
        RuntimeError("RESOURCE_EXHAUSTED: Out of memory while trying to allocate 9 bytes"),
        tf.errors.InternalError(None, None, "Failed: CUDA_ERROR_OUT_OF_MEMORY: out of memory"),
        RuntimeError("[ONNXRuntimeError] : 6 : Failed to allocate memory for requested buffer"),
    ],
    ids=lambda error: f"{type(error).__name__} {error}"[:40],
)
def test_every_way_to_run_out_of_memory(error):
    assert is_out_of_memory(error)


@pytest.mark.parametrize(
    "error",
    [
        ValueError("expected 3 words in memory.jpg"),
        OSError(errno.ENOSPC, "No space left on device"),
        tf.errors.InvalidArgumentError(None, None, "Shapes differ"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_is_something_else(error):
    assert not is_out_of_memory(error)


def test_tensorflow_itself_says_so():
    """A tensor of a petabyte, which no machine has."""
    with pytest.raises(Exception, match=r".") as raised:
        tf.zeros([1 << 47, 2], tf.float32) + 1
    assert is_out_of_memory(raised.value)
