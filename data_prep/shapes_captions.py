"""Captions of drawn pictures: written from a scene, and checked against one.

The writer takes words from the tables below and puts them into one of the `FORMS`. The checker
reads a caption back by the same words and asks whether all it says holds in the scene; it also
judges captions that a model wrote.
"""

import re
from collections.abc import Sequence

import numpy as np

from data_prep.shapes_scenes import COLOURS, Group, Scene, pick
from s_cnn_rnn.vocabulary import tokenise

CAPTIONS = 5
SHORTEST, LONGEST = 4, 16  # words

MANY = 99
NUMBERS = {
    "a": (1, 1),
    "an": (1, 1),
    "one": (1, 1),
    "a single": (1, 1),
    "two": (2, 2),
    "a pair of": (2, 2),
    "a couple of": (2, 2),
    "three": (3, 3),
    "four": (4, 4),
    "some": (2, MANY),
    "several": (3, MANY),
}
"""Number words: the fewest and the most objects of which they are true."""
USUAL_NUMBERS = {
    1: ("a", "a", "a", "one", "a single"),
    2: ("two", "two", "two", "two", "a pair of", "a couple of", "some"),
    3: ("three", "three", "three", "three", "three", "several", "some"),
    4: ("four", "four", "four", "four", "four", "several", "some"),
}
"""Number words that the writer uses for each count, the usual ones more often."""
SIZE_WORDS = {"big": "big", "large": "big", "small": "small", "little": "small", "tiny": "small"}
NOUNS = {
    "circle": "circle",
    "dot": "circle",
    "disc": "circle",
    "square": "square",
    "box": "square",
    "triangle": "triangle",
    "star": "star",
    "cross": "cross",
    "ring": "ring",
    "hoop": "ring",
    "shape": None,
    "object": None,
}
"""Nouns in the singular: the shape they name; None: any."""
PLACES = {
    "on the left": "left",
    "on the left side": "left",
    "on the right": "right",
    "on the right side": "right",
    "at the top": "top",
    "near the top": "top",
    "in the upper half": "top",
    "at the bottom": "bottom",
    "near the bottom": "bottom",
    "in the lower half": "bottom",
    "in the middle": "middle",
    "in the center": "middle",
    "in the picture": None,
    "in the image": None,
}
"""Places: the region they name; None: anywhere."""
RELATIONS = {
    "to the left of": (("left", "right"),),
    "to the right of": (("right", "left"),),
    "next to": (("left", "right"), ("right", "left")),
    "beside": (("left", "right"), ("right", "left")),
    "above": (("top", "bottom"),),
    "over": (("top", "bottom"),),
    "below": (("bottom", "top"),),
    "under": (("bottom", "top"),),
    "beneath": (("bottom", "top"),),
}
"""Words between two groups: the regions of the first and the second of which they are true."""
FORMS = {
    1: (
        "{a} {at_a}",
        "there {is_a} {a} {at_a}",
        "{at_a} there {is_a} {a}",
        "{a} {is_a} {at_a}",
        "the picture shows {a} {at_a}",
        "you can see {a} {at_a}",
        "{at_a} we see {a}",
        "an image of {a}",
        "there {is_a} {a} in the {picture}",
    ),
    2: (
        "{a} {relation} {b}",
        "{a} {is_a} {relation} {b}",
        "there {is_a} {a} {relation} {b}",
        "{a} {at_a} and {b} {at_b}",
        "{at_a} there {is_a} {a} and {at_b} {b}",
        "a picture of {a} and {b}",
        "the image shows {a} {at_a} with {b} {at_b}",
        "{a} and {b} in the {picture}",
        "we see {a} {relation} {b}",
        "you can see {a} {at_a}",
        "there {is_a} {a} {at_a}",
    ),
}
"""Sentences for scenes of one and of two groups; the last two leave out a group."""


def plural(noun: str) -> str:
    """The plural of one of `NOUNS`."""
    return noun + ("es" if noun.endswith(("s", "x")) else "s")


def captions(scene: Scene, random: np.random.Generator) -> tuple[str, ...]:
    """Describes a scene in five different forms.

    Args:
        scene: what the picture shows.
        random: where the choice of words comes from.

    Returns:
        `CAPTIONS` different sentences of `SHORTEST` to `LONGEST` words, each true; one may leave
        out a size, a colour, a place or a whole group.
    """
    forms = FORMS[len(scene.groups)]
    written: dict[str, None] = {}
    for number in random.permutation(len(forms))[:CAPTIONS].tolist():
        caption = _write(forms[number], scene, random)
        while caption in written or not SHORTEST <= len(tokenise(caption)) <= LONGEST:
            caption = _write(forms[number], scene, random)
        written[caption] = None
    return tuple(written)


def _write(form: str, scene: Scene, random: np.random.Generator) -> str:
    """Fills one form with words for the scene's groups, in either order."""
    groups = list(scene.groups)
    if random.random() < 0.5:
        groups.reverse()
    words = {"picture": pick(("picture", "image"), random)}
    for name, group in zip("ab", groups, strict=False):
        words[name] = _describe(group, scene, random)
        words[f"at_{name}"] = pick([p for p, at in PLACES.items() if at == group.region], random)
        words[f"is_{name}"] = "is" if group.count == 1 else "are"
    if len(groups) == 2:
        facing = groups[0].region, groups[1].region
        fitting = [word for word, regions in RELATIONS.items() if facing in regions]
        words["relation"] = pick(fitting, random)
    sentence = re.sub(r"\ba (?=[aeiou])", "an ", form.format(**words))
    return sentence[0].upper() + sentence[1:] + "."


def _describe(group: Group, scene: Scene, random: np.random.Generator) -> str:
    """A noun phrase that fits this group of the scene and no other."""
    says_size, says_colour, says_shape = random.random(3) < (0.5, 0.92, 0.94)
    alike = [
        other
        for other in scene.groups
        if (not says_colour or other.colour == group.colour)
        and (not says_shape or other.shape == group.shape)
    ]
    if len(alike) > 1 or not (says_colour or says_shape):
        says_colour = says_shape = True
    shape = group.shape if says_shape else None
    noun = pick([word for word, named in NOUNS.items() if named == shape], random)
    parts = [
        pick(USUAL_NUMBERS[group.count], random),
        pick([w for w, s in SIZE_WORDS.items() if s == group.size], random) if says_size else "",
        group.colour if says_colour else "",
        noun if group.count == 1 else plural(noun),
    ]
    return " ".join(part for part in parts if part)


_NOUN_FORMS = {noun: (shape, False) for noun, shape in NOUNS.items()}
_NOUN_FORMS |= {plural(noun): (shape, True) for noun, shape in NOUNS.items()}
_OPENINGS = (
    "there is",
    "there are",
    "you can see",
    "we see",
    "the picture shows",
    "the image shows",
    "a picture of",
    "an image of",
)


def _any_of(words: Sequence[str]) -> str:
    return "|".join(sorted(words, key=len, reverse=True))


def _statement(name: str) -> str:
    """The pattern of one statement: a noun phrase, perhaps with an opening and a place."""
    return (
        rf"(?:(?P<before_{name}>{_any_of(PLACES)}) )?(?:(?:{_any_of(_OPENINGS)}) )?"
        rf"(?P<number_{name}>{_any_of(NUMBERS)}) (?:(?P<size_{name}>{_any_of(SIZE_WORDS)}) )?"
        rf"(?:(?P<colour_{name}>{_any_of(COLOURS)}) )?(?P<noun_{name}>{_any_of(_NOUN_FORMS)})"
        rf"(?: is| are)?(?: (?P<after_{name}>{_any_of(PLACES)}))?"
    )


_SENTENCE = re.compile(
    rf"{_statement('a')}(?: (?:and|with|(?P<relation>{_any_of(RELATIONS)})) {_statement('b')})?"
)


def is_true(words: Sequence[str], scene: Scene) -> bool:
    """Whether a caption is true of a scene.

    A number is true if exactly so many objects of the scene fit the rest of the description ("a red
    circle" is false of two); two descriptions joined in one sentence must mean different groups.

    Args:
        words: the caption's tokens, as `s_cnn_rnn.vocabulary.tokenise` gives them.
        scene: what the picture shows.

    Returns:
        False also for a caption that is no sentence of the kind that `FORMS` has.
    """
    sentence = _SENTENCE.fullmatch(" ".join(words))
    if sentence is None:
        return False
    first = _meant(sentence, "a", scene)
    if sentence["noun_b"] is None:
        return bool(first)
    second = _meant(sentence, "b", scene)
    if not first or not second or set(first) & set(second):
        return False
    if sentence["relation"] is None:
        return True
    regions = RELATIONS[sentence["relation"]]
    return all((a.region, b.region) in regions for a in first for b in second)


def _meant(sentence: re.Match, name: str, scene: Scene) -> list[Group]:
    """The groups that one statement of a sentence means; none if it is false."""
    shape, many = _NOUN_FORMS[sentence[f"noun_{name}"]]
    size = SIZE_WORDS.get(sentence[f"size_{name}"])
    colour = sentence[f"colour_{name}"]
    places = {PLACES.get(sentence[f"{where}_{name}"]) for where in ("before", "after")}
    groups = [
        group
        for group in scene.groups
        if size in (None, group.size)
        and colour in (None, group.colour)
        and shape in (None, group.shape)
        and places <= {None, group.region}
    ]
    fewest, most = NUMBERS[sentence[f"number_{name}"]]
    count = sum(group.count for group in groups)
    return groups if fewest <= count <= most and many == (most > 1) else []
