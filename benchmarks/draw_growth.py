"""Draws docs/images/benchmarks_growth.png from what the benchmarks wrote; takes a second.

  python -m benchmarks.draw_growth [--quick]

--quick draws the results of --quick runs, into the temporary folder. A curve that was not measured
yet leaves its panel empty.
"""

import json
import pathlib
import tempfile
from collections.abc import Sequence

import matplotlib
from absl import app

from benchmarks.measuring import RESULTS
from benchmarks.quick import is_quick
from benchmarks.worker import ROOT

PICTURE = ROOT / "docs" / "images" / "benchmarks_growth.png"
LABELS = {"sequences": "captions in a batch", "words": "words", "width": "beam width"}
WHAT = {
    "growth_captions": "decoder training step, ms",
    "growth_vocabulary": "decoder training step, ms",
    "growth_beam_width": "beam search, 32 photographs, ms",
}


def draw(results: pathlib.Path, path: pathlib.Path, ending: str = ".json") -> None:
    """Draws all panels.

    Args:
        results: folder of the result files.
        path: the picture; a PNG.
        ending: of the result files' names.
    """
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    from matplotlib.ticker import MaxNLocator, StrMethodFormatter

    figure, grid = plt.subplots(2, 3, figsize=(12, 6.4), layout="constrained")
    panels = list(grid.flat)
    for panel, (name, what) in zip(panels, WHAT.items(), strict=False):
        content = _read(results / f"{name}{ending}")
        panel.set_ylabel(what)
        if content:
            _curves(panel, content)
    photographs = _read(results / f"many_photographs{ending}")
    panels[3].set_ylabel("preparing NUS-WIDE's annotations, s")
    panels[4].set_ylabel("peak memory of preparing, MB")
    panels[5].set_ylabel("peak memory of training, MB")
    if photographs:
        _against_photographs(panels[3:], photographs)
    for panel in panels:
        panel.set_ylim(bottom=0)
        panel.xaxis.set_major_locator(MaxNLocator(5))
        panel.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
        panel.spines[["top", "right"]].set_visible(False)
        if panel.lines:
            panel.legend(frameon=False, fontsize=8)
    figure.savefig(path, dpi=110)
    plt.close(figure)


def _read(path: pathlib.Path) -> dict | None:
    return json.loads(path.read_text("utf-8")) if path.exists() else None


def _curves(panel, content: dict) -> None:
    quantity = content["quantity"]
    panel.set_xlabel(LABELS[quantity])
    for name in content["points"][0]["seconds"]:
        values = [point[quantity] for point in content["points"]]
        seconds = [point["seconds"][name] for point in content["points"]]
        [line] = panel.plot(values, [1e3 * s["median"] for s in seconds], "o-", label=name)
        low, high = ([1e3 * s[end] for s in seconds] for end in ("low", "high"))
        panel.fill_between(values, low, high, color=line.get_color(), alpha=0.2)


def _against_photographs(panels, content: dict) -> None:
    for panel in panels:
        panel.set_xlabel("photographs")
    prepared = content["preparing"]
    counts = [each["photographs"] for each in prepared]
    panels[0].plot(counts, [each["seconds"] for each in prepared], "o-", label="preparing")
    for panel, name in zip(panels[1:], ("preparing", "training"), strict=True):
        counts = [each["photographs"] for each in content[name]]
        panel.plot(counts, [e["megabytes"]["peak"] for e in content[name]], "o-", label=name)


def main(_: Sequence[str]) -> None:
    """Draws."""
    path, ending = PICTURE, ".json"
    if is_quick():
        path, ending = pathlib.Path(tempfile.gettempdir()) / PICTURE.name, ".quick.json"
    draw(RESULTS, path, ending)
    print(f"written to {path}")


if __name__ == "__main__":
    app.run(main)
