import json

import pytest

from s_cnn_rnn.caption_metrics import score_captions, write_coco_results
from s_cnn_rnn.data.prepared import PreparedData
from s_cnn_rnn.scoring.caption_files import score_caption_files

pytestmark = [
    pytest.mark.usefixtures("without_java"),
    pytest.mark.filterwarnings("ignore:METEOR is missing"),
]


@pytest.fixture
def annotations(tiny_data):
    return PreparedData(tiny_data.folder).annotations("validation")


@pytest.fixture
def files(annotations, tmp_path):
    """Two seeds: one wrote what people wrote, the other a single word."""
    paths = [tmp_path / "0.json", tmp_path / "1.json"]
    write_coco_results(paths[0], {each.image_id: each.captions[0] for each in annotations})
    write_coco_results(paths[1], {each.image_id: "dot" for each in annotations})
    return paths


def test_files_are_scored_as_their_captions_and_meaned(files, annotations, tiny_data):
    references = {each.image_id: each.captions for each in annotations}
    right = score_captions({i: captions[0] for i, captions in references.items()}, references)
    poor = score_captions(dict.fromkeys(references, "dot"), references)
    found = score_caption_files(files, tiny_data, "validation")
    assert found.protocol == "5 references, imitated PTB tokeniser"
    for metric in ("CIDEr", "BLEU-4", "ROUGE-L"):
        assert found.values[metric] == pytest.approx(
            (right.values[metric] + poor.values[metric]) / 2
        )
        low, high = found.intervals[metric]
        assert low <= found.values[metric] <= high
    assert found.values["distinct captions"] == (len(set(_first(annotations))) + 1) / 2


def _first(annotations):
    return [each.captions[0] for each in annotations]


def test_captions_of_another_split_are_refused(files, tiny_data):
    records = json.loads(files[0].read_text("utf-8"))
    records[0]["image_id"] = 10**6
    files[0].write_text(json.dumps(records), "utf-8")
    with pytest.raises(ValueError, match=r"1 photographs have no caption.*another split"):
        score_caption_files(files, tiny_data, "validation")
