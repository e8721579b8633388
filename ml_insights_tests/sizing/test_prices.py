"""The price table is the user's, and costs are what it says."""

from __future__ import annotations

from pathlib import Path

import pytest

from ml_insights.aws.spark_jobs import Usage
from ml_insights.errors import SettingsError
from ml_insights.sizing import prices as module
from ml_insights.sizing.prices import cost_of, load_prices

PACKAGED = Path(module.__file__).parent / "prices.yaml"


def test_hours_of_instances_cost_what_the_table_says() -> None:
    usage = Usage({("r5.4xlarge", "ON_DEMAND"): 2.0, ("r5.4xlarge", "SPOT"): 10.0})
    cost = cost_of(usage, load_prices())
    assert cost.dollars == pytest.approx(2 * (1.008 + 0.252) + 10 * (0.4 * 1.008 + 0.252))
    assert set(cost.parts) == {"r5.4xlarge ON_DEMAND", "r5.4xlarge SPOT"}


def test_serverless_costs_by_vcpu_memory_and_storage_hours() -> None:
    cost = cost_of(Usage(vcpu_hours=10, memory_gb_hours=40, storage_gb_hours=100), load_prices())
    assert cost.dollars == pytest.approx(10 * 0.052624 + 40 * 0.0057785 + 100 * 0.000111)


def test_types_without_a_price_are_named_not_guessed() -> None:
    cost = cost_of(Usage({("x9.huge", "SPOT"): 5.0}), load_prices())
    assert (cost.dollars, cost.unpriced) == (0, ("x9.huge",))
    with pytest.raises(SettingsError, match=r"no 'x9.huge'; it has .*`emr.prices`"):
        load_prices().instance("x9.huge")


def test_a_table_of_ones_own_takes_the_place(tmp_path: Path) -> None:
    own = tmp_path / "prices.yaml"
    own.write_text(PACKAGED.read_text().replace("vcpu_hour: 0.052624", "vcpu_hour: 1"))
    assert cost_of(Usage(vcpu_hours=3), load_prices(own)).dollars == pytest.approx(3)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("spot_share: 0.4", "as_of: Field required"),
        ("{", "cannot be read"),
        (PACKAGED.read_text().replace("spot_share: 0.4", "spot_share: 4"), "spot_share: Input"),
        (PACKAGED.read_text() + "\nextra: 1\n", "extra: Extra inputs"),
    ],
)
def test_a_table_that_is_not_legal_is_refused(tmp_path: Path, text: str, problem: str) -> None:
    own = tmp_path / "prices.yaml"
    own.write_text(text)
    with pytest.raises(SettingsError, match=problem):
        load_prices(own)


def test_a_table_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        load_prices(tmp_path / "none.yaml")
