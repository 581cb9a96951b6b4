import doctest

from s_cnn_rnn import near_names as module
from s_cnn_rnn.near_names import did_you_mean, near_names


def test_documented_examples_run():
    assert doctest.testmod(module).attempted > 0
    assert doctest.testmod(module).failed == 0


def test_the_nearest_come_first_and_capital_letters_do_not_matter():
    assert near_names("dogg", ["cat", "dogs", "dog"]) == ["dog", "dogs"]
    assert near_names("berlim", ["Berlin", "berlin", "Rome"]) == ["Berlin", "berlin"]
    assert near_names("berlim", ["Berlin", "berlin", "Rome"], 1) == ["Berlin"]


def test_nothing_is_asked_where_no_name_is_near():
    assert near_names("xyz", ["dog"]) == []
    assert did_you_mean("xyz", ["dog"]) == ""
    assert did_you_mean("trains", ["train", "strain"]) == "did you mean train or strain?"
