"""Draws `docs/images/interfaces.svg`: the four interfaces of the paper's fig. 1, in our own form.

From the repository's root: ``python -m docs.draw_interfaces``
"""

import itertools
import pathlib

TARGET = pathlib.Path(__file__).parent / "images" / "interfaces.svg"
WIDTH, HEIGHT = 440, 250
STEPS = ("START", "a", "dog")
WORDS = ("a", "dog", "runs …")
STEP_X = (190, 275, 360)
INK, BLUE, GREEN, AMBER, GREY = "#334155", "#dbeafe", "#dcfce7", "#fef3c7", "#f1f5f9"
PANELS = (
    (
        "a",
        "(a) step-zero input",
        "nic-f, v2l, att",
        "F (v2l: its concepts) is read as if it were the first word",
    ),
    ("b", "(b) initial state", "ria, nic-deeply", "F sets the decoder's first state"),
    ("c", "(c) late fusion", "cnn-rnn, m-rnn", "F joins the output of every step"),
    ("d", "(d) semantic", "ours", "concepts, learnt from the truth, set the first state"),
)


def drawing() -> str:
    """The whole picture as SVG text."""
    described = "; ".join(f"{title}: {says} ({systems})" for _, title, systems, says in PANELS)
    panels = [
        f'<g transform="translate({20 + n % 2 * (WIDTH + 20)} {10 + n // 2 * (HEIGHT + 10)})">'
        f"{_panel(*panel)}</g>"
        for n, panel in enumerate(PANELS)
    ]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {2 * WIDTH + 60} '
            f'{2 * HEIGHT + 40}" font-family="system-ui, sans-serif" font-size="14" role="img" '
            'aria-labelledby="t d">',
            "<title id='t'>Four ways from the photograph to the words</title>",
            f"<desc id='d'>{described}.</desc>",
            f'<rect width="{2 * WIDTH + 60}" height="{2 * HEIGHT + 40}" fill="#ffffff"/>',
            '<defs><marker id="a" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="6" '
            f'markerHeight="6" orient="auto"><path d="M0 0 10 5 0 10z" fill="{INK}"/></marker>'
            "</defs>",
            *panels,
            "</svg>\n",
        ]
    )


def _panel(name: str, title: str, systems: str, says: str) -> str:
    """One interface: photograph and CNN on the left, three steps of the decoder on the right."""
    shapes = [
        f'<text x="0" y="18" font-weight="600" fill="#0f172a">{title}</text>',
        f'<text x="{WIDTH - 5}" y="18" text-anchor="end" fill="#475569">{systems}</text>',
        f'<text x="0" y="{HEIGHT - 14}" fill="#475569" font-size="13">{says}</text>',
        _box(0, 170, 60, 34, "I", GREY),
        _arrow(30, 170, 30, 148),
        f'<path d="M6 148H54L64 112H-4z" fill="{BLUE}" stroke="{INK}"/>',
        _text(30, 135, "CNN"),
        _arrow(30, 112, 30, 94),
        _box(0, 64, 60, 30, "F", GREY),
    ]
    shapes += [_steps(name), _INTERFACES[name]()]
    return "".join(shapes)


def _steps(name: str) -> str:
    shapes = []
    for x, read, written in zip(STEP_X, STEPS, WORDS, strict=True):
        shapes += [_box(x - 30, 112, 60, 40, "LSTM", AMBER), _text(x, 200, read)]
        shapes += [_arrow(x, 184, x, 152), _text(x, 42, written)]
        shapes.append(_arrow(x, 112, x, 92) if name == "c" else _arrow(x, 112, x, 50))
    shapes += [_arrow(x + 30, 132, x + 55, 132) for x in STEP_X[:-1]]
    return "".join(shapes)


def _step_zero() -> str:
    return (
        _box(86, 112, 52, 40, "LSTM", AMBER)
        + _line("M60 79H74V172H112V152")
        + _arrow(138, 132, 160, 132)
    )


def _initial_state() -> str:
    return _line("M60 79H110V132H160") + _text(132, 124, "h₀")


def _late_fusion() -> str:
    joined = "".join(
        f'<circle cx="{x}" cy="79" r="13" fill="{GREEN}" stroke="{INK}"/>'
        + _text(x, 84, "+")
        + _arrow(x, 66, x, 50)
        for x in STEP_X
    )
    across = [_arrow(60, 79, STEP_X[0] - 13, 79)]
    across += [_arrow(a + 13, 79, b - 13, 79) for a, b in itertools.pairwise(STEP_X)]
    return joined + "".join(across)


def _semantic() -> str:
    return (
        _box(84, 62, 46, 34, "ŝ", GREEN)
        + _arrow(60, 79, 84, 79)
        + _line("M107 96V132H160")
        + _text(140, 124, "h₀")
        + _arrow(107, 40, 107, 62)
        + _text(107, 34, "s, loss Lu", "#166534")
    )


_INTERFACES = {"a": _step_zero, "b": _initial_state, "c": _late_fusion, "d": _semantic}


def _box(x: int, y: int, width: int, height: int, text: str, fill: str) -> str:
    return (
        f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="5" fill="{fill}" '
        f'stroke="{INK}"/>' + _text(x + width // 2, y + height // 2 + 5, text)
    )


def _text(x: int, y: int, text: str, colour: str = "#0f172a") -> str:
    return f'<text x="{x}" y="{y}" text-anchor="middle" fill="{colour}">{text}</text>'


def _arrow(x1: int, y1: int, x2: int, y2: int) -> str:
    return _line(f"M{x1} {y1}L{x2} {y2}")


def _line(path: str) -> str:
    return f'<path d="{path}" fill="none" stroke="{INK}" stroke-width="1.5" marker-end="url(#a)"/>'


if __name__ == "__main__":
    TARGET.write_text(drawing(), "utf-8")
