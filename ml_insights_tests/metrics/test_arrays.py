"""The one division that may meet 0/0."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from ml_insights.metrics.arrays import ratio


def test_0_by_0_is_nan_and_everything_else_is_divided() -> None:
    quotient = ratio(np.array([0, 0, 3]), np.array([0, 4, 4]))
    assert np.array_equal(quotient, [np.nan, 0.0, 0.75], equal_nan=True)


@pytest.mark.parametrize("dtype", [np.int64, np.float64])
def test_quotients_are_float64_of_the_shape_of_the_input(dtype: npt.DTypeLike) -> None:
    for shape in ((), (0,), (2, 3)):
        quotient = ratio(np.ones(shape, dtype), np.ones(shape, dtype))
        assert quotient.shape == shape
        assert quotient.dtype == np.float64
