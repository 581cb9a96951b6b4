"""What all tests share."""

import pathlib

# It defines flags when it is imported: inside flagsaver, they would be gone afterwards.
import array_record.python.array_record_data_source  # noqa: F401
import pytest

SHARED_DATA = pathlib.Path(__file__).parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> pathlib.Path:
    """The folder of real data sets beside the repository; skips the test where it is absent."""
    if not SHARED_DATA.is_dir():
        pytest.skip("no ../shared/data beside the repository")
    return SHARED_DATA


@pytest.fixture(scope="session")
def tiny_data(tmp_path_factory):
    """Sixty drawn pictures, prepared: 48 train, 6 validation, 6 test."""
    from tiny_runs import prepare_shapes

    return prepare_shapes(tmp_path_factory.mktemp("prepared"))


@pytest.fixture(scope="session")
def tiny_training(tiny_data, tmp_path_factory):
    """`tiny_run`, and the weights of all parts around each stage: (stage, "before") -> weights."""
    from tiny_runs import train_tiny, watch_stages

    with pytest.MonkeyPatch.context() as patch:
        weights = watch_stages(patch)
        return train_tiny(tmp_path_factory.mktemp("runs") / "ours_0", tiny_data), weights


@pytest.fixture(scope="session")
def tiny_run(tiny_training):
    """The finished `RunFolder` of `ours`, every stage a few steps; do not change it."""
    return tiny_training[0]


@pytest.fixture(scope="module")
def without_java():
    """Caption scores without METEOR: starting Java would take most of a test's time."""
    from s_cnn_rnn.caption_metrics.java import JavaFailedError

    def fail():
        raise JavaFailedError("left out in this test")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("s_cnn_rnn.caption_metrics.scoring.find_java", fail)
        yield
