"""The lines of files that are listed already, by Spark's own text reader: the plain way to read.

What belongs here: lines and where they stand. What does not: which files there are (`listing`), and
what a line holds (`data_capture`, `ground_truth`).
"""

from __future__ import annotations

import re
from functools import reduce
from typing import TYPE_CHECKING, Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from ml_insights.spark.session import empty

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyspark.sql import SparkSession


def text_lines(spark: SparkSession, files: Mapping[str, Any], tag: str) -> DataFrame:
    """Lines with their file and its tag.

    Args:
        spark: session.
        files: by tag, as `Listing` gives them.
        tag: name of the column with the tags.

    Returns:
        Columns `value`, the tag, `source_object`, `modified` (of the object).
    """
    by_tag: list[DataFrame] = [
        spark.read.text([_literal(file) for file in tagged], lineSep="\n").select(
            "value",
            F.lit(name).alias(tag),
            F.col("_metadata.file_path").alias("source_object"),
            F.col("_metadata.file_modification_time").alias("modified"),
        )
        for name, tagged in files.items()
        if len(tagged)
    ]
    nothing = f"value string, {tag} string, source_object string, modified timestamp"
    return reduce(DataFrame.unionByName, by_tag, empty(spark, nothing))


def _literal(file: Any) -> str:
    """A file's path, in which no character stands for others."""
    return re.sub(r"([*?\[\]{}\\])", r"\\\1", str(file.getPath().toString()))
