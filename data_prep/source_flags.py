"""The flags that say which data set is read and from where; `prepare` and `check` share them."""

from absl import flags

from data_prep.data_sets import DATA_SETS, DataSet, name_of_folder
from data_prep.records import BadData

DATA_SET = flags.DEFINE_enum(
    "data_set",
    None,
    sorted(DATA_SETS),
    "Which data set: flickr8k; coco_captions (splits as given); coco_captions_paper (the paper's "
    "split of the 2014 files); own_folder (your photographs with a CSV or JSON-lines file); "
    "shapes (drawn here).",
)
ON_BAD_RECORD = flags.DEFINE_enum(
    "on_bad_record",
    "skip",
    ["skip", "fail"],
    "A record that cannot be used: leave it out, count and list it; or stop there.",
)
flags.DEFINE_string("source", None, "Folder with the data set's own files (all but shapes).")
flags.DEFINE_list(
    "annotations",
    None,
    "coco_captions, own_folder: annotation files, relative to the source, as SPLIT=FILE,SPLIT=FILE "
    "(train=train.jsonl,validation=val.jsonl), or one FILE for own_folder. Default: the official "
    "names; the only CSV or JSON-lines file.",
)
flags.DEFINE_list(
    "photographs",
    None,
    "coco_captions, coco_captions_paper: folders of photographs, relative to the source. Default: "
    "photos, images, train2014, val2014, train2017, val2017, those that exist.",
)
flags.DEFINE_string(
    "separator", "|", "own_folder, CSV: what joins several captions, labels or tags in one field."
)
flags.DEFINE_integer(
    "split_seed", 0, "own_folder: seed of the split that is made where none is given."
)
flags.DEFINE_float(
    "validation_part",
    0.1,
    "own_folder: part of the photographs that validates in that split.",
    lower_bound=0,
    upper_bound=0.9,
)
flags.DEFINE_integer("count", 10_000, "shapes: how many pictures are drawn.", lower_bound=1)
flags.DEFINE_integer("seed", 0, "shapes: seed of the drawing.", lower_bound=0)
flags.DEFINE_integer("image_size", 64, "shapes: side of the pictures, pixels.", lower_bound=16)


def chosen(name: str | None = None) -> tuple[DataSet, dict]:
    """The row of the table that the flags name, and the options of its reader.

    Args:
        name: of the prepared set; None is the row's own (for own_folder: the folder's).

    Raises:
        BadData: an option that the data set needs is missing, or not as it should be.
    """
    row = DATA_SETS[DATA_SET.value]
    options = {option: flags.FLAGS[option].value for option in row.options}
    if "source" in row.options and not options["source"]:
        raise BadData(f"--data_set={row.name} needs --source=FOLDER")
    if options.get("annotations"):
        options["annotations"] = _by_split(options["annotations"])
    if not name and row.name == "own_folder":
        name = name_of_folder(options["source"])
    return (row.called(name) if name else row), options


def _by_split(items: list[str]) -> dict[str, str]:
    """["train=a.json", "validation=b.json"] -> {"train": "a.json", ...}; ["a"] -> {"": "a"}."""
    pairs = [item.split("=", 1) if "=" in item else ("", item) for item in items]
    splits = [split for split, _ in pairs]
    if len(set(splits)) != len(splits):
        raise BadData(
            f"--annotations={','.join(items)}: expected SPLIT=FILE with every split once, or one "
            "FILE"
        )
    return dict(pairs)
