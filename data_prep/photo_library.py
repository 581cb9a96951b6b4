"""A photo library: photographs whose own metadata (XMP, IPTC, sidecars) hold keywords and captions.

Keywords become labels, captions captions. What a model of this project added is left out, so that
it never learns from itself.
"""

import collections
import hashlib
import pathlib
from collections.abc import Iterable, Iterator

from data_prep.folders import picture_files, require_folder
from data_prep.records import BadData, Item, Problem, Record
from data_prep.seeded_split import split_by_content
from s_cnn_rnn.file_names import shown_name
from s_cnn_rnn.metadata.exiv2_library import MetadataUnavailable, UnreadableMetadata
from s_cnn_rnn.metadata.keywords import same_text, same_word
from s_cnn_rnn.metadata.photograph_metadata import Metadata, read_metadata

FEWEST_CAPTIONS = 20
"""Captions of fewer photographs are left out: no language is learnt from them."""


def records(
    source: str | pathlib.Path,
    minimum_photographs: int = 5,
    split_seed: int = 0,
    validation_part: float = 0.1,
) -> Iterator[Item]:
    """Reads the metadata of all photographs in a folder, at any depth.

    A photograph with neither a caption nor a keyword that is frequent enough says nothing about
    what it does not show: it is left out.

    Args:
        source: the folder.
        minimum_photographs: keywords of fewer photographs are left out: too few to learn from.
        split_seed: of the split, which depends on it and the photographs' contents alone.
        validation_part: of the photographs that are held back, 0 to 1.

    Raises:
        BadData: no such folder, or no photograph with keywords or captions in it.
    """
    source = pathlib.Path(source)
    require_folder(source)
    found: dict[str, Metadata] = {}
    paths: dict[str, pathlib.Path] = {}
    contents: dict[str, str] = {}
    seen = only_machine = 0
    for path in picture_files(source):
        seen += 1
        name = shown_name(path.relative_to(source).as_posix())
        try:
            metadata = read_metadata(path)
        except (OSError, UnreadableMetadata) as error:
            advice = "mend it, or take it out; it is left out"
            yield Problem(shown_name(path), 0, "metadata that can be read", str(error), advice)
            continue
        except MetadataUnavailable as error:
            raise BadData(str(error)) from error
        if metadata.own_keywords or metadata.own_caption:
            found[name], paths[name] = metadata, path
            contents[name] = hashlib.sha256(path.read_bytes()).hexdigest()
        elif metadata.added_keywords or metadata.added_caption:
            only_machine += 1
    captioned = sum(bool(metadata.own_caption) for metadata in found.values())
    captions = captioned >= FEWEST_CAPTIONS
    spelt = frequent_keywords((m.own_keywords for m in found.values()), minimum_photographs)
    if not spelt and not captions:
        raise _nothing_to_learn(source, seen, only_machine, found, minimum_photographs)
    splits = split_by_content(set(contents.values()), split_seed, validation_part)
    for name, metadata in found.items():
        words = dict.fromkeys(map(same_word, metadata.own_keywords))
        labels = tuple(spelt[word] for word in words if word in spelt)
        caption = metadata.own_caption if captions else ""
        if labels or caption:
            yield Record(
                source=shown_name(paths[name]),
                line=0,
                file_name=name,
                photograph=paths[name],
                split=splits[contents[name]],
                captions=(caption,) if caption else (),
                labels=labels,
            )
    yield from _told(source, seen, only_machine, found, spelt, 0 if captions else captioned)


def frequent_keywords(lists: Iterable[Iterable[str]], minimum: int) -> dict[str, str]:
    """Which keywords enough photographs have.

    Args:
        lists: the keywords of each photograph.
        minimum: fewest photographs.

    Returns:
        `same_word` of each such keyword -> its most frequent spelling, as Unicode composes it.
    """
    spellings: dict[str, collections.Counter] = collections.defaultdict(collections.Counter)
    for keywords in lists:
        for same, keyword in {same_word(keyword): keyword for keyword in keywords}.items():
            spellings[same][same_text(keyword)] += 1
    return {
        same: min(counts, key=lambda one: (-counts[one], one))
        for same, counts in spellings.items()
        if counts.total() >= minimum
    }


def _not_learnt(only_machine: int) -> str:
    """What is said of photographs on which no person wrote anything, but this program did."""
    if not only_machine:
        return ""
    return (
        f"; {only_machine:,} have only keywords or captions that this program wrote; those are "
        "not learnt"
    )


def _told(source, seen: int, only_machine: int, found, spelt, captioned: int) -> Iterator[Problem]:
    """What was left out, in a line each."""
    if captioned:
        yield Problem(
            file=str(source),
            line=0,
            expected=f"captions of at least {FEWEST_CAPTIONS} photographs",
            found=f"{captioned}",
            advice="nothing need be done for keywords; these captions are left out",
            severity="note",
        )
    if seen > len(found):
        yield Problem(
            file=str(source),
            line=0,
            expected="keywords or a caption in every photograph",
            found=f"neither in {seen - len(found):,} of {seen:,}{_not_learnt(only_machine)}",
            advice="nothing need be done; they are left out",
            severity="note",
        )
    rare = {same_word(k) for m in found.values() for k in m.own_keywords} - spelt.keys()
    if rare:
        yield Problem(
            file=str(source),
            line=0,
            expected="keywords that enough photographs have",
            found=f"{len(rare):,} that have not",
            advice="a smaller --minimum_photographs takes more of them; they are left out",
            severity="note",
        )


def _nothing_to_learn(source, seen: int, only_machine: int, found, minimum: int) -> BadData:
    if not seen:
        return BadData.of(
            source, "photographs", "no picture file", "name the folder that they lie in"
        )
    if not found:
        return BadData.of(
            source,
            "photographs with keywords or captions in their metadata (XMP, IPTC, .xmp sidecars)",
            f"none in {seen:,} photographs{_not_learnt(only_machine)}",
            "give some of them keywords in a photo manager, and let it write them into files or "
            "sidecars; captions in a CSV file go through own_folder",
        )
    return BadData.of(
        source,
        f"a keyword that at least {minimum} photographs have, or {FEWEST_CAPTIONS} captions",
        f"{len(found):,} photographs with rarer keywords",
        "a smaller --minimum_photographs, or more photographs with the same keywords",
    )
