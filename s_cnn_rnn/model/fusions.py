"""What a recurrent decoder may see at every step beside its own state, by name."""

from s_cnn_rnn.model.concept_attention import ConceptAttention
from s_cnn_rnn.model.fusion import Fusion, Multimodal, MultimodalWithWords
from s_cnn_rnn.model.visual_attention import VisualAttention

FUSIONS: dict[str, type[Fusion]] = {
    "none": Fusion,
    "multimodal": Multimodal,
    "multimodal_with_words": MultimodalWithWords,
    "concept_attention": ConceptAttention,
    "visual_attention": VisualAttention,
}
