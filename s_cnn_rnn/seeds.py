"""Which runs are the same system, trained from different seeds."""

from collections.abc import Sequence

from s_cnn_rnn.run_folder import RunFolder, first_difference


def group_by_seed(folders: Sequence[RunFolder]) -> list[list[RunFolder]]:
    """Puts runs that differ in nothing but their seed together, in the order of their first."""
    groups: list[list[RunFolder]] = []
    for folder in folders:
        same = [group for group in groups if not _difference_but_seed(group[0], folder)]
        if same:
            same[0].append(folder)
        else:
            groups.append([folder])
    return groups


def check_seeds(folders: Sequence[RunFolder]) -> None:
    """Checks that runs are seeds of one system.

    Raises:
        ValueError: they are not; the message names the difference.
    """
    for number, folder in enumerate(folders):
        difference = _difference_but_seed(folders[0], folder)
        if difference:
            raise ValueError(
                f"{folders[0].path} and {folder.path} are not seeds of one system: {difference}; "
                "compare them instead"
            )
        for earlier in folders[:number]:
            if earlier.settings().seed == folder.settings().seed:
                raise ValueError(
                    f"{earlier.path} and {folder.path} have the same seed "
                    f"({folder.settings().seed}); name each seed once"
                )


def _difference_but_seed(first: RunFolder, second: RunFolder) -> str:
    described = []
    for folder in (first, second):
        settings = folder.settings()
        from_others = {name: bool(getattr(settings, name)) for name in ("cnn_from", "starts_from")}
        content = settings.to_dict() | {"seed": 0, **from_others}
        content["members"] = len(folder.members())
        described.append(content | {"feature_cache": "", "jit": False, "variant": ""})
    return first_difference(*described)
