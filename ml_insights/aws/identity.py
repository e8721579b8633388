"""Which account the credentials belong to.

What belongs here: asking once and refusing the wrong one. What does not: credentials (`clients`).
"""

from __future__ import annotations

from dataclasses import dataclass

from ml_insights.aws.clients import AwsSession
from ml_insights.aws.failures import aws_call
from ml_insights.errors import AwsPermanentError


@dataclass(frozen=True)
class Identity:
    """Who calls.

    Attributes:
        account_id: twelve digits.
        partition: `aws`, or that of another group of regions.
        arn: of the caller.
    """

    account_id: str
    partition: str
    arn: str


def caller(session: AwsSession, expected_account: str | None = None) -> Identity:
    """The account of the credentials.

    Raises:
        AwsPermanentError: they are of another account than the settings name.
    """
    with aws_call("asking who calls", region=session.region):
        answer = session.client("sts").get_caller_identity()
    account, arn = str(answer["Account"]), str(answer["Arn"])
    if expected_account not in (None, account):
        raise AwsPermanentError(
            f"the credentials are of account {account} ({arn}), but `aws.account_id` is "
            f"{expected_account}. Use credentials of that account, or correct the setting.",
            code="OtherAccount",
        )
    return Identity(account, arn.split(":")[1], arn)
