"""`make demo-aws`: the demo on the aws deployment, with the stand-in in the place of Amazon.

What belongs here: putting the demo's files on the stand-in's S3, running its days, writing down
what QuickSight holds. What does not: the demo's history (`ml_insights.demo`), the stand-in.
"""

from __future__ import annotations

import json
import os
import shutil
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import click
import pyarrow.csv as pv
import yaml
from rich.console import Console

from ml_insights.aws_deployment import lake_of
from ml_insights.contracts import MODEL_QUALITY
from ml_insights.demo import write_demo
from ml_insights.demo.comparison import WIDTH, comparison_table
from ml_insights.demo.history import Demo
from ml_insights.lake import Lake
from ml_insights.run_commands import run_days
from ml_insights.settings import load_settings
from ml_insights_tests.aws import SERVICES
from ml_insights_tests.aws.demo_runners import RELEASE, RUNNERS, differences, runner_settings
from ml_insights_tests.aws.server import StandIn
from ml_insights_tests.aws.service import ACCOUNT_ID
from ml_insights_tests.aws.spark_lines import find_spark, s3a_jars
from ml_insights_tests.aws.unchanged import changes

REGION = "eu-central-1"
BUCKET = "ml-insights-demo"
READERS = ("ann", "bob")


@click.command(help="Run the demo on the aws deployment against a stand-in for AWS.")
@click.option("--folder", type=click.Path(path_type=Path), default=Path("data/demo-aws"))
@click.option("--days", type=click.IntRange(min=1), default=14, show_default=True)
@click.option("--predictions", type=click.IntRange(min=100), default=6_000, show_default=True)
@click.option(
    "--port", default=5055, show_default=True, help="Of the stand-in; 0 takes a free one."
)
@click.option(
    "--runner",
    type=click.Choice(RUNNERS),
    default="local",
    show_default=True,
    help="Of the heavy steps: in this process, a cluster for each job, a running one, Serverless.",
)
@click.option(
    "--compare",
    type=click.Path(path_type=Path, exists=True),
    help="Folder of a demo computed locally; its numbers must be the same to the last digit.",
)
@click.option("--again", is_flag=True, help="Compute all days twice: the second changes nothing.")
@click.option("--stay", is_flag=True, help="Keep the stand-in until Ctrl-C, to look around.")
def main(
    *,
    folder: Path,
    days: int,
    predictions: int,
    port: int,
    runner: str,
    compare: Path | None,
    again: bool,
    stay: bool,
) -> None:
    """Write, upload, compute, publish, and say where to look."""
    console = Console(highlight=False)
    written = write_demo(folder, days=days, predictions_per_day=predictions)
    with StandIn(SERVICES, port) as stand_in:
        os.environ.update(stand_in.environment(REGION))
        upload(stand_in, written)
        settings_file = write_settings(stand_in, written, runner)
        settings = load_settings(settings_file, environ={})
        all_days = written.scenario.all_days()
        # Dagster's history is of this stand-in, which begins empty.
        home = (folder / "dagster_home").absolute()
        shutil.rmtree(home, ignore_errors=True)
        compute = partial(run_days, settings, written.endpoint, home, all_days[0], all_days[-1])
        compute()
        wide = console if console.width >= WIDTH else Console(highlight=False, width=WIDTH)
        wide.print(comparison_table(written, lake_of(settings)))
        view = write_view(stand_in, folder / "quicksight")
        published = lake_of(settings).days(written.endpoint, MODEL_QUALITY)
        console.print(f"{len(published)} days on s3://{BUCKET}/lake, {len(stand_in.calls)} calls")
        console.print(f"What QuickSight holds: {view.absolute().as_uri()}", soft_wrap=True)
        if compare:
            _compare(console, written.endpoint, lake_of(settings), compare)
        if again:
            _compute_again(console, stand_in, compute)
        if stay:
            _stay(console, stand_in, settings_file)


def upload(stand_in: StandIn, written: Demo) -> None:
    """Captures and labels on S3, users in QuickSight."""
    s3, quicksight = stand_in.client("s3", REGION), stand_in.client("quicksight", REGION)
    location = {"LocationConstraint": REGION}
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration=location)
    for source in (written.data_capture / written.endpoint, written.ground_truth):
        for path in sorted(source.rglob("*.jsonl")):
            s3.upload_file(str(path), BUCKET, path.relative_to(written.folder).as_posix())
    for name in READERS:
        quicksight.register_user(
            AwsAccountId=ACCOUNT_ID, Namespace="default", IdentityType="QUICKSIGHT",
            UserName=name, Email=f"{name}@example.com", UserRole="READER",
        )  # fmt: skip


def write_settings(stand_in: StandIn, written: Demo, runner: str) -> Path:
    """The demo's settings for the aws deployment."""
    computed = runner_settings(runner, stand_in, REGION, s3a(stand_in))
    settings = yaml.safe_load(written.settings_file.read_text(encoding="utf-8"))
    settings |= {
        "deployment": "aws",
        "lake": f"s3://{BUCKET}/lake",
        "aws": {"region": REGION, "endpoint_url": stand_in.url, "account_id": ACCOUNT_ID},
        "quicksight": {"readers": list(READERS), "poll_seconds": 0.1},
        **computed,
        "spark": {**(settings["spark"] if runner == "local" else {}), **computed["spark"]},
    }
    endpoint = settings["endpoints"][written.endpoint]
    for key in ("data_capture", "ground_truth"):
        endpoint[key] = endpoint[key].replace("./", f"s3://{BUCKET}/")
    file = written.folder / "ml_insights.aws.yaml"
    file.write_text(yaml.safe_dump(settings, sort_keys=False), encoding="utf-8")
    return file


def s3a(stand_in: StandIn) -> dict[str, str]:
    """What Spark in this process needs to reach the stand-in's S3."""
    jars = ",".join(map(str, sorted(s3a_jars(find_spark(RELEASE)).glob("*.jar"))))
    return {
        "spark.jars": jars,
        "spark.hadoop.fs.s3.impl": "org.apache.hadoop.fs.s3a.S3AFileSystem",
        "spark.hadoop.fs.AbstractFileSystem.s3.impl": "org.apache.hadoop.fs.s3a.S3A",
        "spark.hadoop.fs.s3a.endpoint": stand_in.url,
        "spark.hadoop.fs.s3a.endpoint.region": REGION,
        "spark.hadoop.fs.s3a.path.style.access": "true",
        "spark.hadoop.fs.s3a.connection.ssl.enabled": "false",
    }


def write_view(stand_in: StandIn, folder: Path) -> Path:
    """The dashboard's definition, rights and the rows of the data sets, as files to look at."""
    service: Any = stand_in.service("quicksight", REGION)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name, rows in service.rows.items():
        pv.write_csv(rows, folder / f"{name}.csv")
    for name, dashboard in service.dashboards.items():
        shown = dashboard["versions"][dashboard["published"] - 1]
        _write(folder / f"{name}.json", shown["Definition"])
    rights = {
        arn: {who: sorted(actions) for who, actions in grants.items()}
        for arn, grants in service.permissions.items()
    }
    members = {name: sorted(group) for name, group in service.groups.items()}
    _write(folder / "rights.json", {"rights": rights, "groups": members})
    return folder


def _compare(console: Console, endpoint: str, computed: Lake, local: Path) -> None:
    """Set the tables against those of a local demo.

    Raises:
        click.ClickException: a number differs.
    """
    other = Lake(str(local.absolute() / "lake"))
    if found := list(differences(endpoint, computed, other)):
        raise click.ClickException("\n  ".join([f"not the numbers of {local}:", *found]))
    console.print(f"All tables of all days hold the numbers of {local}, to the last digit.")


def _compute_again(console: Console, stand_in: StandIn, compute: Callable[[], None]) -> None:
    """Compute what is computed already.

    Raises:
        click.ClickException: something was created or changed.
    """
    if found := changes(stand_in, REGION, BUCKET, compute):
        raise click.ClickException("\n  ".join(["the second time changed:", *found]))
    console.print("The same days again created nothing and changed nothing.")


def _write(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, indent=1, default=str), encoding="utf-8")


def _stay(console: Console, stand_in: StandIn, settings_file: Path) -> None:
    console.print(f"AWS stands in at {stand_in.url}; Ctrl-C ends it. For instance:")
    shown = " ".join(f"{key}={value}" for key, value in stand_in.environment(REGION).items())
    console.print(f"  export {shown}", soft_wrap=True)
    query = '"SELECT dt, variant, average_precision FROM model_quality ORDER BY 1, 2"'
    console.print(f"  ml-insights query --settings {settings_file} {query}", soft_wrap=True)
    with suppress(KeyboardInterrupt):
        threading.Event().wait()


if __name__ == "__main__":
    main()
