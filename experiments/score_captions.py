r"""Scores captions that any program wrote, in files of COCO's results format; no model is needed.

  python -m experiments.score_captions --data=data/prepared/flickr8k/1.0.0 --captions=mine.json
  python -m experiments.score_captions --data=data/prepared/flickr8k/1.0.0 \
      --captions=a_0.json --captions=a_1.json --compare=b_0.json --compare=b_1.json

A file holds [{"image_id": 42, "caption": "a dog runs"}, ...], one caption for each photograph of
the split; a finished run writes it as predictions/SPLIT.coco.json. Several --captions are seeds of
one system (as several --compare are of the other): their scores are meaned. Differences are paired
over photographs. The data set's annotations_SPLIT.jsonl has the photographs' ids and file names.
"""

from absl import app, flags

from experiments import tensorflow_start  # first: before TensorFlow is imported
from experiments.program_ends import END_OTHERS, told

from s_cnn_rnn.data.prepared import PreparedData  # isort: skip
from s_cnn_rnn.scoring.caption_files import score_caption_files  # isort: skip
from s_cnn_rnn.scoring.protocol_scores import differences  # isort: skip
from s_cnn_rnn.scoring.score_table import lines_of_differences, lines_of_scores  # isort: skip

_DATA = flags.DEFINE_string("data", None, "Folder of the prepared data set.")
_SPLIT = flags.DEFINE_string("split", "validation", "Split that the captions are of.")
_CAPTIONS = flags.DEFINE_multi_string("captions", None, "Results file; several are seeds.")
_COMPARE = flags.DEFINE_multi_string("compare", [], "Results file of another system, likewise.")


def score_captions(data: str, split: str, captions: list[str], compare: list[str]) -> list[str]:
    """The tables for the screen: the system's scores, the other's, and the differences.

    Args:
        data: folder of the prepared data set.
        split: of it.
        captions: results files, seeds of one system.
        compare: those of another; none for none.

    Raises:
        OSError, KeyError, ValueError: as `score_caption_files`.
    """
    prepared = PreparedData(data)
    scored = [score_caption_files(paths, prepared, split) for paths in (captions, compare) if paths]
    lines = []
    for paths, scores in zip((captions, compare), scored, strict=False):
        head = f"{', '.join(paths)}: {len(scores.runs[0].image_ids)} photographs of {split}"
        lines += [head, scores.protocol, *lines_of_scores(scores), ""]
    if compare:
        lines += ["first minus second (paired over photographs)"]
        lines += lines_of_differences(differences(*scored))
    return lines


def main(_: list[str]) -> None:
    """Scores and prints."""
    tensorflow_start.only_warnings()
    with told("score_captions", less_memory=END_OTHERS, also=(KeyError,)):
        print("\n".join(score_captions(_DATA.value, _SPLIT.value, _CAPTIONS.value, _COMPARE.value)))


def run() -> None:
    """Entry point of the console command."""
    flags.mark_flags_as_required(["data", "captions"])
    app.run(main)


if __name__ == "__main__":
    run()
