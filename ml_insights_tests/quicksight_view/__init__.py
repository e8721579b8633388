"""Tests of what goes to QuickSight, against the stand-in for AWS."""
