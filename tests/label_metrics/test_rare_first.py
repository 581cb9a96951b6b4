import pytest

from s_cnn_rnn.label_metrics import rare_first_pairs


@pytest.mark.parametrize(
    ("written", "in_order", "pairs"),
    [
        ("boat sky person", 3, 3),
        ("person boat sky", 1, 3),  # boat before sky alone
        ("person sky boat", 0, 3),
        ("sky sea", 1, 1),  # equally frequent: in order either way
        ("sea sky", 1, 1),
        ("person", 0, 0),
        ("", 0, 0),
    ],
)
def test_pairs_in_rare_first_order(written, in_order, pairs):
    counts = {"boat": 2, "sky": 10, "sea": 10, "person": 50}
    found = rare_first_pairs([written.split(), ["boat", "person"]], counts)
    assert [part.tolist() for part in found] == [[in_order, 1], [pairs, 1]]
