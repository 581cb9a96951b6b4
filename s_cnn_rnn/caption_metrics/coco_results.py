"""COCO's results format for captions: `[{"image_id": 42, "caption": "a dog runs"}, ...]`."""

import json
import numbers
import pathlib
from collections.abc import Collection, Mapping

from s_cnn_rnn.whole_files import whole_file


def write_coco_results(path: str | pathlib.Path, captions: Mapping[int, str]) -> None:
    """Writes captions as the COCO evaluation server takes them, one record a line, ids ascending.

    The file appears whole or not at all.

    Args:
        path: the file to write.
        captions: photograph's id -> its caption.

    Raises:
        ValueError: there are no captions, an id is no whole number or a caption is no text.
    """
    if not captions:
        raise ValueError(f"{path}: no captions to write")
    records = []
    for image_id, caption in captions.items():
        record = {"image_id": image_id, "caption": caption}
        _check_record(record, f"{path}, to be written")
        records.append({"image_id": int(image_id), "caption": caption})
    records.sort(key=lambda record: record["image_id"])
    lines = ",\n".join(json.dumps(record, ensure_ascii=False) for record in records)
    path = pathlib.Path(path)
    with whole_file(path) as unfinished:
        unfinished.write_text(f"[\n{lines}\n]\n", "utf-8")


def read_coco_results(
    path: str | pathlib.Path, image_ids: Collection[int] | None = None
) -> dict[int, str]:
    """Reads and checks a results file, one caption a photograph.

    Args:
        path: the file.
        image_ids: the photographs that the file must have captions of, all and no others.

    Returns:
        Photograph's id -> its caption.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is no results file; the message names file, record and fault.
    """
    try:
        content = json.loads(pathlib.Path(path).read_text("utf-8"))
    except ValueError as error:
        raise ValueError(f"{path}: no JSON in UTF-8 ({error})") from error
    if not isinstance(content, list):
        raise ValueError(f"{path}: expected a list of records, got {type(content).__name__}")
    captions: dict[int, str] = {}
    for number, record in enumerate(content, start=1):
        _check_record(record, f"{path}, record {number}")
        if record["image_id"] in captions:
            raise ValueError(
                f"{path}, record {number}: photograph {record['image_id']} has a caption already; "
                "expected one for each photograph"
            )
        captions[record["image_id"]] = record["caption"]
    if image_ids is not None:
        _check_ids(captions, set(image_ids), path)
    return captions


def check_coco_results(path: str | pathlib.Path, image_ids: Collection[int]) -> int:
    """Checks a file before it goes to the server: one caption of words for each photograph.

    Args:
        path: the file.
        image_ids: the photographs of the split, each once.

    Returns:
        How many captions it holds.

    Raises:
        FileNotFoundError, ValueError: as `read_coco_results`; or captions are empty.
    """
    captions = read_coco_results(path, image_ids)
    empty = sorted(image_id for image_id, caption in captions.items() if not caption.strip())
    if empty:
        raise ValueError(
            f"{path}: {len(empty)} captions are empty (first: photographs {empty[:5]}); the "
            "decoder ended before its first word, train it longer"
        )
    return len(captions)


def _check_record(record: object, where: str) -> None:
    if not isinstance(record, dict) or not {"image_id", "caption"} <= record.keys():
        raise ValueError(f"{where}: expected an object with image_id and caption, got {record!r}")
    image_id, caption = record["image_id"], record["caption"]
    if isinstance(image_id, bool) or not isinstance(image_id, numbers.Integral):
        raise ValueError(f"{where}: image_id must be a whole number, not {image_id!r}")
    if not isinstance(caption, str):
        raise ValueError(f"{where}: photograph {image_id}: caption must be text, not {caption!r}")


def _check_ids(captions: Mapping[int, str], expected: set[int], path: str | pathlib.Path) -> None:
    lacking, strange = sorted(expected - captions.keys()), sorted(captions.keys() - expected)
    if lacking or strange:
        raise ValueError(
            f"{path}: {len(lacking)} photographs have no caption (first: {lacking[:5]}), "
            f"{len(strange)} are not in the split (first: {strange[:5]}); "
            "were the captions made for another split?"
        )
