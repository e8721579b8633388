"""Commands about results on AWS: `query`, `migrate`, `iam-policy`, `embed-url`.

What belongs here: their options and what they print. What does not: all other commands (`cli`), and
anything another program could want.
"""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ml_insights.aws.policies.roles import dagster_role, job_role, quicksight_role
from ml_insights.aws.policies.statements import Places, Statement, policy
from ml_insights.command_options import chosen_endpoint, settings_option
from ml_insights.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Callable


ROLES: dict[str, Callable[[Places], list[Statement]]] = {
    "dagster": dagster_role,
    "jobs": job_role,
    "quicksight": quicksight_role,
}


@click.command()
@settings_option
@click.argument("sql")
def query(settings_file: Path | None, sql: str) -> None:
    """Run SQL on the published tables with Athena; prints CSV."""
    from ml_insights.aws import athena  # noqa: PLC0415 (starts slowly)
    from ml_insights.aws.identity import caller  # noqa: PLC0415
    from ml_insights.aws_deployment import session_of, workgroup_of  # noqa: PLC0415

    settings = load_settings(settings_file)
    caller(session_of(settings), settings.aws.account_id)
    workgroup = workgroup_of(settings)
    athena.ensure_workgroup(workgroup)
    answer = athena.query(workgroup, settings.athena.database, sql)
    writer = csv.writer(sys.stdout)
    writer.writerow(answer.columns)
    writer.writerows(answer.rows)
    click.echo(f"{answer.scanned / 1e6:,.1f} MB read", err=True)


@click.command()
@settings_option
def migrate(settings_file: Path | None) -> None:
    """Add columns that this version has to the tables in Glue."""
    from ml_insights.aws.glue import ensure_tables  # noqa: PLC0415 (starts slowly)
    from ml_insights.aws.identity import caller  # noqa: PLC0415
    from ml_insights.aws_deployment import (  # noqa: PLC0415
        catalogue_of,
        catalogued_tables,
        session_of,
    )

    settings = load_settings(settings_file)
    caller(session_of(settings), settings.aws.account_id)
    changes = ensure_tables(catalogue_of(settings), catalogued_tables(), migrate=True)
    for name, change in changes.items():
        click.echo(f"{settings.athena.database}.{name}: {change}")
    if not changes:
        click.echo("The tables have all columns.")


@click.command("iam-policy")
@settings_option
@click.option(
    "--role",
    type=click.Choice(list(ROLES)),
    default="dagster",
    show_default=True,
    help="Whose policy: the Dagster process, Spark's jobs on EMR, or QuickSight.",
)
@click.option("--explain", is_flag=True, help="A table with the reason of each action instead.")
def iam_policy(settings_file: Path | None, role: str, explain: bool) -> None:
    """Print the least policy that a role needs."""
    from ml_insights.aws_deployment import places_of  # noqa: PLC0415 (starts slowly)

    statements = ROLES[role](places_of(load_settings(settings_file)))
    if explain:
        click.echo("| action | why | resources |\n| --- | --- | --- |")
        for statement in statements:
            for action, why in sorted(statement.why.items()):
                click.echo(f"| `{action}` | {why} | {', '.join(statement.resources)} |")
    else:
        click.echo(json.dumps(policy(statements), indent=2))


@click.command("embed-url")
@settings_option
@click.option("--endpoint", help="Endpoint of the dashboard. [default: the only one]")
@click.option("--user", required=True, help="QuickSight user who may read it.")
@click.option("--minutes", type=click.IntRange(15, 600), default=60, show_default=True)
def embed_url(settings_file: Path | None, endpoint: str | None, user: str, minutes: int) -> None:
    """Print an address that shows the dashboard to one user, once, within five minutes."""
    from ml_insights.aws.quicksight import dashboard  # noqa: PLC0415 (starts slowly)
    from ml_insights.resources import quicksight_resource  # noqa: PLC0415

    settings = load_settings(settings_file)
    account = quicksight_resource(settings).account
    dashboard_id = account.resource_id(chosen_endpoint(settings, endpoint))
    click.echo(dashboard.embed_url(account, dashboard_id, user, minutes))
