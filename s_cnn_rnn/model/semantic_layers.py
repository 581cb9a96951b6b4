"""The layers that turn a photograph's features into concept logits, by name."""

import keras

from s_cnn_rnn.model.message_layer import MessageLayer
from s_cnn_rnn.model.multiple_instances import MultipleInstances
from s_cnn_rnn.model.semantic import SemanticLayer
from s_cnn_rnn.model.tag_neighbours import NeighbourLayer
from s_cnn_rnn.settings import ModelSettings

SEMANTIC_LAYERS: dict[str, type[keras.layers.Layer]] = {
    "linear": SemanticLayer,
    "multiple_instances": MultipleInstances,
    "neighbours": NeighbourLayer,
    "messages": MessageLayer,
}

SEES: dict[str, tuple[str, ...]] = {"": ()} | {
    name: layer.sees for name, layer in SEMANTIC_LAYERS.items()
}
"""The side information that each layer is called with after F."""


def build_semantic(
    kind: str,
    settings: ModelSettings,
    *,
    concepts: int,
    prior,
    shapes: dict[str, tuple[int, ...]],
    draws: bool = False,
) -> keras.layers.Layer:
    """The semantic layer of that kind, with weights.

    Args:
        kind: a name of `SEMANTIC_LAYERS`.
        settings: of the model.
        concepts: k.
        prior: how often each concept occurs in the train split, float [k], or None.
        shapes: of one photograph's "features" and side information.
        draws: whether its loss draws at random; the layer then keeps the random state, as
            ``layer.sampling``, so that a checkpoint has it.
    """
    layer = SEMANTIC_LAYERS[kind](
        concepts, dropout=settings.semantic_dropout, prior=prior, name="semantic"
    )
    if draws:
        layer.sampling = keras.random.SeedGenerator()
    layer.build(*((None, *shapes[name]) for name in ("features", *SEES[kind])))
    return layer
