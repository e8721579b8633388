"""A prepared day that is run through Dagster, and what the checks found.

What belongs here: running it and reading verdicts. What does not: what they should be.
"""

from __future__ import annotations

from datetime import date

from ml_insights import checks
from ml_insights.daily_runs import run_day
from ml_insights.errors import MlInsightsError
from ml_insights_tests.installation import Installation
from ml_insights_tests.prepared_day import ENDPOINT

DAY, NEXT_DAY = date(2026, 10, 1), date(2026, 10, 2)
ALL = {"confusion_counts", "quarantine", "record_balance", "precision_recall", "model_quality"}
CheckResults = dict[str, tuple[bool, str]]


def run(installation: Installation) -> str:
    """Run the day through Dagster; returns what the user is told when it fails."""
    try:
        run_day(installation.definitions, installation.instance, ENDPOINT, DAY)
    except MlInsightsError as error:
        return str(error)
    return ""


def verdict(installation: Installation, name: str) -> checks.Verdict:
    """Judge what is published."""
    invariant = getattr(checks, name)
    found: checks.Verdict = invariant(installation.scope(ENDPOINT), installation.lake, DAY)
    return found


def results(installation: Installation) -> CheckResults:
    """What each check recorded in its last evaluation: passed, and its finding."""
    found = {}
    for check in installation.definitions.resolve_asset_graph().asset_check_keys:
        records = installation.instance.event_log_storage.get_asset_check_execution_history(
            check, limit=1
        )
        evaluation = records[0].evaluation if records else None
        if evaluation:
            found[check.name] = (evaluation.passed, evaluation.description or "")
    return found
