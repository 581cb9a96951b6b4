"""README's table of systems."""

import pathlib

from experiments.system_table import with_systems
from s_cnn_rnn.model.systems import SYSTEMS

_REPOSITORY = pathlib.Path(__file__).parents[2]


def test_readme_lists_every_system():
    readme = (_REPOSITORY / "README.md").read_text("utf-8")
    assert with_systems(readme) == readme, "run: python -m experiments.readme_tables"
    for row in SYSTEMS.values():
        assert f"| `{row.name}` | {row.summary} | {' and '.join(row.tasks)} |" in readme, row.name


def test_the_table_of_systems_is_made_where_there_is_a_place_for_it():
    assert with_systems("nothing to fill") == "nothing to fill"
    filled = with_systems("before\n<!-- systems -->\nold\n<!-- end of systems -->\nafter")
    assert filled.startswith("before\n<!-- systems -->\n\n| name |")
    assert filled.endswith("|\n\n<!-- end of systems -->\nafter")
    assert "old" not in filled
    assert with_systems(filled) == filled
