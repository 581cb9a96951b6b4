import pytest

from s_cnn_rnn.runs.seeds import check_seeds, group_by_seed


def test_runs_that_differ_in_the_seed_alone_are_one_system(make_run):
    cnns = [str(make_run(f"cnn_{n}", seed=n).path) for n in range(3)]
    ours = [make_run(f"ours_{n}", seed=n, cnn_from=cnns[n]) for n in range(3)]
    nic_f = make_run("nic-f", system="nic-f", seed=1)
    alone = make_run("alone", seed=1)
    groups = group_by_seed([ours[0], nic_f, ours[1], alone, ours[2]])
    assert groups == [ours, [nic_f], [alone]]
    check_seeds(ours)


def test_decoders_on_one_cnn_are_no_seeds(make_run):
    """What they share makes them more alike than runs with nothing in common."""
    cnn, same_seed = (str(make_run(name).path) for name in ("cnn", "copy"))
    other = str(make_run("cnn_1", seed=1).path)
    first, second, third = (
        make_run(f"ours_{seed}", seed=seed, cnn_from=path)
        for seed, path in enumerate((cnn, other, cnn))
    )
    assert group_by_seed([first, second, third]) == [[first, second], [third]]
    with pytest.raises(ValueError, match=r"cnn_from: what both .* trained with seed 0; compare"):
        check_seeds([second, first, third])
    copy = make_run("ours_3", seed=3, cnn_from=same_seed)
    with pytest.raises(ValueError, match="cnn_from: what both"):
        check_seeds([first, copy])


def test_cnns_that_differ_make_other_systems(make_run):
    cnns = [make_run("cnn_0"), make_run("cnn_1", seed=1, model={"units": 8})]
    runs = [make_run(f"ours_{n}", seed=n, starts_from=str(cnn.path)) for n, cnn in enumerate(cnns)]
    with pytest.raises(ValueError, match=r"starts_from: model\.units is 512 there and 8 here"):
        check_seeds(runs)


def test_the_difference_is_named(make_run):
    first = make_run("first", model={"units": 16})
    second = make_run("second", seed=1, model={"units": 32})
    with pytest.raises(ValueError, match=r"model\.units is 16 there and 32 here"):
        check_seeds([first, second])
    with pytest.raises(ValueError, match=r"have the same seed \(0\)"):
        check_seeds([first, first])


def test_how_training_was_looked_at_makes_no_other_system(make_run):
    often = {"steps": 4, "evaluate_every": 1, "checkpoint_every": 2}
    first = make_run("first", stages={"cnn": often})
    second = make_run("second", seed=1, stages={"cnn": {"steps": 4}}, evaluation_photographs=7)
    check_seeds([first, second])
    longer = make_run("longer", seed=2, stages={"cnn": often | {"steps": 5}})
    with pytest.raises(ValueError, match=r"stages\.cnn\.steps is 4 there and 5 here"):
        check_seeds([first, second, longer])
