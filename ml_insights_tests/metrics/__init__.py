"""Tests of `ml_insights.metrics`."""
