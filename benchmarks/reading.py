"""How quickly a pipeline gives batches, once what it prepared while others ran is used up."""

import time
from collections.abc import Iterator, Mapping

READ_AHEAD = 16  # batches: more than any of the pipelines keeps


def timed_reading(batches: Iterator, workload: Mapping) -> dict[str, float]:
    """Takes `READ_AHEAD` batches, then times "batches" more.

    Args:
        batches: gives batches without end.
        workload: "batches", how many are timed.

    Returns:
        "seconds" of those that were timed.
    """
    for _ in range(workload.get("read ahead", READ_AHEAD)):
        next(batches)
    started = time.perf_counter()
    for _ in range(workload["batches"]):
        next(batches)
    return {"seconds": time.perf_counter() - started}
