"""Tests of plans, prices and Spark settings."""
