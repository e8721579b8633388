"""Fixtures that every test module may use."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Real predictions, labels and capture records; each folder has its licence beside it."""
    return Path(__file__).parent / "data"
