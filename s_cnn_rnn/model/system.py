"""What a row of the table of systems says (`systems`), and what follows from it."""

import dataclasses

from s_cnn_rnn.model.fusions import FUSIONS
from s_cnn_rnn.model.semantic_layers import SEES

PARTS = ("encoder", "tag_layer", "semantic", "interface", "decoder")
"""What a model is made of; a system's models have some of them."""

SIDE_INFORMATION = ("tags", "neighbours", "feature_map")
"""What may be known of a photograph beside F: its user tags, F of photographs with similar tags,
and the encoder's features at each position (`feature_map`)."""

EMBEDDINGS = {
    "": (),
    "features": ("features",),
    "concepts": ("concepts",),
    "features_and_concepts": ("features", "concepts"),
}
"""What an interface may be fed with, Ie, and what that is joined from: F, s_hat."""


@dataclasses.dataclass(frozen=True)
class System:
    """One row.

    Args:
        name: its name in configs, tables and commands.
        summary: one line for people.
        reference: where it is described.
        tasks: what it can write, of "captions" and "labels".
        semantic: how concepts come from F, a name of `semantic_layers.SEMANTIC_LAYERS`; "" where
            the CNN learns no concepts.
        adds_tags: whether the logits of the tag layer are added to those of the semantic layer.
        interface: a name of `interfaces.INTERFACES`; "" where nothing is written: the labels are
            chosen by their scores.
        embedding: what the interface is fed with, Ie: a name of `EMBEDDINGS`.
        decoder: what writes, a name of `decoders.DECODERS`.
        fusion: what a recurrent decoder sees at every step beside its state, a name of
            `fusions.FUSIONS`.
        cell: its cell, a name of `recurrent.CELLS`; "" for the settings' own.
        most_concepts: k, where the system has fewer than the data set: its most frequent ones.
        concept_loss: how concepts are learnt, a name of `losses.CONCEPT_LOSSES`.
        label_order: in which a list of labels is learnt, one of `LABEL_ORDERS`.
        candidates: how many of the beam's hypotheses are put in another order (`reranking`); 0: the
            beam's own order counts.
        scheduled_sampling: whether the decoder reads some words of its own in training.
        frozen_encoder: whether the system is defined with a CNN that is never trained.
        skips: stages that it does not go through, by definition.
    """

    name: str
    summary: str
    reference: str
    tasks: tuple[str, ...] = ("labels",)
    semantic: str = ""
    adds_tags: bool = False
    interface: str = ""
    embedding: str = ""
    decoder: str = "recurrent"
    fusion: str = "none"
    cell: str = ""
    most_concepts: int | None = None
    concept_loss: str = "logistic"
    label_order: str = "rare_first"
    candidates: int = 0
    scheduled_sampling: bool = False
    frozen_encoder: bool = False
    skips: tuple[str, ...] = ()

    @property
    def supervised(self) -> bool:
        """Whether concepts are learnt (Lu)."""
        return bool(self.semantic) or self.adds_tags

    @property
    def decoder_sees(self) -> tuple[str, ...]:
        """What the decoder sees at every step: "concepts" (s_hat), "feature_map" or neither."""
        return FUSIONS[self.fusion].sees

    @property
    def writes_from_concepts(self) -> bool:
        """Whether the decoder is told of s_hat, by the interface or at every step."""
        return "concepts" in (*EMBEDDINGS[self.embedding], *self.decoder_sees)

    @property
    def side_information(self) -> tuple[str, ...]:
        """What its parts see beside F, of "tags", "neighbours" and "feature_map"."""
        return self.sees_for(("concepts", "words"))

    def sees_for(self, outputs: tuple[str, ...]) -> tuple[str, ...]:
        """The side information that such outputs need: without "words" the decoder's is not."""
        seen = {*SEES[self.semantic]} | ({"tags"} if self.adds_tags else set())
        seen |= {*self.decoder_sees} if "words" in outputs else set()
        return tuple(name for name in SIDE_INFORMATION if name in seen)

    @property
    def parts(self) -> tuple[str, ...]:
        """Those of `PARTS` that its whole models have."""
        present = {
            "encoder": bool(self.semantic) or self.embedding == "features",
            "tag_layer": self.adds_tags,
            "semantic": bool(self.semantic),
            "interface": bool(self.interface),
            "decoder": bool(self.interface),
        }
        return tuple(part for part in PARTS if present[part])
