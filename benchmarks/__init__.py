"""Measurements of ml_insights, each beside what it is compared with."""
