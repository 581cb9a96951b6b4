"""Which flags a program has, read from its source: nothing is imported, so TensorFlow need not be.

A flag is a call of ``flags.DEFINE_...`` in the program's module, in a module whose flags it adopts
(``flags.adopt_module_key_flags``), or in one of the program's own that it imports.
"""

import ast
import dataclasses
import functools
import pathlib
from collections.abc import Iterator

ROOT = pathlib.Path(__file__).parents[1]
PROGRAM_FOLDERS = ("experiments", "data_prep")
_KINDS = {
    "string": "text",
    "bool": "yes or no",
    "boolean": "yes or no",
    "integer": "whole number",
    "float": "number",
    "enum": "one of",
    "list": "list, joined by commas",
    "multi_string": "text; may be given several times",
    "multi_enum": "may be given several times; one of",
    "config_file": "settings file",
}
_WITH_CHOICES = ("enum", "multi_enum")
# Functions of our own that define a flag, the kind of that, and their arguments.
_DEFINING = {"define_settings": "config_file"}
_ORDERS = {"define_settings": ("name", "help")}


@dataclasses.dataclass(frozen=True)
class Flag:
    """One flag of a program.

    Args:
        name: without dashes.
        kind: what its value is, in words.
        default: as it would be typed; "" for none.
        explanation: its help.
        required: whether the program refuses to run without it.
    """

    name: str
    kind: str
    default: str
    explanation: str
    required: bool = False


@dataclasses.dataclass(frozen=True)
class Program:
    """A program that is run with ``python -m``.

    Args:
        module: such as "experiments.train".
        description: its docstring.
        flags: in the order in which they are defined.
    """

    module: str
    description: str
    flags: tuple[Flag, ...]


def programs(root: pathlib.Path = ROOT) -> list[Program]:
    """All programs, in the order of their modules' names.

    Args:
        root: of the repository.
    """
    paths = [path for folder in PROGRAM_FOLDERS for path in sorted((root / folder).glob("*.py"))]
    return [_program(root, path) for path in paths if _is_program(_tree(path))]


def _program(root: pathlib.Path, path: pathlib.Path) -> Program:
    module = ".".join(path.relative_to(root).with_suffix("").parts)
    found: dict[str, Flag] = {}
    required: set[str] = set()
    for source in _with_flag_modules(root, path):
        required |= set(_required(_tree(source)))
        for flag in _defined(root, source):
            found.setdefault(flag.name, flag)
    flags = tuple(
        dataclasses.replace(flag, required=flag.name in required) for flag in found.values()
    )
    return Program(module, ast.get_docstring(_tree(path)) or "", flags)


@functools.cache
def _tree(path: pathlib.Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def _is_program(tree: ast.Module) -> bool:
    return any(
        isinstance(node, ast.If) and "__main__" in ast.unparse(node.test) for node in tree.body
    )


def _with_flag_modules(root: pathlib.Path, path: pathlib.Path) -> list[pathlib.Path]:
    """The program and the modules beside it that it imports; those define no models."""
    found = [path]
    for source in found:
        for folder, name in _imports(_tree(source)):
            beside = root / folder.replace(".", "/") / f"{name}.py"
            if beside.exists() and beside not in found:
                found.append(beside)
    return [source for source in found if source == path or not _is_program(_tree(source))]


def _imports(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """(folder, module) of imports from the programs' folders."""
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.module in PROGRAM_FOLDERS:
            yield from ((node.module, alias.name) for alias in node.names)


def _calls(tree: ast.Module, *names: str) -> Iterator[tuple[str, ast.Call]]:
    """Calls of ``SOMETHING.NAME...``, in the order of the source."""
    for node in ast.walk(tree):
        method = getattr(node.func, "attr", "") if isinstance(node, ast.Call) else ""
        if method.startswith(names):
            yield method, node


def _required(tree: ast.Module) -> Iterator[str]:
    for _, call in _calls(tree, "mark_flag_as_required", "mark_flags_as_required"):
        named = ast.literal_eval(call.args[0])
        yield from [named] if isinstance(named, str) else named


def _defined(root: pathlib.Path, path: pathlib.Path) -> Iterator[Flag]:
    """Flags of a module; calls whose name is no literal are within functions."""
    calls = sorted(_calls(_tree(path), "DEFINE_", *_DEFINING), key=lambda one: one[1].lineno)
    for method, call in calls:
        kind = _DEFINING.get(method, method.removeprefix("DEFINE_"))
        given = dict(zip(_ORDERS.get(method, _order(kind)), call.args, strict=False))
        given |= {keyword.arg: keyword.value for keyword in call.keywords}
        if not isinstance(given["name"], ast.Constant):
            continue
        words = _KINDS.get(kind, kind.replace("_", " "))
        if kind in _WITH_CHOICES:
            words += " " + ", ".join(f"`{o}`" for o in _choices(root, path, given["enum_values"]))
        name, default, explanation = (
            _typed(given[part]) if part in given else "" for part in ("name", "default", "help")
        )
        yield Flag(name, words, default, explanation)


def _order(kind: str) -> tuple[str, ...]:
    """The arguments of absl's functions that define flags of a kind."""
    return ("name", "default", *(["enum_values"] if kind in _WITH_CHOICES else []), "help")


def _typed(value: ast.expr) -> str:
    """A value as it would be typed: `a,b` for a list, its source for what is no literal."""
    try:
        found = ast.literal_eval(value)
    except ValueError:
        source = ast.unparse(value)
        return "all of them" if source.startswith("list(") else source
    if found is None or found in ("", []):
        return ""
    return ",".join(found) if isinstance(found, list) else str(found)


def _choices(root: pathlib.Path, path: pathlib.Path, node: ast.expr) -> list[str]:
    """The values that an enum may take; those of ``sorted(TABLE)`` are the names of its rows."""
    try:
        return list(ast.literal_eval(node))
    except ValueError:
        *_, module, table = ["", *ast.unparse(node).split("(")[-1].rstrip(")").split(".")]
    for source in [path, *_imported_from(root, path, module or table)]:
        names = [row["name"] for row in rows_of_table(source, table) if "name" in row]
        if names:
            return sorted(names)
    return [ast.unparse(node)]


def _imported_from(root: pathlib.Path, path: pathlib.Path, name: str) -> Iterator[pathlib.Path]:
    """The files that an imported name may come from, or be."""
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.ImportFrom) and any(alias.name == name for alias in node.names):
            place = root / node.module.replace(".", "/")
            among = (place / f"{name}.py", place / "__init__.py", place.with_suffix(".py"))
            yield from (found for found in among if found.exists())


def rows_of_table(path: pathlib.Path, table: str) -> list[dict]:
    """The rows of a table of the source, each as the keywords of its call.

    Args:
        path: a module with ``TABLE = {row.name: row for row in (Row(name=...), ...)}`` or
            ``TABLE = {"name": ...}``.
        table: its name.

    Returns:
        One dictionary a row; values that are no constants are left out.
    """
    tree = _tree(path)
    constants: dict = {}
    for node in tree.body:
        if not isinstance(node, (ast.Assign, ast.AnnAssign)):
            continue
        target = node.targets[0] if isinstance(node, ast.Assign) else node.target
        if ast.unparse(target) == table:
            return _rows(tree, node.value, constants)
        value = _constant(node.value, constants)
        if value is not None:
            constants[ast.unparse(target)] = value
    return []


def _rows(tree: ast.Module, value: ast.expr, constants: dict) -> list[dict]:
    if isinstance(value, ast.Dict):
        keys, calls = [ast.literal_eval(key) for key in value.keys], value.values
    else:
        keys, calls = [], value.generators[0].iter.elts
    rows = [{"name": key} for key in keys] or [{} for _ in calls]
    for row, call in zip(rows, calls, strict=True):
        if not isinstance(call, ast.Call):
            continue
        given = dict(zip(_fields(tree, ast.unparse(call.func)), call.args, strict=False))
        given |= {keyword.arg: keyword.value for keyword in call.keywords}
        values = {name: _constant(node, constants) for name, node in given.items()}
        row |= {name: each for name, each in values.items() if each is not None}
    return rows


def _fields(tree: ast.Module, name: str) -> list[str]:
    """The fields of a dataclass of the module, in order."""
    classes = [n for n in tree.body if isinstance(n, ast.ClassDef) and n.name == name]
    return [ast.unparse(n.target) for c in classes for n in c.body if isinstance(n, ast.AnnAssign)]


def _constant(node: ast.expr | None, constants: dict) -> object | None:
    """The value of an expression of literals and constants of the module; else None."""
    if node is None or any(isinstance(part, (ast.Call, ast.Lambda)) for part in ast.walk(node)):
        return None
    names = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
    if not names <= set(constants):
        return None
    expression = compile(ast.Expression(node), "<table>", "eval")
    return eval(expression, {"__builtins__": {}}, constants)
