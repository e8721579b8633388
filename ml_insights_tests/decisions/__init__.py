"""Tests of what people decide from."""
