"""The files that QuickSight reads from S3 keep every digit and are those of the days that changed.

With two data sets.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from ml_insights.contracts import MODEL_QUALITY, PRECISION_RECALL
from ml_insights.quicksight_view.csv_files import _as_text
from ml_insights_tests.aws.server import StandIn
from ml_insights_tests.dashboard.synthetic import Tables, build_tables
from ml_insights_tests.quicksight_view.publication import (
    ENDPOINT,
    days_of,
    open_publication,
)

pytestmark = pytest.mark.usefixtures("two_sets")

FIRST, SECOND, THIRD = days_of(3)


def test_files_have_floats_without_exponents_and_every_digit(
    aws: StandIn, tmp_path: Path, tables: Tables
) -> None:
    extra = "source: s3\n  poll_seconds: 0.1"
    opened = open_publication(aws, tmp_path, FIRST + timedelta(days=1), extra)
    opened.write(tables, [FIRST])
    rows = opened.lake.read(ENDPOINT, MODEL_QUALITY, FIRST)
    number = rows.schema.get_field_index("average_precision")
    values = [9.5e-7, 5e-324, 1.7976931348623157e308, 0.1 + 0.2, -1e22, 0.0, None, float("nan")]
    cycled = [values[n % len(values)] for n in range(rows.num_rows)]
    small = rows.set_column(number, rows.schema.field(number), pa.array(cycled, pa.float64()))
    text = _as_text(small["average_precision"], "float64").to_pylist()
    assert not [one for one in text if one and "e" in one]
    read = [None if one is None else float(one) for one in text]
    assert str(read) == str(cycled)
    opened.lake.write(ENDPOINT, MODEL_QUALITY, FIRST, small.slice(0, 4))
    opened.data_sets(FIRST)
    assert opened.rows("model_quality")["average_precision"].to_pylist() == cycled[:4]


def test_a_restated_day_comes_with_the_csv_files_of_any_later_publication(
    aws: StandIn, tmp_path: Path, tables: Tables
) -> None:
    """And no other day's file is written again."""
    extra = "source: s3\n  poll_seconds: 0.1"
    opened = open_publication(aws, tmp_path, THIRD + timedelta(days=1), extra)
    opened.write(tables, [FIRST, SECOND])
    opened.data_sets(SECOND)
    restated = build_tables(days=8, slices=("all", "region=EU"), points=50, seed=8)
    opened.write(restated, [FIRST])
    opened.write(tables, [THIRD])
    aws.calls.clear()
    opened.data_sets(THIRD)
    written = [call.resource["Key"] for call in aws.calls.of("s3", "PutObject")]
    files = sorted(key.rpartition("/")[2] for key in written if key.endswith(".csv"))
    assert files == [f"dt={day}.csv" for day in (FIRST, FIRST, THIRD, THIRD)]
    for table in (PRECISION_RECALL, MODEL_QUALITY):
        published = opened.lake.read_days(ENDPOINT, table, [FIRST, SECOND, THIRD])
        if table is PRECISION_RECALL:
            published = published.filter(pc.is_valid(published["display_rank"]))
        column = "precision" if table is PRECISION_RECALL else "average_precision"
        held = opened.rows(table.name)[column].to_pylist()
        assert sorted(filter(None, held)) == sorted(filter(None, published[column].to_pylist()))
