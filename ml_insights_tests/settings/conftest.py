"""A small legal settings file, and ways to bend it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from ml_insights.errors import SettingsError
from ml_insights.settings import Endpoint, Settings, load_settings

MINIMAL = """\
endpoints:
  fraud-detector:
    data_capture: ./capture
    ground_truth: ./labels
    start_date: 2026-10-01
    score: {content_type: text/csv, index: 0}
    positive_label: "1"
    operating_threshold: 0.5
"""
END = MINIMAL.count("\n")
"""Line of the last key of `MINIMAL`; what a test appends starts one line below."""

Load = Callable[..., Settings]
Problems = Callable[..., list[str]]


def endpoint(load: Load, text: str) -> Endpoint:
    """The one endpoint of a settings text."""
    return load(text).endpoints["fraud-detector"]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Load settings from text and an environment."""

    def load_text(text: str = MINIMAL, environ: Mapping[str, str] | None = None) -> Settings:
        path = tmp_path / "settings.yaml"
        path.write_text(text, encoding="utf-8")
        return load_settings(path, environ or {})

    return load_text


@pytest.fixture
def problems(load: Load, tmp_path: Path) -> Problems:
    """Lines of the error that loading raises; the file is named `settings.yaml`."""

    def problems_of(text: str = MINIMAL, environ: Mapping[str, str] | None = None) -> list[str]:
        with pytest.raises(SettingsError) as caught:
            load(text, environ)
        first, *lines = str(caught.value).replace(f"{tmp_path}/", "").split("\n")
        return [line.removeprefix("- ") for line in lines] or [first]

    return problems_of
