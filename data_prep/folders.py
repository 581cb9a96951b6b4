"""Folders of photographs: which files no annotation names."""

import pathlib
from collections.abc import Collection, Iterator

from data_prep.records import Problem

PICTURE_ENDINGS = frozenset(
    (".jpg", ".jpeg", ".png", ".gif", ".webp", ".bmp", ".tif", ".tiff", ".mpo", ".heic", ".avif")
)


def unannotated(folder: pathlib.Path, named: Collection[str]) -> Iterator[Problem]:
    """Tells the picture files right in a folder that no annotation names.

    Args:
        folder: where to look; folders inside it are not searched.
        named: names of files in it that are annotated.
    """
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() in PICTURE_ENDINGS and path.name not in named:
            yield Problem(
                file=str(path),
                line=0,
                expected="annotations and a split",
                found="no annotation names this photograph",
                advice="nothing need be done, unless it should be used; it is left out",
                severity="note",
                record=path.name,
            )


def similar_name(path: pathlib.Path) -> str | None:
    """A file beside a missing one whose name differs in upper and lower case or ending alone."""
    if not path.parent.is_dir():
        return None
    stem = path.stem.lower()
    same = sorted(p.name for p in path.parent.iterdir() if p.stem.lower() == stem)
    return same[0] if same else None
