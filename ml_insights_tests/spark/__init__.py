"""Tests of `ml_insights.spark`."""
