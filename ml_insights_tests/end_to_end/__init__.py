"""Whole days through Dagster and Spark, on real data and on the demo."""
