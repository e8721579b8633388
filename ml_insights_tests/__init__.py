"""Tests of ml_insights; the modules mirror the package."""
