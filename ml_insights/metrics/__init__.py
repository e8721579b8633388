"""Pure mathematics from counts: numpy only, no Spark, no Dagster, no files, no network.

`thresholds` needs only the standard library, since it also travels to the Spark cluster.
"""
