"""Folders of photographs: where a photograph is, and which files no annotation names."""

import functools
import os
import pathlib
from collections.abc import Collection, Iterator, Sequence

from data_prep.records import BadData, Problem
from s_cnn_rnn.file_names import PICTURE_ENDINGS, how_far_right


def require_folder(source: str | pathlib.Path) -> None:
    """Refuses a source that is no folder.

    Raises:
        BadData: the message says how far the path is right.
    """
    if not pathlib.Path(source).is_dir():
        found = f"no such folder ({how_far_right(source)})"
        raise BadData.of(source, "a folder", found, "correct the path")


def photograph_folders(
    source: pathlib.Path, names: Sequence[str] | None, usual: Sequence[str]
) -> list[pathlib.Path]:
    """The folders that are searched for photographs, in order.

    Args:
        source: what they are relative to.
        names: the folders that the user names: all must be there.
        usual: else those of these that are there.

    Raises:
        BadData: a named one is missing, or none is there.
    """
    folders = [source / name for name in names or usual]
    missing = [folder for folder in folders if not folder.is_dir()]
    present = [folder for folder in folders if folder.is_dir()]
    if (names and missing) or not present:
        raise BadData.of(
            source,
            f"a folder of photographs ({', '.join(names or usual)})",
            f"no {missing[0]}",
            "check --source and --photographs; some data sets can also be prepared "
            "--without_photographs",
        )
    return present


def place_of(file_name: str, folders: Sequence[pathlib.Path]) -> pathlib.Path | None:
    """Where a photograph is: in the first folder that has it, else it is missing in the first.

    Args:
        file_name: relative to the folder.
        folders: as `photograph_folders` gives them; none: the set has no photographs.
    """
    places = [folder / file_name for folder in folders]
    return next((place for place in places if place.exists()), places[0] if places else None)


def picture_files(folder: pathlib.Path) -> Iterator[pathlib.Path]:
    """The picture files in a folder at any depth, sorted; one folder's names in memory at a time.

    Names that begin with a dot are left out, folders as well: other programs leave such files
    (._dog.jpg, .thumbnails/).
    """
    for inside, inner, names in os.walk(folder):
        inner[:] = sorted(name for name in inner if not name.startswith("."))
        for name in sorted(names):
            path = pathlib.Path(inside, name)
            if path.suffix.lower() in PICTURE_ENDINGS and not name.startswith("."):
                yield path


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
    changed = path.parent.stat().st_mtime_ns
    return _first_by_stem(path.parent, changed).get(path.stem.lower())


@functools.lru_cache(maxsize=64)
def _first_by_stem(folder: pathlib.Path, changed: int) -> dict[str, str]:
    """The files of a folder, which is read once however many are missing, until it changes."""
    names = sorted((path.name for path in folder.iterdir()), reverse=True)
    return {pathlib.PurePath(name).stem.lower(): name for name in names}
