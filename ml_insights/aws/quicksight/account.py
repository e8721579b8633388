"""QuickSight of an AWS account: names derived from settings, and the one way to call it.

What belongs here: ids and ARNs, calls with this package's errors, owning what we made. What does
not: what is created (a module for each kind of resource).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from ml_insights.aws.clients import AwsSession
from ml_insights.aws.failures import aws_call
from ml_insights.aws.ownership import MARK, refuse_foreign
from ml_insights.aws.quicksight.fields import Json
from ml_insights.aws.waiting import Clock, States
from ml_insights.errors import AwsError, AwsTransientError

Kind = Literal["datasource", "dataset", "dashboard", "group", "user"]

ABSENT = "ResourceNotFoundException"
EXISTS = "ResourceExistsException"
RESOURCE_STATES = States(
    pending=("CREATION_IN_PROGRESS", "UPDATE_IN_PROGRESS"),
    terminal=(
        "CREATION_SUCCESSFUL",
        "CREATION_FAILED",
        "UPDATE_SUCCESSFUL",
        "UPDATE_FAILED",
        "DELETED",
    ),
)
"""Of data sources and of versions of dashboards."""
_BUSY = "ConflictException"
_BUSY_PAUSES = (1.0, 2.0, 4.0, 8.0, 16.0)


@dataclass(frozen=True)
class Account:
    """Where the resources are, and what their names begin with.

    Attributes:
        session: region and credentials.
        account_id: twelve digits.
        namespace: of users and groups.
        prefix: begins every id; two installations in an account have two.
        partition: `aws`, or that of another group of regions.
        clock: time, for pauses.
    """

    session: AwsSession
    account_id: str
    namespace: str = "default"
    prefix: str = "ml-insights"
    partition: str = "aws"
    clock: Clock = field(default_factory=Clock)

    def resource_id(self, *parts: str) -> str:
        """Id of a resource of this installation: the same for the same parts, always."""
        return "-".join([self.prefix, *parts])

    def arn(self, kind: Kind, name: str) -> str:
        """ARN of a resource; groups and users are those of the namespace."""
        inside = f"{self.namespace}/" if kind in ("group", "user") else ""
        return (
            f"arn:{self.partition}:quicksight:{self.session.region}:{self.account_id}:"
            f"{kind}/{inside}{name}"
        )

    def principal(self, name: str) -> str:
        """ARN of `user/NAME` or `group/NAME`."""
        kind, _, rest = name.partition("/")
        return self.arn("user" if kind == "user" else "group", rest)

    def dashboard_url(self, dashboard_id: str) -> str:
        """Where a dashboard is found in the browser."""
        region = self.session.region
        return f"https://{region}.quicksight.aws.amazon.com/sn/dashboards/{dashboard_id}"

    def call(self, operation: str, resource: str = "", **parameters: Any) -> Json:
        """One call of QuickSight, repeated a few times while it is changing the resource.

        Args:
            operation: as boto3 names it, such as `describe_data_set`.
            resource: id named in errors.
            **parameters: of the call, besides the account.

        Raises:
            AwsError: it failed; the message names call, resource and request.
        """
        client = self.session.client("quicksight")
        for pause in (*_BUSY_PAUSES, None):
            try:
                with aws_call(
                    f"QuickSight {operation.replace('_', ' ')}",
                    resource,
                    region=self.session.region,
                ):
                    answer: Json = getattr(client, operation)(
                        AwsAccountId=self.account_id, **parameters
                    )
                    return answer
            except AwsError as error:
                if error.code != _BUSY:
                    raise
                if pause is None:
                    raise AwsTransientError(
                        f"{error} It was still busy after several tries.", code=_BUSY
                    ) from error
            self.clock.sleep(pause * (1 + 0.2 * self.clock.spread()))
        raise AssertionError("the last try returns or raises")

    def find(self, operation: str, resource: str = "", **parameters: Any) -> Json | None:
        """As `call`, but None when there is no such resource."""
        try:
            return self.call(operation, resource, **parameters)
        except AwsError as error:
            if error.code == ABSENT:
                return None
            raise

    def pages(self, operation: str, result: str, resource: str = "", **parameters: Any) -> Any:
        """The items of all pages of a listing, one after the other."""
        token: dict[str, str] = {}
        while True:
            page = self.call(operation, resource, **parameters, **token)
            yield from page.get(result, [])
            if not page.get("NextToken"):
                return
            token = {"NextToken": page["NextToken"]}

    def tags(self) -> list[dict[str, str]]:
        """Tags of every resource this installation makes."""
        return [{"Key": MARK, "Value": self.prefix}]

    def refuse_foreign(self, arn: str) -> None:
        """Make sure that a resource which exists was made by this installation.

        Raises:
            AwsPermanentError: it was not.
        """
        client = self.session.client("quicksight")
        with aws_call("QuickSight list tags for resource", arn, region=self.session.region):
            tags = client.list_tags_for_resource(ResourceArn=arn).get("Tags", [])
        owner = next((tag["Value"] for tag in tags if tag["Key"] == MARK), None)
        refuse_foreign(
            arn,
            owner,
            self.prefix,
            "Choose another `quicksight.prefix`, delete it, or make it this installation's with "
            f"the tag {MARK}={self.prefix}.",
        )
