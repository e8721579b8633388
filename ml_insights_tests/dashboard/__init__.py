"""Tests of `ml_insights.dashboard`."""
