"""Tests of where heavy steps run."""
