"""Whether something failed because memory ran out, whichever library says so."""

import errno

_BY_NAME = ("ResourceExhaustedError", "NoMemoryError")
"""TensorFlow's exception, and CUDA's; named, so that nothing is imported to recognise them."""
_BY_TEXT = ("RESOURCE_EXHAUSTED", "OUT_OF_MEMORY", "bad_alloc", "Failed to allocate memory")
"""What XLA, CUDA, C++ and onnxruntime write into exceptions that have no kind of their own."""


def is_out_of_memory(error: BaseException) -> bool:
    """Whether Python, TensorFlow or another runtime found no memory for what it was about to do.

    Args:
        error: what was raised.
    """
    if isinstance(error, MemoryError) or type(error).__name__ in _BY_NAME:
        return True
    if isinstance(error, OSError):
        return error.errno == errno.ENOMEM
    return any(text in str(error) for text in _BY_TEXT)
