"""What both ways of counting a day give, and the lines of ground truth that neither accepts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Optional

from ml_insights.spark.ground_truth import rejected_sample
from ml_insights.spark.raw_predictions import QUARANTINE_SAMPLE, SAMPLE_FOLDER

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from ml_insights.spark.other_labels import OtherLabels


@dataclass(frozen=True)
class Counted:
    """A day's counts.

    Attributes:
        bins: `variant`, `class_label`, `slice_id`, `threshold_index` and the counts of the bin; a
            bin may come in several rows.
        pairs: what `joint_counts.count_pairs` returns, likewise; None where there are none.
        label_lines: `label_lines_read`, as the readers counted them, and lines of ground truth by
            what became of them.
        labels_read: labels in the accepted lines, counted before they meet predictions.
        other_labels: what they say that the settings do not name.
        labels_as_of: time of the newest object with an accepted line, ISO 8601, or None.
        account: what `label_account.label_account` returns.
    """

    bins: DataFrame
    pairs: Optional[DataFrame]
    label_lines: dict[str, int]
    labels_read: int
    other_labels: OtherLabels
    labels_as_of: Optional[str]
    account: dict[str, Any]


def keep_rejected(rejected: DataFrame, output: str) -> dict[str, int]:
    """Write a sample of rejected lines for quarantine; returns their number by reason.

    Args:
        rejected: `source_object`, `reason`, `line`.
        output: folder of the job.
    """
    found = {row["reason"]: row["count"] for row in rejected.groupBy("reason").count().collect()}
    if found:
        sample = rejected_sample(rejected, QUARANTINE_SAMPLE)
        sample.write.mode("overwrite").parquet(f"{output}/{SAMPLE_FOLDER}")
    return found
