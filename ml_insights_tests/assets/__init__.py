"""Tests of `ml_insights.assets`."""
