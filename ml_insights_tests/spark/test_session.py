"""What the jobs rely on is set on whatever session they are given."""

from __future__ import annotations

import pytest
from pyspark.sql import SparkSession

from ml_insights.contracts import RAW_PREDICTIONS
from ml_insights.spark.session import REQUIRED, empty, prepare

pytestmark = pytest.mark.spark


def test_required_settings_are_set_on_the_given_session(spark: SparkSession) -> None:
    other = spark.newSession()
    assert other.conf.get("spark.sql.optimizer.enableJsonExpressionOptimization") == "true"
    assert prepare(other) is other
    assert {key: other.conf.get(key) for key in REQUIRED} == REQUIRED


def test_an_empty_frame_has_the_columns_of_its_schema(spark: SparkSession) -> None:
    frame = empty(spark, RAW_PREDICTIONS.spark_ddl())
    assert frame.columns == [column.name for column in RAW_PREDICTIONS.columns]
    assert frame.collect() == []
