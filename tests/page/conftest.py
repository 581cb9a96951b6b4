"""A page of two tiny runs, asked without a network."""

import pytest
from finished_runs import untrained_run
from starlette.testclient import TestClient

from s_cnn_rnn.annotator import Annotator
from s_cnn_rnn.page.application import build_application
from s_cnn_rnn.page.shown_run import ShownRun
from s_cnn_rnn.page.uploads import UploadLimits

LIMITS = UploadLimits(megabytes=0.1, megapixels=0.5)


@pytest.fixture(scope="session")
def shown(tiny_data, tmp_path_factory) -> tuple[ShownRun, ShownRun]:
    """A run that writes captions from concepts, and one that scores labels."""
    options = {"task": "labels", "stages": {"cnn": {"steps": 1}}, "decoding": {"width": 1}}
    folder = tmp_path_factory.mktemp("shown")
    captions = untrained_run(folder / "ours", tiny_data)
    labels = untrained_run(folder / "logistic", tiny_data, system="cnn-logistic", **options)
    first = ShownRun("ours", Annotator.from_run(captions.path))
    return first, ShownRun("logistic", Annotator.from_run(labels.path))


@pytest.fixture(scope="session")
def client(shown) -> TestClient:
    application = build_application(shown, limits=LIMITS, kept=3)
    return TestClient(application, base_url="http://localhost:8000")


@pytest.fixture(scope="session")
def photograph(tiny_data) -> bytes:
    return tiny_data.photographs("validation", [0])[0]


@pytest.fixture
def uploaded(client, photograph) -> dict:
    """The answer to an upload."""
    return client.post("/api/photographs", content=photograph).json()
