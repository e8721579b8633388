"""Fixtures that every test module may use."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from ml_insights_tests.aws.server import StandIn
    from ml_insights_tests.installation import Installation
    from ml_insights_tests.prepared_day import PreparedDay

# A busy machine must not fail a property for being slow.
settings.register_profile("no_deadline", deadline=None)
settings.register_profile("quick", deadline=None, max_examples=20)
settings.load_profile("no_deadline")


QUICK_JAVA = "-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=256m -XX:+UseParallelGC"
"""Java options for small days: quick compilation, with room for the code of many of them."""


_MARKS = {
    "spark": "spark",
    "aws_server": "aws",
    "installation": "integration",
    "prepared": "integration",
    "two_days": "integration",
    "page": "integration",
    "usual": "integration",
    "small_services": "aws",
    "written_demo": "simulation",
}
"""By fixture, what its tests are marked with."""


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Iterator[None]:
    """Mark tests by what they need, before any are chosen by their marks; sort what is left.

    The longest files go first, so that no process ends alone.
    """
    for item in items:
        for needed, mark in _MARKS.items():
            if needed in getattr(item, "fixturenames", ()):
                item.add_marker(mark)
    yield
    items.sort(key=_length)


def _length(item: pytest.Item) -> int:
    """Whole days on clusters, whole days, everything else; the order is otherwise as it was."""
    whole_days = item.get_closest_marker("end_to_end") is not None
    return 2 - whole_days - (whole_days and item.get_closest_marker("aws") is not None)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Real predictions, labels and capture records; each folder has its licence beside it."""
    return Path(__file__).parent / "data"


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> SparkSession:
    """The session that all Spark tests share, set up as the local runner does."""
    from ml_insights.runners import LocalSparkRunner

    work = tmp_path_factory.mktemp("spark")
    return LocalSparkRunner(
        driver_memory="1g",
        cores=2,
        java_options=QUICK_JAVA,
        work_folder=str(work),
    ).session()


@pytest.fixture(scope="session")
def aws_server() -> Iterator[StandIn]:
    """The stand-in for AWS, which `aws` empties after each test that uses it."""
    from ml_insights_tests.aws import SERVICES
    from ml_insights_tests.aws.server import StandIn

    with StandIn(SERVICES) as stand_in:
        yield stand_in


@pytest.fixture
def aws(aws_server: StandIn, monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    """An empty account of the stand-in.

    Answers that AWS cannot give fail the test, and so do faults that were injected and never met.

    The pauses of boto3 between attempts at a call, seconds each, take no time.
    """
    monkeypatch.setattr("botocore.endpoint.time", SimpleNamespace(sleep=lambda _: None))
    yield aws_server
    defects = list(aws_server.defects)
    faults = aws_server.account.faults.all()
    unmet = [fault for fault in faults if fault.times and not fault.hits]
    aws_server.forget()
    assert not defects, "\n".join(defects)
    assert not unmet


@pytest.fixture
def day() -> PreparedDay:
    """The prepared day of `installation`, for tests to change before they run it."""
    from ml_insights_tests.prepared_day import PreparedDay

    return PreparedDay()


@pytest.fixture
def installation(tmp_path: Path, day: PreparedDay) -> Iterator[Installation]:
    """An installation that computes the prepared day."""
    import dagster as dg

    from ml_insights_tests.installation import install
    from ml_insights_tests.prepared_day import SETTINGS, PreparedRunner

    with dg.DagsterInstance.ephemeral() as instance:
        runner = dg.ResourceDefinition.hardcoded_resource(PreparedRunner(day))
        yield install(tmp_path, SETTINGS, instance, spark=runner)


@pytest.fixture
def nothing_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out pictures and page, the slow part of a small day, where no test looks at them."""
    from ml_insights.assets import dashboard_page, precision_recall

    monkeypatch.setattr(dashboard_page, "render_page", lambda **_: "")
    monkeypatch.setattr(precision_recall, "curve_picture", lambda _: "")
