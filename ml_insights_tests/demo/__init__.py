"""Tests of ml_insights.demo."""
