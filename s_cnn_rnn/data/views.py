"""The views of a photograph that pass through a frozen CNN once each: as seen, mirrored, crops."""

import dataclasses

import tensorflow as tf

from s_cnn_rnn.data.photographs import Augmentation, augment
from s_cnn_rnn.settings import StageSettings

_AS_IT_IS = Augmentation()


@dataclasses.dataclass(frozen=True)
class View:
    """One way to look at every photograph of a split.

    Args:
        mirrored: left to right.
        crop: number of a random crop, from 1 on; 0 for the whole photograph. Each crop lies
            elsewhere in each photograph, and a number gives the same crops in any run.
        variation: what varies from crop to crop.
    """

    mirrored: bool = False
    crop: int = 0
    variation: Augmentation = _AS_IT_IS

    def __str__(self) -> str:
        """Part of the key of cached features."""
        crop = f" crop={self.crop} of {self.variation}" if self.crop else ""
        return f"mirrored={self.mirrored}{crop}"

    def see(self, pixels: tf.Tensor, photograph: tf.Tensor) -> tf.Tensor:
        """The view of one photograph.

        Args:
            pixels: uint8 [H,W,3].
            photograph: int64 scalar, its place in the split.

        Returns:
            uint8 [H,W,3].
        """
        if self.mirrored:
            return pixels[:, ::-1]
        if self.crop:
            seed = tf.stack([tf.cast(photograph, tf.int32), self.crop])
            return augment(pixels, seed, self.variation)
        return pixels


AS_SEEN = View()


def views_of(stage: StageSettings) -> tuple[View, ...]:
    """The views that a stage with a frozen CNN learns from: as seen, mirrored, crops.

    Raises:
        ValueError: crops are wanted, but ``smallest_crop`` leaves nothing to crop.
    """
    if stage.cached_crops and stage.smallest_crop == 1:
        raise ValueError(
            f"cached_crops is {stage.cached_crops}, but smallest_crop is 1, so that every crop "
            "would be the whole photograph; set it below 1, such as 0.6"
        )
    mirrored = (View(mirrored=True),) if stage.flip else ()
    variation = Augmentation(flip=stage.flip, crop=(stage.smallest_crop, 1.0))
    crops = (View(crop=1 + n, variation=variation) for n in range(stage.cached_crops))
    return (AS_SEEN, *mirrored, *crops)
