"""Every metrics test runs with numpy's floating point errors raised: 0/0 never happens silently."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq
import pytest


@pytest.fixture(autouse=True)
def floating_point_errors_raise() -> Iterator[None]:
    with np.errstate(all="raise"):
        yield


@pytest.fixture(scope="session")
def employment(real_data: Path) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Scores and labels of the employment data, joined by id."""
    folder = real_data / "employment"
    wanted = ["id", "predicted_probability"]
    predictions = pq.read_table(folder / "predictions.parquet", columns=wanted)
    joined = predictions.join(pq.read_table(folder / "labels.parquet"), "id", join_type="inner")
    return joined["predicted_probability"].to_numpy(), joined["employed"].to_numpy()


@pytest.fixture(scope="session")
def churn(real_data: Path) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Scores and labels of the churn data."""
    table = np.loadtxt(
        real_data / "churn" / "validation_with_predictions.csv", delimiter=",", skiprows=1
    )
    return table[:, 0], table[:, 2].astype(np.int64)
