"""Bodies of requests, read with a limit and checked before anything is done with them."""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from starlette.exceptions import HTTPException
from starlette.requests import Request

LARGEST_JSON = 100_000  # bytes


class Wanted(NamedTuple):
    """What is to be written, or explained.

    Args:
        run: number of the run.
        probabilities: concept -> what it is set to.
        correlated: whether others move along.
    """

    run: int
    probabilities: dict[str, float]
    correlated: bool


async def limited_body(request: Request, limit: int, refusal: str) -> bytes:
    """The body, of at most ``limit`` bytes: no more than that is ever held.

    Raises:
        HTTPException: 413 and the refusal, as soon as it is known to be larger.
    """
    stated = request.headers.get("content-length", "")
    if stated.isdecimal() and int(stated) > limit:
        raise HTTPException(413, refusal)
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > limit:
            raise HTTPException(413, refusal)
        parts.append(part)
    return b"".join(parts)


async def wanted(request: Request, runs: int) -> Wanted:
    """Reads ``{"run": 0, "probabilities": {"dog": 1}, "correlated": true}``.

    Args:
        request: its body.
        runs: how many there are.

    Raises:
        HTTPException: 400; it says what was expected.
    """
    body = await limited_body(request, LARGEST_JSON, "the request is too large")
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        raise HTTPException(400, "expected JSON") from None
    if not isinstance(content, dict):
        raise HTTPException(400, "expected a JSON object")
    run = content.get("run", 0)
    if isinstance(run, bool) or not isinstance(run, int) or not 0 <= run < runs:
        raise HTTPException(400, f"run: expected a number from 0 to {runs - 1}")
    correlated = content.get("correlated", False)
    if not isinstance(correlated, bool):
        raise HTTPException(400, "correlated: expected true or false")
    return Wanted(run, _probabilities(content.get("probabilities", {})), correlated)


def _probabilities(content: Any) -> dict[str, float]:
    expected = "probabilities: expected an object of concepts and numbers from 0 to 1"
    if not isinstance(content, Mapping):
        raise HTTPException(400, expected)
    for value in content.values():
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
            raise HTTPException(400, expected)
    return {word: float(value) for word, value in content.items()}
