"""The assets of an endpoint, in the order in which data flows through them.

Each module is thin: read, call one pure function or one Spark job, write, report. What belongs
here: lineage, metadata and the mapping of errors to Dagster. What does not: mathematics
(`metrics`), Spark code (`spark`), files (`lake`).

| group | assets |
| --- | --- |
| predictions | data_capture and ground_truth (external), raw_predictions |
| metrics | confusion_counts, quarantine, record_balance, precision_recall, model_quality |
| | model_quality_7_days, model_quality_28_days |
| decisions | variant_comparison, business_value, threshold_choice |
| | calibration_curve, model_health, insights |
| dashboards | dashboard_page; on aws quicksight_dataset and quicksight_dashboard |
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ml_insights.assets.business_value import build_business_value
from ml_insights.assets.calibration_curve import build_calibration_curve
from ml_insights.assets.confusion_counts import build_confusion_counts
from ml_insights.assets.dashboard_page import build_dashboard_page
from ml_insights.assets.inputs import build_inputs
from ml_insights.assets.insights import build_insights
from ml_insights.assets.model_health import build_model_health
from ml_insights.assets.model_quality import build_model_quality
from ml_insights.assets.model_quality_windows import build_model_quality_window
from ml_insights.assets.precision_recall import build_precision_recall
from ml_insights.assets.quarantine import build_quarantine
from ml_insights.assets.quicksight_dashboard import build_quicksight_dashboard
from ml_insights.assets.quicksight_dataset import build_quicksight_dataset
from ml_insights.assets.raw_predictions import build_raw_predictions
from ml_insights.assets.record_balance import build_record_balance
from ml_insights.assets.threshold_choice import build_threshold_choice
from ml_insights.assets.variant_comparison import build_variant_comparison
from ml_insights.decisions.tables import WINDOWS

if TYPE_CHECKING:
    import dagster as dg

    from ml_insights.scope import EndpointScope


def endpoint_assets(scope: EndpointScope) -> list[dg.AssetsDefinition | dg.AssetSpec]:
    """All assets of one endpoint, top to bottom."""
    return [
        *build_inputs(scope),
        build_raw_predictions(scope),
        build_confusion_counts(scope),
        build_quarantine(scope),
        build_record_balance(scope),
        build_precision_recall(scope),
        build_model_quality(scope),
        *(build_model_quality_window(scope, days) for days in WINDOWS.values()),
        build_variant_comparison(scope),
        *_money(scope),
        build_calibration_curve(scope),
        build_model_health(scope),
        build_insights(scope),
        *_business_view(scope),
    ]


def _money(scope: EndpointScope) -> list[dg.AssetsDefinition]:
    """What needs money values: nothing without them."""
    if scope.endpoint.business is None:
        return []
    rules = scope.money_rules(scope.endpoint.business)
    return [build_business_value(scope, rules), build_threshold_choice(scope, rules)]


def _business_view(scope: EndpointScope) -> list[dg.AssetsDefinition]:
    """What the business team looks at: a page on the local deployment, QuickSight on aws."""
    if scope.settings.deployment == "local":
        return [build_dashboard_page(scope)]
    return [build_quicksight_dataset(scope), build_quicksight_dashboard(scope)]
