"""The read-only business team: one group, and who is in it.

What belongs here: the group and its members. A group has no tags, so its description bears the mark
of the installation. What does not: what the group may do (`grants`), and
making users: people are invited to QuickSight by whoever runs its account.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ml_insights.aws.ownership import MARK, refuse_foreign
from ml_insights.aws.quicksight.account import ABSENT, EXISTS, Account
from ml_insights.errors import AwsError, AwsPermanentError


@dataclass(frozen=True)
class Membership:
    """Who was added and who was removed."""

    added: tuple[str, ...]
    removed: tuple[str, ...]


def ensure_group(account: Account, group: str, *, managed: bool) -> None:
    """Create the group where it is missing.

    Args:
        account: where.
        group: its name.
        managed: whether its members will be changed, so that it must be ours.

    Raises:
        AwsPermanentError: it is to be managed and somebody else made it.
    """
    named = {"GroupName": group, "Namespace": account.namespace}
    mark = f"{MARK}={account.prefix}"
    found = account.find("describe_group", group, **named)
    if found is None:
        described = f"May read the precision and recall dashboards, and nothing else. {mark}"
        try:
            account.call("create_group", group, **named, Description=described)
        except AwsError as error:
            if error.code != EXISTS:
                raise
            found = account.call("describe_group", group, **named)
    if found and managed:
        marked = re.search(rf"{MARK}=(\S+)", found["Group"].get("Description") or "")
        refuse_foreign(
            f"QuickSight group {group}",
            marked and marked[1],
            account.prefix,
            "Choose another `quicksight.prefix`, remove `quicksight.readers` so that its members "
            f"are left alone, or make it this installation's with `{mark}` in its description "
            "(`aws quicksight update-group`).",
        )


def ensure_members(account: Account, group: str, members: Sequence[str]) -> Membership:
    """Make the group's members exactly these QuickSight users; who leaves is removed first.

    Raises:
        AwsPermanentError: a member is not a user of the namespace.
    """
    named = {"GroupName": group, "Namespace": account.namespace}
    listed = account.pages("list_group_memberships", "GroupMemberList", group, **named)
    actual = {member["MemberName"] for member in listed}
    added, removed = sorted(set(members) - actual), sorted(actual - set(members))
    for name in removed:
        account.call("delete_group_membership", group, **named, MemberName=name)
    for name in added:
        _add(account, group, name)
    return Membership(tuple(added), tuple(removed))


def _add(account: Account, group: str, name: str) -> None:
    try:
        account.call(
            "create_group_membership",
            group,
            GroupName=group,
            Namespace=account.namespace,
            MemberName=name,
        )
    except AwsError as error:
        if error.code != ABSENT:
            raise
        raise AwsPermanentError(
            f"{name} cannot join {group}: QuickSight has no such user in namespace "
            f"{account.namespace}. Invite the user as a reader first, or correct "
            "`quicksight.readers`.",
            code=ABSENT,
        ) from error
