"""The one command: s-cnn-rnn NAME ... runs a program of the table below, as python -m would.

Nothing but the program that is asked for is imported.
"""

import runpy
import sys
from typing import NamedTuple


class Program(NamedTuple):
    """A row: what runs, and a line that says what it does.

    Args:
        module: an absl program with flags of its own.
        summary: one line.
    """

    module: str
    summary: str


PROGRAMS = {
    "annotate": Program(
        "experiments.annotate", "captions and labels of photographs: printed, or in their metadata"
    ),
    "what-if": Program("experiments.what_if", "captions again, with concepts switched on or off"),
    "explain": Program("experiments.explain", "why: the concepts and places behind every word"),
    "serve": Program("experiments.serve", "a page for photographs, on this machine alone"),
    "learn-keywords": Program(
        "experiments.learn_keywords", "an annotator of one's own from a folder's own keywords"
    ),
    "check-data": Program("data_prep.check", "what is wrong with a data set, before training"),
    "prepare": Program("data_prep.prepare", "a data set into the prepared format"),
    "train": Program("experiments.train", "all stages of a run, one after the other"),
    "train-cnn": Program("experiments.train_cnn", "the stages of the CNN alone"),
    "train-rnn": Program("experiments.train_rnn", "the stages of the decoder alone"),
    "train-joint": Program("experiments.train_joint", "the joint stage alone"),
    "evaluate": Program("experiments.evaluate", "scores of finished runs, and a report"),
    "score-captions": Program(
        "experiments.score_captions", "scores of captions in files, whoever wrote them"
    ),
    "compare": Program("experiments.compare", "several runs in one page, with significance"),
    "export": Program("experiments.export", "a run as one file: photograph in, text out"),
    "caption-bounds": Program(
        "experiments.caption_bounds", "the best that a beam finds, and a person, beside a run"
    ),
    "ensemble": Program("experiments.ensemble", "several runs that write as one"),
    "coco-results": Program("experiments.coco_results", "the file that the COCO server takes"),
    "pack": Program("experiments.pack", "finished runs into the box that comes with the package"),
}


def usage() -> str:
    """The programs, one line each."""
    width = max(map(len, PROGRAMS))
    rows = [f"  {name:<{width}}  {program.summary}" for name, program in PROGRAMS.items()]
    return "\n".join(
        [
            "usage: s-cnn-rnn PROGRAM [--FLAG=VALUE ...] [FILE ...]",
            "",
            *rows,
            "",
            "s-cnn-rnn PROGRAM --help tells a program's flags. The first thing to try:",
            "  s-cnn-rnn annotate photo.jpg",
        ]
    )


def main(arguments: list[str]) -> int:
    """Runs a program.

    Args:
        arguments: the program's name and what it is given.

    Returns:
        Exit status; most programs end with their own.
    """
    name, *rest = arguments or ["--help"]
    if name in ("--help", "-h", "-help", "help", "--helpshort", "--helpfull"):
        print(usage())
        return 0
    if name == "--version":
        from s_cnn_rnn import __version__

        print(f"s-cnn-rnn {__version__}")
        return 0
    if name not in PROGRAMS:
        from s_cnn_rnn.near_names import did_you_mean

        meant = did_you_mean(name, PROGRAMS)
        told = f"s-cnn-rnn: no program {name!r}{meant and f'; {meant}'}"
        print(f"{told}\n\n{usage()}", file=sys.stderr)
        return 1
    sys.argv = [f"s-cnn-rnn {name}", *rest]
    runpy.run_module(PROGRAMS[name].module, run_name="__main__", alter_sys=True)
    return 0


def run() -> None:
    """Entry point of the console command."""
    sys.exit(main(sys.argv[1:]))


if __name__ == "__main__":
    run()
