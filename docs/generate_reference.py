"""Writes the pages of `docs/reference/` from the source, so that they never go stale.

From the repository's root: ``python -m docs.generate_reference``; `make docs` runs it. Nothing of
TensorFlow is imported. The pages are not part of the repository.
"""

import ast
import dataclasses
import pathlib
import re
from collections.abc import Iterator, Sequence

from docs.flag_definitions import Program, programs, rows_of_table
from s_cnn_rnn import settings

ROOT = pathlib.Path(__file__).parents[1]
TARGET = ROOT / "docs" / "reference"
SETTINGS = (
    ("Of the run", "", settings.RunSettings),
    ("The CNN", "encoder.", settings.EncoderSettings),
    ("Semantic layer, interface, decoder", "model.", settings.ModelSettings),
    ("One training stage", "stages.NAME.", settings.StageSettings),
    ("How annotations are written", "decoding.", settings.DecodingSettings),
)
GROUPS = (
    ("Data", ("data_prep.",)),
    ("Training", ("experiments.train", "experiments.ensemble", "experiments.findings")),
    ("", ("experiments.",)),
)
_FLAG_IN_TEXT = re.compile(r"(?<![\w`/=-])(--[a-z_]+(?:=[\w./]*\w)?)(?![`\w])")
_PART_COLUMNS = ("semantic", "interface", "embedding", "decoder", "fusion", "cell", "concept_loss")


def pages(root: pathlib.Path = ROOT) -> dict[str, str]:
    """File name -> text of each generated page."""
    return {
        "commands.md": commands_page(programs(root), console_commands(root)),
        "settings.md": settings_page(),
        "systems.md": systems_page(root),
        "new_parts.md": new_parts_page(root),
        "results.md": results_page(root),
    }


def console_commands(root: pathlib.Path) -> dict[str, list[str]]:
    """Module -> the commands that it is installed as, from setup.py and the command's own table."""
    source = (root / "setup.py").read_text("utf-8")
    texts = [n.value for n in ast.walk(ast.parse(source)) if isinstance(n, ast.Constant)]
    scripts = (re.fullmatch(r"(\S+) = (\S+):run", str(text)) for text in texts)
    found: dict[str, list[str]] = {}
    for row in rows_of_table(root / "experiments" / "command.py", "PROGRAMS"):
        found.setdefault(row["module"], []).append(f"s-cnn-rnn {row['name']}")
    for script in filter(None, scripts):
        found.setdefault(script[2], []).append(script[1])
    return found


def commands_page(found: Sequence[Program], commands: dict[str, list[str]]) -> str:
    """Every program with its description and flags, in groups."""
    parts = [
        "# Every command\n\nMade from the programs' own source. Each runs as `python -m MODULE`; "
        "those with a command of their own are installed by `pip install .` under that name. "
        "`--help` of each says the same. A flag of the kind *yes or no* is switched off by "
        "`--noNAME`.\n"
    ]
    left = list(found)
    for title, prefixes in GROUPS:
        here = [program for program in left if program.module.startswith(prefixes)]
        left = [program for program in left if program not in here]
        parts.append(f"## {title or 'Using and measuring a finished run'}\n")
        parts += [_program(program, commands.get(program.module, [])) for program in here]
    return "\n".join(parts)


def _program(program: Program, commands: Sequence[str]) -> str:
    names = " and ".join(f"`{command}`" for command in commands)
    called = f"\nInstalled as {names}.\n" if names else ""
    lines = [f"### {program.module}\n{called}", markdown_of(program.description), ""]
    if program.flags:
        lines += ["| flag | value | default | |", "|---|---|---|---|"]
    for flag in program.flags:
        default = "**must be given**" if flag.required else _code(flag.default)
        explanation = flag.explanation.replace("*", "\\*")
        cells = (f"`--{flag.name}`", flag.kind, default, explanation)
        lines.append("| " + " | ".join(map(_cell, cells)) + " |")
    return "\n".join([*lines, ""])


def markdown_of(docstring: str) -> str:
    """A program's docstring as Markdown: indented lines are commands."""
    lines: list[str] = []
    fenced = False
    for line in docstring.splitlines():
        indented = line.startswith("  ")
        if indented != fenced:
            lines += ["```", ""] if fenced else ["", "```"]
            fenced = indented
        lines.append(line[2:] if indented else re.sub(r"``([^`]*)``", r"`\1`", line))
    text = "\n".join([*lines, "```"] if fenced else lines)
    pieces = text.split("```")
    pieces[::2] = [_FLAG_IN_TEXT.sub(r"`\1`", piece) for piece in pieces[::2]]
    return "```".join(pieces)


def settings_page() -> str:
    """Every setting with its default and explanation."""
    parts = [
        "# Every setting\n\nMade from `s_cnn_rnn/settings.py`. A config file in "
        "`experiments/configs/` fills them; on the command line of a training program they are "
        "flags: `--config.model.units=256 --config.stages.cnn.steps=200`. A run folder keeps its "
        "own in `settings.json`. A setting that does not exist is refused, with the list of those "
        "that do.\n"
    ]
    for title, prefix, cls in SETTINGS:
        parts += [f"## {title}\n", "| setting | type | default | |", "|---|---|---|---|"]
        explained = explanations(cls.__doc__)
        for field in dataclasses.fields(cls):
            cells = (
                f"`{prefix}{field.name}`",
                _type(field.type),
                _default(field),
                explained[field.name],
            )
            parts.append("| " + " | ".join(map(_cell, cells)) + " |")
        parts.append("")
    return "\n".join(parts)


def explanations(docstring: str) -> dict[str, str]:
    """Argument -> its explanation, from a docstring in Google's style."""
    arguments = docstring.partition("Args:\n")[2]
    found: dict[str, str] = {}
    for line in arguments.splitlines():
        named = re.match(r" {8}(\w+): (.*)", line)
        if named:
            name, found[named[1]] = named[1], named[2]
        elif line.startswith(" " * 12):
            found[name] += " " + line.strip()
    return found


def _type(annotation: object) -> str:
    name = annotation.__name__ if isinstance(annotation, type) else str(annotation)
    return _code(name.replace("s_cnn_rnn.settings.", ""))


def _default(field: dataclasses.Field) -> str:
    if dataclasses.is_dataclass(field.default):
        return "see below"
    if field.default_factory is not dataclasses.MISSING:
        return _code(repr(field.default_factory()))
    return (
        "**must be given**" if field.default is dataclasses.MISSING else _code(repr(field.default))
    )


def systems_page(root: pathlib.Path) -> str:
    """The table of systems, what each is made of, and the stages."""
    systems = rows_of_table(root / "s_cnn_rnn" / "model" / "systems.py", "SYSTEMS")
    stages = rows_of_table(root / "s_cnn_rnn" / "model" / "stages.py", "STAGES")
    lines = [
        "# Every system and stage\n\nMade from `s_cnn_rnn/model/systems.py` and `stages.py`. "
        "`--system=NAME` of a training program chooses one; all share encoder, decoder, training "
        "and scores.\n",
        "| system | what it is | writes | from |",
        "|---|---|---|---|",
    ]
    for row in systems:
        tasks = ", ".join(row.get("tasks", ("labels",)))
        cells = (f"`{row['name']}`", row["summary"], tasks, row["reference"])
        lines.append("| " + " | ".join(map(_cell, cells)) + " |")
    lines += ["", "## What each is made of\n", "Fields that a row leaves out are empty.", ""]
    lines += [_header("system", *(name.replace("_", " ") for name in _PART_COLUMNS))]
    for row in systems:
        cells = (f"`{row['name']}`", *(_code(str(row.get(name, ""))) for name in _PART_COLUMNS))
        lines.append("| " + " | ".join(map(_cell, cells)) + " |")
    lines += ["", "## Stages\n", "A run goes through those of its config that its system has.", ""]
    lines += [_header("stage", "program", "what it does", "starts from", "trains", "learns")]
    for row in stages:
        cells = (f"`{row['name']}`", f"`{row['program']}`", row["summary"], row["source"])
        cells += (", ".join(row["trains"]), ", ".join(row["outputs"]))
        lines.append("| " + " | ".join(map(_cell, cells)) + " |")
    return "\n".join([*lines, ""])


def new_parts_page(root: pathlib.Path) -> str:
    """Where a new part goes, from WORKSPACE.md."""
    text = section(root / "WORKSPACE.md", "Where a new part goes")
    return f"# Where a new part goes\n\nFrom `WORKSPACE.md`, the map of the source.\n\n{text}\n"


def results_page(root: pathlib.Path) -> str:
    """The measured tables, from README.md."""
    readme = root / "README.md"
    titles = re.findall(r"^## (.*)$", readme.read_text("utf-8"), re.MULTILINE)
    parts = [
        f"## {title}\n\n{site_links(section(readme, title))}\n"
        for title in titles
        if title.startswith(("Results", "Departures"))
    ]
    if not parts:
        raise ValueError(f"{readme}: expected a heading that begins with Results; got {titles}")
    head = "# Results\n\nThe tables of README.md, as the result files in `results/` made them.\n"
    return "\n".join([head, *parts])


def section(path: pathlib.Path, title: str) -> str:
    """What stands below a heading of the second level, without the heading.

    Raises:
        ValueError: the file has no such heading.
    """
    parts = re.split(r"^## (.*)$", path.read_text("utf-8"), flags=re.MULTILINE)
    for heading, text in zip(parts[1::2], parts[2::2], strict=True):
        if heading == title:
            return text.strip()
    raise ValueError(f"{path}: expected a heading '## {title}'; got {parts[1::2]}")


def site_links(text: str) -> str:
    """Links of a file in the root as links of a page in `docs/reference/`.

    Links to files that are no page become the file's path, since the site has no such file.
    """

    def replaced(link: re.Match) -> str:
        shown, target = link[1], link[2]
        if re.match(r"https?:|#", target):
            return link[0]
        if target.startswith("docs/"):
            return f"[{shown}](../{target.removeprefix('docs/')})"
        return f"`{target}`"

    return re.sub(r"\[([^\]]*)\]\(([^)\s]+)\)", replaced, text)


def _header(*names: str) -> str:
    return f"| {' | '.join(names)} |\n|{'---|' * len(names)}"


def _code(text: str) -> str:
    return f"`{text}`" if text else ""


def _cell(text: str) -> str:
    """A text on one line that does not end its cell."""
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")


def write(target: pathlib.Path = TARGET, root: pathlib.Path = ROOT) -> Iterator[pathlib.Path]:
    """Writes the pages that have changed, and yields all."""
    target.mkdir(exist_ok=True)
    for name, text in pages(root).items():
        path = target / name
        if not path.exists() or path.read_text("utf-8") != text:
            path.write_text(text, "utf-8")
        yield path


if __name__ == "__main__":
    for written in write():
        print(written.relative_to(ROOT))
