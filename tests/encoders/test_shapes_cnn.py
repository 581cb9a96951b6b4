"""The small CNN keeps what the drawn shapes' captions tell."""

import keras
import numpy as np

from s_cnn_rnn.encoders import build_encoder


def squares(random, count, side=64):
    """Pictures of 1 to 4 squares of 8 pixels, all in one half: uint8, how many, whether left."""
    pictures = np.full((count, side, side, 3), 128, np.uint8)
    numbers = random.integers(1, 5, count)
    left = random.integers(0, 2, count)
    for picture, number, at_left in zip(pictures, numbers, left, strict=True):
        # cells of 10 pixels in a half of 3 x 6 cells, so that squares never touch
        for cell in random.choice(18, number, replace=False):
            row, column = divmod(cell, 3)
            x, y = 1 + 10 * column + (0 if at_left else 32), 1 + 10 * row
            picture[y : y + 8, x : x + 8] = (220, 30, 30)
    return pictures, numbers, left


def test_it_learns_to_count_and_to_tell_left_from_right():
    keras.utils.set_random_seed(3)
    random = np.random.default_rng(3)
    encoder = build_encoder("small_cnn", weights=None)
    logits = keras.layers.Dense(8, name="classes")(encoder.output)
    model = keras.Model(encoder.input, logits)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(1e-3), loss)

    def classes(numbers, left):
        return (numbers - 1) * 2 + left

    pictures, *truth = squares(random, 1500)
    model.fit(pictures, classes(*truth), batch_size=32, epochs=3, verbose=0)
    held_out, *truth = squares(random, 400)
    found = model.predict(held_out, verbose=0).argmax(-1)
    assert (found == classes(*truth)).mean() > 0.9  # chance is 1/8
