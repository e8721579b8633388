"""Daily precision-recall curves for Amazon SageMaker endpoints, exact and with guaranteed limits.

Data flows top to bottom: captured predictions, raw predictions, confusion counts,
precision-recall, dashboards. This module imports nothing, so that the archive which goes to a
Spark cluster imports without Dagster, boto3 or numpy.
"""

__version__ = "0.1.0"
