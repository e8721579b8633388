"""Tests of the AWS services, against answers that botocore checks."""
