"""Where the heavy steps run. The assets do not know: they hand over arguments and get a result.

What belongs here: one runner for each place, behind one interface. What does not: what a job does
(`ml_insights.spark`), which arguments it gets (`assets`), the calls of AWS (`ml_insights.aws`).
"""

from ml_insights.runners.emr import EmrClusterRunner, EmrServerlessRunner
from ml_insights.runners.local import LocalSparkRunner
from ml_insights.runners.runner import JobResult, SparkRunner

__all__ = [
    "EmrClusterRunner",
    "EmrServerlessRunner",
    "JobResult",
    "LocalSparkRunner",
    "SparkRunner",
]
