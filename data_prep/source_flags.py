"""The flags that say which data set is read and from where; `prepare` and `check` share them."""

from absl import flags

from data_prep.data_sets import DATA_SETS, DataSet, name_of_folder
from data_prep.folders import require_folder
from data_prep.records import BadData

DATA_SET = flags.DEFINE_enum(
    "data_set",
    None,
    sorted(DATA_SETS),
    "Which data set: flickr8k; coco (80 labels, with captions and tags where given); coco_captions "
    "(splits as given); coco_captions_paper (the paper's split of the 2014 files); nus_wide (81 "
    "labels and tags, the official split); nus_wide_paper (as many photographs as in the paper); "
    "nus_wide_table (a part of it, as one table); own_folder (your photographs with a CSV or "
    "JSON-lines file); photo_library (your photographs with keywords and captions in their "
    "metadata); shapes (drawn here).",
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
    "coco, coco_captions, own_folder: annotation files, relative to the source, as "
    "SPLIT=FILE,SPLIT=FILE (train=train.jsonl,validation=val.jsonl), or one FILE for own_folder. "
    "Default: the official names; the only CSV or JSON-lines file.",
)
flags.DEFINE_list(
    "unannotated_splits",
    None,
    "coco*: splits of photographs that nobody annotated, which are captioned for the COCO server "
    "but not scored here, as SPLIT=FILE,SPLIT=FILE relative to the source "
    "(test2014=annotations/image_info_test2014.json).",
)
flags.DEFINE_list(
    "captions", None, "coco: caption files, relative to the source, of any of the photographs."
)
flags.DEFINE_list(
    "tags",
    None,
    "coco: files of user tags, relative to the source: CSV or JSON lines with file_name and tags.",
)
flags.DEFINE_list(
    "photographs",
    None,
    "coco*, nus_wide*: folders of photographs, relative to the source. Default: photos, images, "
    "train2014, val2014, train2017, val2017, test2014, test2015, test2017 (NUS-WIDE: Flickr, "
    "images, image, photos), those that exist.",
)
WITHOUT_PHOTOGRAPHS = flags.DEFINE_bool(
    "without_photographs",
    False,
    "coco, nus_wide*: prepare annotations alone, for labels from tags; no photograph is needed.",
)
flags.DEFINE_string(
    "tag_list",
    None,
    "nus_wide*: a file of tags, one a line, relative to the source; other tags are left out.",
)
flags.DEFINE_string(
    "separator",
    "|",
    "own_folder, coco, CSV: what joins several captions, labels or tags in one field.",
)
flags.DEFINE_integer(
    "split_seed",
    0,
    "own_folder, photo_library, nus_wide*: seed of the split that is drawn where none is given.",
)
flags.DEFINE_integer(
    "validation_photographs",
    None,
    "nus_wide*: how many photographs of train are held back to validate. Default: none; of "
    "nus_wide_table 1,000.",
    lower_bound=0,
)
flags.DEFINE_integer(
    "test_photographs",
    None,
    "nus_wide_table: how many photographs test. Default: 1,000.",
    lower_bound=0,
)
flags.DEFINE_float(
    "validation_part",
    0.1,
    "own_folder, photo_library: part of the photographs that validates in that split.",
    lower_bound=0,
    upper_bound=0.9,
)
flags.DEFINE_integer(
    "minimum_photographs",
    5,
    "photo_library: keywords of fewer photographs are left out.",
    lower_bound=1,
)
flags.DEFINE_integer("count", 10_000, "shapes: how many pictures are drawn.", lower_bound=1)
flags.DEFINE_integer("seed", 0, "shapes: seed of the drawing.", lower_bound=0)
flags.DEFINE_integer("image_size", 64, "shapes: side of the pictures, pixels.", lower_bound=16)


def chosen(name: str | None = None) -> tuple[DataSet, dict]:
    """The row of the table that the flags name, and the options of its reader.

    Args:
        name: of the prepared set; None is the row's own (own_folder, photo_library: the folder's).

    Raises:
        BadData: an option that the data set needs is missing, or not as it should be; the source
            is no folder.
    """
    row = DATA_SETS[DATA_SET.value]
    options = {option: flags.FLAGS[option].value for option in row.options}
    options |= {option: v for option, v in row.defaults.items() if options[option] is None}
    if WITHOUT_PHOTOGRAPHS.value and "without_photographs" not in row.options:
        able = ", ".join(r.name for r in DATA_SETS.values() if "without_photographs" in r.options)
        raise BadData(f"--without_photographs: {row.name} needs its photographs; only {able} can")
    if "source" in row.options and not options["source"]:
        raise BadData(f"--data_set={row.name} needs --source=FOLDER")
    for option in ("annotations", "unannotated_splits"):
        if options.get(option):
            options[option] = _by_split(option, options[option])
    if "" in (options.get("unannotated_splits") or {}):
        raise BadData("--unannotated_splits: expected SPLIT=FILE, say what the split is called")
    if "source" in row.options:
        require_folder(options["source"])
    if not name and row.name in ("own_folder", "photo_library"):
        name = name_of_folder(options["source"])
    return (row.called(name) if name else row), options


def _by_split(option: str, items: list[str]) -> dict[str, str]:
    """["train=a.json", "validation=b.json"] -> {"train": "a.json", ...}; ["a"] -> {"": "a"}."""
    pairs = [item.split("=", 1) if "=" in item else ("", item) for item in items]
    splits = [split for split, _ in pairs]
    if len(set(splits)) != len(splits):
        raise BadData(
            f"--{option}={','.join(items)}: expected SPLIT=FILE with every split once, or one FILE"
        )
    return dict(pairs)
