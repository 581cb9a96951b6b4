"""What the tests of label metrics share."""

import hypothesis.extra.numpy as hnp
import hypothesis.strategies as st
import numpy as np

LABEL_SETS = hnp.arrays(bool, st.tuples(st.just(2), st.integers(1, 8), st.integers(1, 5)))


def sets(*rows, classes=4):
    """Label sets given as class numbers."""
    table = np.zeros((len(rows), classes), bool)
    for row, numbers in enumerate(rows):
        table[row, list(numbers)] = True
    return table
