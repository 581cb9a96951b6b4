"""Hooks of mkdocs: a navigation without pages that this version lacks; docstrings as Markdown.

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


def on_page_content(html: str, **_) -> str:
    """Called by mkdocs with each page: docstrings end a line before code with two colons."""
    return html.replace("::</p>", ":</p>")
