"""Ensembles on disk: a folder that names other runs' folders and is used like one of them."""

import dataclasses
import json
import os
import pathlib
import shutil
from collections.abc import Mapping, Sequence

from s_cnn_rnn.model.ensemble import difference_of_words
from s_cnn_rnn.model.systems import find_system
from s_cnn_rnn.runs.handover import require_finished
from s_cnn_rnn.runs.run_folder import RunFolder


def make_ensemble(
    path: str | pathlib.Path,
    members: Sequence[RunFolder],
    decoding: Mapping[str, float | bool] | None = None,
) -> RunFolder:
    """Makes the folder of an ensemble; the one that is there already, if it is the same.

    Nothing is copied but the first member's settings, vocabulary and data digest: how it decodes
    is how the ensemble decodes, but for ``decoding``. So an ensemble of one run is that run,
    decoded otherwise. The members stay where they are; the folder names them relative to itself.

    Args:
        path: of the folder.
        members: finished runs that write with the same words and learnt from the same data.
        decoding: fields of `DecodingSettings` that are not the first member's.

    Returns:
        A folder that evaluation and annotation take as they take a run's.

    Raises:
        FileNotFoundError: a member is no run folder, or not trained to the end.
        DataSetDiffers: members learnt from different data.
        ValueError: members that do not go together, or that re-rank what they would vote on; a
            ``decoding`` that contradicts itself; or another ensemble or run in the folder.
    """
    folder = RunFolder(pathlib.Path(path))
    _check(members)
    if (decoding or {}).get("consensus"):
        _refuse_two_orders(members)
    named = [os.path.relpath(member.path, folder.path) for member in members]
    settings = members[0].settings()
    decoded = dataclasses.replace(settings.decoding, **(decoding or {}))
    if decoded.votes_beside and settings.task != "captions":
        raise ValueError(
            f"{members[0].path}: writes {settings.task}; concepts and photographs vote on captions "
            "alone: leave out --concepts_vote and --photographs_vote"
        )
    changed = {"decoding": dict(decoding)} if decoding else {}
    content = json.dumps({"members": named, **changed}, indent=2) + "\n"
    if folder.settings_path.exists():
        there = folder.ensemble_path
        if not there.exists() or there.read_text("utf-8") != content:
            what = "another ensemble" if there.exists() else "a run of its own"
            raise ValueError(f"{folder.path}: holds {what}; name another folder for this ensemble")
        return folder
    folder.path.mkdir(parents=True, exist_ok=True)
    folder.ensemble_path.write_text(content, "utf-8")
    first = members[0]
    for own, theirs in (
        (folder.vocabulary_path, first.vocabulary_path),
        (folder.data_path, first.data_path),
    ):
        if theirs.exists():
            shutil.copyfile(theirs, own)
    # Last: with it the folder is whole.
    dataclasses.replace(settings, decoding=decoded).save(folder.settings_path)
    return folder


def _check(members: Sequence[RunFolder]) -> None:
    if not members:
        raise ValueError("an ensemble needs at least one run")
    first = members[0]
    for number, member in enumerate(members):
        if member.path.resolve() in [other.path.resolve() for other in members[:number]]:
            raise ValueError(f"{member.path} is named twice; an ensemble has each run once")
        if member.members():
            raise ValueError(f"{member.path} is an ensemble; name its members instead")
        require_finished(member, member.settings())
        member.require_data(first.data_digest())
        difference = difference_of_words(first.vocabulary(), member.vocabulary())
        if difference:
            raise ValueError(
                f"{first.path} and {member.path} write with different words: {difference}; only "
                "runs on one vocabulary can be averaged"
            )
        lengths = [run.settings().model.longest for run in (first, member)]
        if lengths[0] != lengths[1]:
            raise ValueError(
                f"{first.path} learnt to write at most {lengths[0]} words, {member.path} "
                f"{lengths[1]} (model.longest); only runs that may write equally long can be "
                "averaged"
            )


def _refuse_two_orders(members: Sequence[RunFolder]) -> None:
    """A single run that re-ranks what its beam finds has an order of its own, not the vote's."""
    system = find_system(members[0].settings().system)
    if len(members) == 1 and system.candidates:
        raise ValueError(
            f"{members[0].path}: {system.name} re-ranks its candidates, which would undo the order "
            "of a vote; leave out --consensus"
        )
