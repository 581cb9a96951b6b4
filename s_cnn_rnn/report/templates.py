"""What all pages are made with: the templates of this folder, and how a page comes onto the disk.

The templates escape every text (captions and file names come from strangers); the pages' content
security policy also forbids scripts and every request.
"""

import os
import pathlib

import jinja2

from s_cnn_rnn.report import formatting
from s_cnn_rnn.whole_files import whole_file


def render(template: str, **content) -> str:
    """A page as HTML text.

    Args:
        template: its file's name.
        content: what the template names.
    """
    return _environment().get_template(template).render(**content)


def write_page(path: str | os.PathLike, text: str) -> pathlib.Path:
    """Writes a page; the file is replaced only once the new one is complete.

    Returns:
        The path written.
    """
    path = pathlib.Path(path)
    with whole_file(path) as unfinished:
        # Names of files may hold bytes that are no text (lone surrogates): written as "?".
        unfinished.write_text(text, "utf-8", errors="replace")
    return path


def _environment() -> jinja2.Environment:
    templates = jinja2.Environment(
        loader=jinja2.FileSystemLoader(pathlib.Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters.update(
        number=formatting.number,
        duration=formatting.duration,
        measured=formatting.is_measured,
        text=formatting.as_text,
    )
    return templates
