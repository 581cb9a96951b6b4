import pytest

from s_cnn_rnn.run_folder import RunFolder
from s_cnn_rnn.seeds import check_seeds, group_by_seed
from s_cnn_rnn.settings import RunSettings


@pytest.fixture
def make_run(tmp_path):
    def make(name, **settings) -> RunFolder:
        run = RunFolder(tmp_path / name)
        run.path.mkdir()
        RunSettings.from_dict({"data": "data/set", **settings}).save(run.settings_path)
        return run

    return make


def test_runs_that_differ_in_the_seed_alone_are_one_system(make_run):
    ours = [make_run(f"ours_{n}", seed=n, cnn_from=f"runs/cnn_{n}") for n in range(3)]
    nic_f = make_run("nic-f", system="nic-f", seed=1)
    alone = make_run("alone", seed=1)
    groups = group_by_seed([ours[0], nic_f, ours[1], alone, ours[2]])
    assert groups == [ours, [nic_f], [alone]]
    check_seeds(ours)


def test_the_difference_is_named(make_run):
    first = make_run("first", model={"units": 16})
    second = make_run("second", seed=1, model={"units": 32})
    with pytest.raises(ValueError, match=r"model\.units is 16 there and 32 here"):
        check_seeds([first, second])
    with pytest.raises(ValueError, match=r"have the same seed \(0\)"):
        check_seeds([first, first])
