"""What Dagster knows of an installation: lineage, declarations, checks, and how it is loaded."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
import yaml

import ml_insights.definitions
from ml_insights.assets.declaration import HEAVY, QUICKSIGHT
from ml_insights.contracts import TABLES
from ml_insights.decisions.tables import DECISION_TABLES
from ml_insights.errors import SettingsError
from ml_insights_tests.installation import TWO_ENDPOINTS, Installation, install

REPOSITORY = Path(__file__).parent.parent

LINEAGE = {
    "data_capture": ("predictions", {"sagemaker", "json"}, set()),
    "ground_truth": ("predictions", {"sagemaker", "json"}, set()),
    "raw_predictions": ("predictions", {"spark", "parquet"}, {"data_capture"}),
    "quarantine": ("metrics", {"parquet"}, {"raw_predictions", "confusion_counts"}),
    "confusion_counts": ("metrics", {"spark", "parquet"}, {"raw_predictions", "ground_truth"}),
    "record_balance": ("metrics", {"parquet"}, {"raw_predictions", "confusion_counts"}),
    "precision_recall": ("metrics", {"numpy", "parquet"}, {"confusion_counts", "record_balance"}),
    "model_quality": ("metrics", {"numpy", "parquet"}, {"confusion_counts", "precision_recall"}),
    "model_quality_7_days": (
        "metrics",
        {"numpy", "parquet"},
        {"confusion_counts", "model_quality"},
    ),
    "model_quality_28_days": (
        "metrics",
        {"numpy", "parquet"},
        {"confusion_counts", "model_quality"},
    ),
    "variant_comparison": (
        "decisions",
        {"numpy", "parquet"},
        {"confusion_counts", "record_balance"},
    ),
    "calibration_curve": (
        "decisions",
        {"numpy", "parquet"},
        {"confusion_counts", "record_balance"},
    ),
    "model_health": ("decisions", {"numpy", "parquet"}, {"confusion_counts", "model_quality"}),
    "insights": (
        "decisions",
        {"parquet"},
        {"variant_comparison", "model_health", "model_quality"},
    ),
    "dashboard_page": (
        "dashboards",
        {"altair", "html"},
        {
            *("precision_recall", "model_quality", "record_balance"),
            *("insights", "variant_comparison", "calibration_curve", "model_health"),
        },
    ),
}
"""Group, kinds and upstream assets of every asset of an endpoint."""

CHECKS = {
    ("raw_predictions", "every_hour_has_captures", False),
    ("raw_predictions", "rejected_share_is_within_limit", True),
    ("raw_predictions", "no_variant_is_rejected_above_the_limit", False),
    ("confusion_counts", "labels_lie_where_they_are_read", False),
    ("confusion_counts", "labels_are_of_known_classes", False),
    ("confusion_counts", "counts_do_not_increase_with_threshold", True),
    ("record_balance", "every_account_adds_up_to_zero", True),
    ("record_balance", "traffic_is_split_as_configured", False),
    ("record_balance", "labels_name_one_prediction", False),
    ("record_balance", "days_before_count_the_same", False),
    ("model_quality", "positives_are_enough", False),
    ("model_quality", "label_coverage_is_reached", False),
    ("model_quality", "no_share_fell_beyond_doubt", False),
}
"""Asset, check, and whether it blocks what comes after."""

OWNERS = {"churn-1": ["team:growth", "ann@example.com"], "churn-10": []}


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield install(tmp_path_factory.mktemp("definitions"), TWO_ENDPOINTS, instance)


@pytest.fixture(scope="module")
def graph(installation: Installation) -> dg.AssetGraph:
    return installation.definitions.resolve_asset_graph()


def test_every_endpoint_has_the_lineage_below_its_own_name(graph: dg.AssetGraph) -> None:
    found = {
        key.to_user_string(): (
            graph.get(key).group_name,
            graph.get(key).kinds,
            {parent.to_user_string() for parent in graph.get(key).parent_keys},
        )
        for key in graph.get_all_asset_keys()
    }
    assert found == {
        f"{endpoint}/{name}": (group, kinds, {f"{endpoint}/{parent}" for parent in parents})
        for endpoint in OWNERS
        for name, (group, kinds, parents) in LINEAGE.items()
    }


def test_what_others_write_is_external_and_the_rest_is_computed(graph: dg.AssetGraph) -> None:
    external = {key.path[-1] for key in graph.get_all_asset_keys() if graph.get(key).is_external}
    assert external == {"data_capture", "ground_truth"}
    assert {key.path[-1] for key in graph.materializable_asset_keys} == LINEAGE.keys() - external


def test_assets_name_their_owners_and_describe_themselves(graph: dg.AssetGraph) -> None:
    for key in graph.get_all_asset_keys():
        assert graph.get(key).owners == OWNERS[key.path[0]]
        assert len(graph.get(key).description or "") > 60, key


def columns_shown(graph: dg.AssetGraph, table: str) -> list[dg.TableColumn]:
    schema: dg.TableSchema = graph.get(dg.AssetKey(["churn-1", table])).metadata[
        "dagster/column_schema"
    ]
    return list(schema.columns)


ALL_TABLES = {
    **TABLES,
    **{name: table for name, table in DECISION_TABLES.items() if name in LINEAGE},
}


@pytest.mark.parametrize("table", ALL_TABLES)
def test_columns_are_shown_with_type_unit_and_nullability(graph: dg.AssetGraph, table: str) -> None:
    for shown, column in zip(columns_shown(graph, table), ALL_TABLES[table].columns, strict=True):
        assert (shown.name, shown.type) == (column.name, column.type)
        assert shown.constraints.nullable == column.nullable
        assert (shown.description or "").startswith(column.description)
        assert (f"Unit: {column.unit}." in (shown.description or "")) == bool(column.unit)


@pytest.mark.parametrize("table", ALL_TABLES)
def test_every_quantity_has_a_unit(graph: dg.AssetGraph, table: str) -> None:
    without = {
        column.name
        for column in columns_shown(graph, table)
        if column.type in ("int64", "float64", "timestamp")
        and "Unit: " not in (column.description or "")
    }
    assert without <= {"slice_id"}


def test_checks_stand_at_their_asset_and_block_where_a_wrong_number_would_follow(
    graph: dg.AssetGraph,
) -> None:
    found = {
        (key.asset_key.to_user_string(), key.name, graph.get(key).blocking)
        for key in graph.asset_check_keys
    }
    assert found == {
        (f"{endpoint}/{asset}", name, blocking)
        for endpoint in OWNERS
        for asset, name, blocking in CHECKS
    }
    assert all(graph.get(key).description for key in graph.asset_check_keys)


def test_a_job_holds_the_assets_and_checks_of_its_endpoint_only(
    installation: Installation,
) -> None:
    for endpoint, job_name in (("churn-1", "churn_1_daily"), ("churn-10", "churn_10_daily")):
        layer = installation.definitions.resolve_job_def(job_name).asset_layer
        executable = {key.to_user_string() for key in layer.selected_asset_keys}
        assert executable == {
            f"{endpoint}/{name}" for name in LINEAGE if name not in ("data_capture", "ground_truth")
        }
        checks = {key.name for key in layer.asset_graph.asset_check_keys}
        assert checks == {name for _, name, _ in CHECKS}


def test_a_restatement_leaves_out_what_reads_captures(installation: Installation) -> None:
    daily, again = (
        installation.definitions.resolve_job_def(f"churn_1_{name}").asset_layer
        for name in ("daily", "restatement")
    )
    raw_predictions = dg.AssetKey(["churn-1", "raw_predictions"])
    assert daily.selected_asset_keys - again.selected_asset_keys == {raw_predictions}
    checks = {key.asset_key for key in again.asset_graph.asset_check_keys}
    assert raw_predictions not in checks
    assert len(checks) == len({asset for asset, *_ in CHECKS}) - 1


def test_heavy_assets_share_a_pool_and_those_of_quicksight_another(graph: dg.AssetGraph) -> None:
    pools = {
        key.to_user_string().rpartition("/")[2]: graph.get(key).assets_def.op.pool
        for key in graph.materializable_asset_keys
    }
    pooled = {name: pool for name, pool in pools.items() if pool}
    shown = dict.fromkeys(("quicksight_dataset", "quicksight_dashboard"), QUICKSIGHT)
    heavy = dict.fromkeys(("raw_predictions", "confusion_counts"), HEAVY)
    assert pooled == heavy | {name: pool for name, pool in shown.items() if name in pools}


def test_no_asset_has_a_policy_that_would_run_a_cancelled_step_again(graph: dg.AssetGraph) -> None:
    policies = {
        graph.get(key).assets_def.op.retry_policy for key in graph.materializable_asset_keys
    }
    assert policies == {None}


def test_an_endpoint_with_money_values_has_their_tables_too(tmp_path: Path) -> None:
    text = (
        TWO_ENDPOINTS
        + """\
    business:
      {currency: EUR, true_positive: 9, false_positive: -1, false_negative: -5, true_negative: 0}
"""
    )
    with dg.DagsterInstance.ephemeral() as instance:
        graph = install(tmp_path, text, instance).definitions.resolve_asset_graph()
    money = {dg.AssetKey(["churn-10", name]) for name in ("business_value", "threshold_choice")}
    assert {key for key in graph.get_all_asset_keys() if key.path[-1] not in LINEAGE} == money
    assert money < graph.get(dg.AssetKey(["churn-10", "dashboard_page"])).parent_keys
    for key in money:
        table = DECISION_TABLES[key.path[-1]]
        shown = graph.get(key).metadata["dagster/column_schema"].columns
        assert [column.name for column in shown] == [column.name for column in table.columns]


def test_the_aws_deployment_names_what_it_lacks(tmp_path: Path) -> None:
    text = TWO_ENDPOINTS.replace("./lake", "s3://bucket/lake").replace("./", "s3://bucket/")
    with (
        dg.DagsterInstance.ephemeral() as instance,
        pytest.raises(SettingsError, match=r"has no `runner`, which `deployment: aws` needs"),
    ):
        install(tmp_path, f"deployment: aws\naws: {{region: eu-central-1}}\n{text}", instance)


def test_on_aws_quicksight_takes_the_place_of_the_page(tmp_path: Path) -> None:
    text = TWO_ENDPOINTS.replace("./lake", "s3://bucket/lake").replace("./", "s3://bucket/")
    on_aws = "deployment: aws\naws: {region: eu-central-1}\nspark: {runner: local}\n"
    with dg.DagsterInstance.ephemeral() as instance:
        graph = install(tmp_path, f"{on_aws}{text}", instance).definitions.resolve_asset_graph()
    names = {key.path[-1] for key in graph.materializable_asset_keys}
    assert names >= {"quicksight_dataset", "quicksight_dashboard"}
    assert "dashboard_page" not in names


def test_a_missing_settings_file_is_named_when_definitions_load(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ML_INSIGHTS_SETTINGS", raising=False)
    with pytest.raises(SettingsError) as caught:
        ml_insights.definitions.defs()
    message = str(caught.value)
    assert f"There is no settings file ml_insights.yaml (working directory: {tmp_path})" in message
    assert "ML_INSIGHTS_SETTINGS" in message


def test_workspace_names_a_module_that_can_be_imported() -> None:
    workspace = yaml.safe_load((REPOSITORY / "workspace.yaml").read_text())
    (location,) = workspace["load_from"]
    module = importlib.import_module(location["python_module"]["module_name"])
    assert module is ml_insights.definitions


def test_pyproject_does_not_override_the_workspace() -> None:
    """A `[tool.dagster]` block would silently win over workspace.yaml."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())
    assert "dagster" not in project["tool"]


@pytest.mark.integration
def test_dagster_loads_the_workspace_with_the_example_settings(tmp_path: Path) -> None:
    program = Path(sys.executable).with_name("dagster")
    done = subprocess.run(
        [str(program), "definitions", "validate", "-w", "workspace.yaml"],
        capture_output=True,
        text=True,
        cwd=REPOSITORY,
        env={
            **os.environ,
            "ML_INSIGHTS_SETTINGS": str(REPOSITORY / "ml_insights.example.yaml"),
            "DAGSTER_HOME": str(tmp_path),
        },
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "All code locations passed validation" in done.stdout + done.stderr
