"""What runs on Spark: reading capture and ground truth, compacting, joining and counting.

Needs PySpark, the standard library and this package's own `contracts`, `errors` and
`metrics.thresholds`; no Dagster, no boto3, no numpy, Python 3.9 or later. This is the code that
goes to the cluster.
"""
