"""`ml-insights curve`: any window, variants and slices, from published counts, quickly."""

from __future__ import annotations

import functools
import io
import operator
import re
import shutil
import subprocess
import sys
import time
from datetime import timedelta
from itertools import product
from pathlib import Path

import pytest
from click.testing import CliRunner
from pyarrow import csv

from ml_insights.cli import main
from ml_insights.curve_query import CurveAnswer, curve_answer
from ml_insights.errors import ContractError, MissingInputError
from ml_insights.lake import Lake
from ml_insights.metrics.areas import average_precision
from ml_insights.scope import EndpointScope
from ml_insights.settings import load_settings
from ml_insights_tests.decisions.published import (
    CHALLENGER,
    CHAMPION,
    ENDPOINT,
    FIRST_DAY,
    GRID,
    drawn,
    high_scores_labelled,
    many_days,
    publish,
)

SETTINGS = f"""\
lake: ./lake
endpoints:
  {ENDPOINT}:
    data_capture: ./capture
    ground_truth: ./labels
    start_date: {FIRST_DAY}
    score: {{content_type: text/csv, index: 0}}
    positive_label: "1"
    operating_threshold: 0.5
"""


@pytest.fixture
def scope(tmp_path: Path) -> EndpointScope:
    path = tmp_path / "ml_insights.yaml"
    path.write_text(SETTINGS, encoding="utf-8")
    settings = load_settings(path, environ={})
    return EndpointScope(ENDPOINT, settings.endpoints[ENDPOINT], settings)


def test_a_window_is_answered_from_the_sum_of_its_days(
    scope: EndpointScope, tmp_path: Path
) -> None:
    lake, history = many_days(tmp_path / "lake", 4)
    last = FIRST_DAY + timedelta(days=2)
    answer = curve_answer(scope, lake, FIRST_DAY, last, slices=["all"], variants=["champion"])
    whole = sum((history[d][CHAMPION] for d in answer.days[1:]), history[FIRST_DAY][CHAMPION])
    assert list(answer.quality) == [CHAMPION]
    assert answer.quality[CHAMPION]["average_precision"] == average_precision(whole).value
    assert answer.points["threshold_index"].to_pylist() == whole.threshold_index.tolist()
    assert whole.grid == GRID


def test_a_curve_that_is_not_there_names_those_that_are(
    scope: EndpointScope, tmp_path: Path
) -> None:
    lake, _ = many_days(tmp_path / "lake", 1)
    with pytest.raises(MissingInputError, match=r"there are slices all, region=EU of variants ch"):
        curve_answer(scope, lake, FIRST_DAY, FIRST_DAY, slices=["region=XX"])


def test_variants_and_slices_by_one_feature_add_up(scope: EndpointScope, tmp_path: Path) -> None:
    lake = Lake(str(tmp_path / "lake"))
    parts = {
        CHAMPION._replace(variant=variant, slice=f"region={region}"): drawn(seed, 500)
        for seed, (variant, region) in enumerate(product(("a", "b"), ("EU", "US")))
    }
    publish(lake, {FIRST_DAY: {**parts, CHAMPION: drawn(9, 500)}})
    regions = ["region=EU", "region=US"]
    answer = curve_answer(scope, lake, FIRST_DAY, FIRST_DAY, slices=regions, together=True)
    whole = functools.reduce(operator.add, parts.values())
    ((curve, quality),) = answer.quality.items()
    assert (curve.variant, curve.slice) == ("a + b", "region=EU + region=US")
    assert quality["average_precision"] == average_precision(whole).value
    assert quality["positives"] == whole.positives.sum()


@pytest.mark.parametrize("slices", [["all", "region=EU"], ["region=EU", "region=EU & device=app"]])
def test_slices_that_may_share_records_do_not_add_up(
    scope: EndpointScope, tmp_path: Path, slices: list[str]
) -> None:
    lake = Lake(str(tmp_path / "lake"))
    publish(lake, {FIRST_DAY: {CHAMPION._replace(slice=s): drawn(1, 100) for s in slices}})
    with pytest.raises(ContractError, match=r"may share records, which would count twice"):
        curve_answer(scope, lake, FIRST_DAY, FIRST_DAY, slices=slices, together=True)


def test_variants_that_score_the_same_events_do_not_add_up(
    scope: EndpointScope, tmp_path: Path
) -> None:
    lake, _ = many_days(tmp_path / "lake", 1)
    shared = scope.endpoint.model_copy(update={"shared_events": True})
    both = EndpointScope(ENDPOINT, shared, scope.settings)
    with pytest.raises(ContractError, match="one event would count several times"):
        curve_answer(both, lake, FIRST_DAY, FIRST_DAY, slices=["all"], together=True)


@pytest.mark.simulation
def test_ninety_days_take_less_than_five_seconds(scope: EndpointScope, tmp_path: Path) -> None:
    """Of the processor; `benchmarks.curve_window` measures days of many slices."""
    lake, _ = many_days(tmp_path / "lake", 90)
    began = time.process_time()
    last = FIRST_DAY + timedelta(days=89)
    answer = curve_answer(scope, lake, FIRST_DAY, last, slices=["all", "region=EU"])
    assert len(answer.quality) == 4
    assert time.process_time() - began < 5
    assert len(answer.days) == 90


@pytest.mark.usefixtures("scope")
def test_the_command_starts_without_what_it_has_no_use_for(tmp_path: Path) -> None:
    many_days(tmp_path / "lake", 1)
    command = ["curve", "--settings", str(tmp_path / "ml_insights.yaml"), "--from", str(FIRST_DAY)]
    program = (
        "import sys; from ml_insights.cli import main\n"
        f"main({command!r}, standalone_mode=False)\n"
        "print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=120
    )
    loaded = set(run.stdout.splitlines()[-1].split())
    assert "pyarrow" in loaded
    assert not loaded & {"boto3", "dagster", "jinja2", "pandas", "pyspark", "scipy", "sklearn"}


ENDS = ("low", "high")


def answered(folder: Path) -> CurveAnswer:
    """What the command answers for the first day."""
    settings = load_settings(folder / "ml_insights.yaml", environ={})
    scope = EndpointScope(ENDPOINT, settings.endpoints[ENDPOINT], settings)
    lake = Lake(str(folder / "lake"))
    return curve_answer(scope, lake, FIRST_DAY, FIRST_DAY, slices=["all"])


def column_of(table: str, number: int) -> str:
    """The cells of a column of a printed table, below each other."""
    rows = [re.split("[│┃]", line) for line in table.splitlines() if line.startswith(("│", "┃"))]
    return "\n".join(row[1 + number].strip() for row in rows)


@pytest.mark.usefixtures("scope")
def test_curves_of_several_classes_are_told_apart(tmp_path: Path) -> None:
    classes = {CHAMPION._replace(class_label=label): drawn(1, 100) for label in ("cat", "dog")}
    publish(Lake(str(tmp_path / "lake")), {FIRST_DAY: classes})
    command = ["curve", "--settings", str(tmp_path / "ml_insights.yaml"), "--from", str(FIRST_DAY)]
    shown = CliRunner().invoke(main, command, env={"COLUMNS": "160"})
    for number, label in enumerate(("cat", "dog"), start=1):
        assert column_of(shown.output, number).startswith(f"champion\nclass {label}\nall\n")


@pytest.mark.usefixtures("scope")
@pytest.mark.parametrize("form", [[], ["--csv"]])
def test_recall_that_nobody_can_know_does_not_stand_unmarked(
    tmp_path: Path, form: list[str]
) -> None:
    curves = {CHAMPION: high_scores_labelled(drawn(1)), CHALLENGER: drawn(2)}
    publish(Lake(str(tmp_path / "lake")), {FIRST_DAY: curves})
    assert answered(tmp_path).recall_unknown == [CHAMPION]
    command = ["curve", "--settings", str(tmp_path / "ml_insights.yaml"), "--from", str(FIRST_DAY)]
    shown = CliRunner().invoke(main, [*command, *form], env={"COLUMNS": "160"})
    assert "recall of champion/1/all is not identifiable: some scores have no label" in shown.stderr
    if not form:
        challenger, champion = (column_of(shown.stdout, number) for number in (1, 2))
        assert "wilson\nnot identifiable" in champion
        assert "recall_not_identifiable" in champion
        assert "identifiable" not in challenger


@pytest.mark.usefixtures("scope")
def test_the_command_prints_headline_numbers_or_every_threshold(tmp_path: Path) -> None:
    many_days(tmp_path / "lake", 2)
    command = ["curve", "--settings", str(tmp_path / "ml_insights.yaml"), "--from", str(FIRST_DAY)]
    shown = CliRunner().invoke(main, command, env={"COLUMNS": "160"})
    assert shown.exit_code == 0, shown.output
    assert "2026-10-01 to 2026-10-01: 1 published days" in shown.output
    row = next(iter(answered(tmp_path).quality.values()))
    for name in ("average_precision", "roc_auc"):
        said = (row[f"{name}_method"], *(f"{row[f'{name}_limit_{end}']:.4f}" for end in ENDS))
        assert "{}\nwithin {} to {}".format(*said) in column_of(shown.output, 1)
    assert "bootstrap replicates" in shown.output
    assert "wilson" in shown.output
    assert "jaccard" in shown.output
    assert f"\nat most {row['best_f1_limit_high']:.4f}" in column_of(shown.output, 1)
    assert "precision at the operating threshold" in shown.output
    rows = CliRunner().invoke(main, [*command, "--csv", "--variant", "champion"])
    table = csv.read_csv(io.BytesIO(rows.output.encode()))
    assert set(table["variant"].to_pylist()) == {"champion"}
    assert {"threshold", "precision", "recall", "recall_low"} <= set(table.column_names)


@pytest.mark.usefixtures("scope")
@pytest.mark.parametrize("form", [[], ["--csv"]])
def test_days_that_are_left_out_are_named_beside_the_answer(
    tmp_path: Path, form: list[str]
) -> None:
    lake, (first, second, last) = many_days(tmp_path / "lake", 3)
    shutil.rmtree(lake.partition(ENDPOINT, "record_balance", second))
    window = ["--from", str(first), "--to", str(last), *form]
    command = ["curve", "--settings", str(tmp_path / "ml_insights.yaml"), *window]
    shown = CliRunner().invoke(main, command)
    assert shown.exit_code == 0, shown.output
    said = f"left out, for their records are not all accounted for: {second}\n"
    assert shown.stderr == said
    assert str(second) not in shown.stdout


@pytest.mark.usefixtures("scope")
def test_a_window_without_days_is_a_message(tmp_path: Path) -> None:
    command = ["curve", "--settings", str(tmp_path / "ml_insights.yaml"), "--from", "2030-01-01"]
    shown = CliRunner().invoke(main, command)
    assert shown.exit_code == 1
    assert "closes; published are: none" in shown.output
