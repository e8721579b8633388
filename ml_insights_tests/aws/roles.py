"""The roles of an account that has used EMR before.

What belongs here: roles that are there from the start. What does not: policies; nobody checks them.
"""

from __future__ import annotations

import json

from botocore.exceptions import ClientError

from ml_insights_tests.aws.service import Account

ROLES = ("EMR_DefaultRole", "EMR_EC2_DefaultRole", "EMRServerlessJobRole")
INSTANCE_PROFILE = "EMR_EC2_DefaultRole"


def create_roles(account: Account) -> None:
    """Create the roles and the instance profile, unless moto's account has them already."""
    iam = account.client("iam", "us-east-1")
    trust = {"Version": "2012-10-17", "Statement": []}
    try:
        for role in ROLES:
            iam.create_role(RoleName=role, AssumeRolePolicyDocument=json.dumps(trust))
        iam.create_instance_profile(InstanceProfileName=INSTANCE_PROFILE)
    except ClientError as error:
        if error.response["Error"]["Code"] != "EntityAlreadyExists":
            raise
