import subprocess
import sys

import pytest

from s_cnn_rnn.caption_metrics import write_coco_results
from s_cnn_rnn.data.prepared import PreparedData


@pytest.mark.slow
def test_the_program_prints_scores_and_differences(tiny_data, tmp_path):
    annotations = PreparedData(tiny_data.folder).annotations("validation")
    written = {each.image_id: each.captions for each in annotations}
    for number in (0, 1):
        captions = {image_id: texts[number] for image_id, texts in written.items()}
        write_coco_results(tmp_path / f"{number}.json", captions)
    arguments = [f"--captions={tmp_path}/0.json", f"--compare={tmp_path}/1.json"]
    program = [sys.executable, "-m", "experiments.score_captions", f"--data={tiny_data.folder}"]
    done = subprocess.run([*program, *arguments], capture_output=True, text=True, check=True)
    assert f"{tmp_path}/1.json: 6 photographs of validation" in done.stdout
    assert "5 references, PTB tokeniser" in done.stdout
    # Each is among its own references, so they score alike in most metrics, and CIDEr is positive.
    [first, second] = [line for line in done.stdout.splitlines() if line.startswith("  CIDEr")][:2]
    assert float(first.split()[1]) > 1
    assert float(second.split()[1]) > 1
    assert "first minus second (paired over photographs)" in done.stdout
    missing = subprocess.run(
        [*program, f"--captions={tmp_path}/2.json"], capture_output=True, text=True, check=False
    )
    assert missing.returncode == 1
    assert missing.stderr.splitlines()[-1].startswith("score_captions: ")
    assert "2.json" in missing.stderr.splitlines()[-1]
