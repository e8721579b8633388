"""Synthetic tables, made once: building them is the slow part of these tests."""

from __future__ import annotations

import pytest

from ml_insights.dashboard.page import render_page
from ml_insights_tests.dashboard.synthetic import (
    LABEL_WINDOW_DAYS,
    OPERATING_THRESHOLD,
    Tables,
    build_tables,
)


@pytest.fixture(scope="session")
def tables() -> Tables:
    """14 days, two variants, six slices, 200 points a curve."""
    return build_tables()


@pytest.fixture(scope="session")
def one_day() -> Tables:
    """One day, two variants, all records only."""
    return build_tables(days=1, slices=("all",))


def render(tables: Tables, endpoint: str = "payments-fraud") -> str:
    """The page of synthetic tables."""
    return render_page(
        endpoint=endpoint,
        operating_threshold=OPERATING_THRESHOLD,
        label_window_days=LABEL_WINDOW_DAYS,
        quality=tables.quality,
        curves=tables.curves,
        balance=tables.balance,
        generated_from={"lake": "s3://example/lake"},
    )


@pytest.fixture(scope="session")
def page(tables: Tables) -> str:
    """The page of `tables`."""
    return render(tables)
