"""Readers read the dashboard and do nothing else; nobody else has rights on it."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from ml_insights.aws.ownership import MARK
from ml_insights.aws.quicksight.dashboard import embed_url
from ml_insights.aws.quicksight.grants import READ_DASHBOARD
from ml_insights.cli import main
from ml_insights.errors import AwsPermanentError
from ml_insights_tests.aws.service import ACCOUNT_ID
from ml_insights_tests.quicksight_view.publication import (
    DASHBOARD,
    REGION,
    Publication,
)


def rights(publication: Publication) -> dict[str, set[str]]:
    arn = publication.service.arn(f"dashboard/{DASHBOARD}")
    found: dict[str, set[str]] = publication.service.permissions[arn]
    return found


def test_readers_get_exactly_the_rights_to_read_the_dashboard(filled: Publication) -> None:
    view = filled.dashboard()
    group = filled.account.principal(f"group/{view.group}")
    assert rights(filled)[group] == set(READ_DASHBOARD)
    others = {arn: who for arn, who in filled.service.permissions.items() if "dashboard" not in arn}
    assert not [arn for arn, who in others.items() if group in who]


def test_surplus_rights_and_members_are_taken_away(filled: Publication) -> None:
    view = filled.dashboard()
    group = filled.account.principal(f"group/{view.group}")
    mallory = filled.account.principal("user/mallory")
    rights(filled)[mallory] = {"quicksight:UpdateDashboard"}
    rights(filled)[group] |= {"quicksight:DeleteDashboard"}
    filled.service.groups[view.group] |= {"mallory"}
    filled.service.groups[view.group] -= {"bob"}
    mended = filled.dashboard()
    assert mended.changed.revoked == {
        mallory: {"quicksight:UpdateDashboard"}, group: {"quicksight:DeleteDashboard"}
    }  # fmt: skip
    assert (mended.members.added, mended.members.removed) == (("bob",), ("mallory",))
    assert rights(filled)[group] == set(READ_DASHBOARD)
    assert mallory not in rights(filled)
    assert filled.service.groups[view.group] == {"bob", "eve"}


def test_rights_of_whoever_has_the_link_are_taken_away(filled: Publication) -> None:
    filled.dashboard()
    everybody = f"arn:aws:quicksight:{REGION}:{ACCOUNT_ID}:namespace/default"
    actions = sorted(READ_DASHBOARD)
    filled.aws.client("quicksight", REGION).update_dashboard_permissions(
        AwsAccountId=ACCOUNT_ID, DashboardId=DASHBOARD,
        GrantLinkPermissions=[{"Principal": everybody, "Actions": actions}],
    )  # fmt: skip
    before = {who: set(actions) for who, actions in rights(filled).items()}
    changed = filled.dashboard().changed
    assert changed.revoked == {f"the link for {everybody}": READ_DASHBOARD}
    assert changed.granted == {}
    assert filled.service.link_permissions[filled.service.arn(f"dashboard/{DASHBOARD}")] == {}
    assert rights(filled) == before
    assert not filled.dashboard().changed


def test_a_group_of_somebody_else_is_left_alone_until_it_is_marked_as_ours(
    filled: Publication,
) -> None:
    client, name = filled.aws.client("quicksight", REGION), "ml-insights-readers"
    account = {"AwsAccountId": ACCOUNT_ID, "Namespace": "default"}
    client.create_group(GroupName=name, Description="The board of directors.", **account)
    client.create_group_membership(GroupName=name, MemberName="mallory", **account)
    for described in ("The board.", f"Of others: {MARK}=them", f"{MARK}=ml-insights-2"):
        filled.service.descriptions[name] = described
        with pytest.raises(AwsPermanentError, match=f"`{MARK}=ml-insights` in its description"):
            filled.dashboard()
        assert filled.service.groups[name] == {"mallory"}
        assert filled.account.principal(f"group/{name}") not in rights(filled)
    filled.service.descriptions[name] = f"The board. {MARK}=ml-insights"
    assert filled.dashboard().members.removed == ("mallory",)


def test_a_group_that_a_directory_fills_is_taken_as_it_is(filled: Publication) -> None:
    """Without readers in the settings nobody is added or removed, so it need not be ours."""
    name = "ml-insights-readers"
    filled.aws.client("quicksight", REGION).create_group(
        AwsAccountId=ACCOUNT_ID, Namespace="default", GroupName=name
    )
    filled.service.groups[name] = {"mallory"}
    filled.scope.settings.__dict__["quicksight"].__dict__["readers"] = None
    view = filled.dashboard()
    assert filled.service.groups[name] == {"mallory"}
    assert rights(filled)[filled.account.principal(f"group/{view.group}")] == set(READ_DASHBOARD)


def test_an_unknown_reader_is_named(filled: Publication) -> None:
    del filled.service.users["eve"]
    with pytest.raises(AwsPermanentError, match=r"eve cannot join .* Invite the user"):
        filled.dashboard()


def test_an_unknown_reader_keeps_neither_leavers_nor_surplus_rights_in(
    filled: Publication,
) -> None:
    view = filled.dashboard()
    mallory = filled.account.principal("user/mallory")
    rights(filled)[mallory] = {"quicksight:UpdateDashboard"}
    filled.service.groups[view.group] = {"bob", "mallory"}
    filled.scope.settings.__dict__["quicksight"].__dict__["readers"] = ("bob", "evee")
    with pytest.raises(AwsPermanentError, match="evee cannot join"):
        filled.dashboard()
    assert filled.service.groups[view.group] == {"bob"}
    assert mallory not in rights(filled)


def test_a_reader_gets_an_address_to_embed(filled: Publication) -> None:
    filled.dashboard()
    assert embed_url(filled.account, DASHBOARD, "bob", 60).startswith(f"https://{REGION}.")


def test_the_command_prints_the_address_for_a_reader_alone(filled: Publication) -> None:
    filled.dashboard()
    filled.aws.calls.clear()
    asked = ["embed-url", "--settings", str(filled.file), "--user"]
    printed = CliRunner().invoke(main, [*asked, "bob", "--minutes", "15"], catch_exceptions=False)
    assert printed.exit_code == 0
    assert printed.output == f"https://{REGION}.quicksight.aws.amazon.com/embed/{DASHBOARD}\n"
    (call,) = filled.aws.calls.of("quicksight")
    assert call.resource["UserArn"] == filled.account.arn("user", "bob")
    unknown = CliRunner().invoke(main, [*asked, "nobody"])
    assert unknown.exit_code == 1
    assert "GenerateEmbedUrlForRegisteredUser answered ResourceNotFoundException" in unknown.output
    too_short = CliRunner().invoke(main, [*asked, "bob", "--minutes", "14"])
    assert too_short.exit_code == 2
    assert "15<=x<=600" in too_short.output
