"""A hook of mkdocs: the navigation without pages that this version does not have.

Pages come and go with the parts they describe; mkdocs.yml names all of them once.
"""

import pathlib


def on_config(config):
    """Called by mkdocs with its configuration."""
    docs = pathlib.Path(config["docs_dir"])
    config["nav"] = present(config["nav"], docs)
    return config


def present(entries: list, docs: pathlib.Path) -> list:
    """The entries whose page exists, and the sections that have such.

    Args:
        entries: as in mkdocs.yml: {title: page or entries}.
        docs: folder of the pages.
    """
    kept = []
    for entry in entries:
        [(title, target)] = entry.items()
        if isinstance(target, list):
            target = present(target, docs)
        elif not (docs / target).exists():
            continue
        if target:
            kept.append({title: target})
    return kept
