"""What this project's own benchmark found: the figures that every plan starts from.

What belongs here: reading `measured.yaml`. What does not: measuring (`benchmarks`), planning
(`plan`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import yaml
from pydantic import BaseModel, ConfigDict, Field

_FILE = Path(__file__).parent / "measured.yaml"
_Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class Measured(BaseModel):
    """Figures of one machine, a core's worth each; `measured.yaml` says how each is computed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    machine: str
    """Cores, Spark, sizes of the days, and what else ran."""

    measured_on: str
    """Day of the benchmark, ISO 8601."""

    line_bytes: _Positive
    """Bytes of a captured line."""

    compact_megabytes_per_core_second: _Positive
    """Step 1, raw_predictions: captured megabytes that a CPU second reads."""

    count_predictions_per_core_second: _Positive
    """Step 2, confusion_counts: predictions that a CPU second joins and counts."""

    compact_share: _Positive
    """Bytes of the compact table for each captured byte."""


def load_measured() -> Measured:
    """The figures that come with the package."""
    return Measured.model_validate(yaml.safe_load(_FILE.read_text(encoding="utf-8")))
