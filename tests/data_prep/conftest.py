import pathlib

import pytest
from fabricated_photographs import write_flickr8k


@pytest.fixture
def flickr8k(tmp_path) -> pathlib.Path:
    return write_flickr8k(
        tmp_path / "flickr8k",
        {"train": ["a.jpg", "b.jpg", "c.jpg"], "validation": ["d.jpg", "e.jpg"]},
    )
