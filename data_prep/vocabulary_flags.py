"""The flags that say how the vocabularies of a prepared data set are made."""

from absl import flags

from data_prep.vocabularies import VocabularySettings

_MINIMUM_COUNT = flags.DEFINE_integer(
    "minimum_count",
    None,
    "Words that appear less often become unknown; default: 4, or 1 where the train split has fewer "
    "than 500 captions.",
    lower_bound=1,
)
_MAXIMUM_OUTPUTS = flags.DEFINE_integer(
    "maximum_outputs", 12_000, "Most words that the decoder can write.", lower_bound=3
)
_CONCEPTS = flags.DEFINE_integer(
    "concepts", 1_000, "How many of the most frequent words are concepts.", lower_bound=1
)
_MAXIMUM_TAGS = flags.DEFINE_integer(
    "maximum_tags", 1_000, "How many of the most frequent tags are side information.", lower_bound=1
)


def chosen() -> VocabularySettings:
    """The settings that the flags say."""
    return VocabularySettings(
        _MINIMUM_COUNT.value, _MAXIMUM_OUTPUTS.value, _CONCEPTS.value, _MAXIMUM_TAGS.value
    )
