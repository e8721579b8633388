"""dashboard_page: the business team's picture of the endpoint, one self-contained HTML file."""

from datetime import date

import dagster as dg
import pyarrow as pa
import pyarrow.compute as pc

from ml_insights import __version__
from ml_insights.assets.declaration import endpoint_asset, failures
from ml_insights.columns import Table
from ml_insights.contracts import MODEL_QUALITY, PRECISION_RECALL, RECORD_BALANCE
from ml_insights.dashboard.decision_data import READ
from ml_insights.dashboard.held import Held, held_curves
from ml_insights.dashboard.page import render_page
from ml_insights.decisions.money_tables import BUSINESS_VALUE, THRESHOLD_CHOICE
from ml_insights.decisions.tables import DECISION_TABLES, INSIGHTS
from ml_insights.errors import MissingInputError
from ml_insights.lake import Lake
from ml_insights.resources import LakeResource
from ml_insights.scope import EndpointScope

DASHBOARD_PAGE = "dashboard_page"


def build_dashboard_page(scope: EndpointScope) -> dg.AssetsDefinition:
    """The asset dashboard_page of an endpoint."""

    @endpoint_asset(
        scope,
        DASHBOARD_PAGE,
        group="dashboards",
        kinds={"altair", "html"},
        description=(
            "One HTML file that opens without network: the precision-recall curve, its values "
            "at any threshold, trends, volumes and the record balance of the latest days."
        ),
        deps=[PRECISION_RECALL.name, MODEL_QUALITY.name, RECORD_BALANCE.name, *_decided(scope)],
    )
    def dashboard_page(
        context: dg.AssetExecutionContext, lake: LakeResource
    ) -> dg.MaterializeResult[None]:
        with failures():
            uri, days = publish_page(scope, lake.lake)
        context.log.info("page covers %d days", days)
        return dg.MaterializeResult(metadata={"dagster/uri": uri})

    return dashboard_page


def publish_page(scope: EndpointScope, lake: Lake) -> tuple[str, int]:
    """Write the page from the published days; returns its URI and how many days it covers.

    Raises:
        MissingInputError: no day is published.
        StorageError: the page could not be written; the former page is untouched.
    """
    days = lake.days(scope.name, MODEL_QUALITY)[-scope.settings.dashboard.days :]
    if not days:
        raise MissingInputError(
            f"no day of {scope.name} is published in {lake.root}. Run a day first, or name the "
            "lake that has them in the settings."
        )
    quality = lake.read_days(scope.name, MODEL_QUALITY, days)
    held = held_curves(quality)
    page = render_page(
        endpoint=scope.name,
        operating_threshold=scope.endpoint.operating_threshold,
        label_window_days=scope.endpoint.label_window_days,
        quality=quality,
        curves=_held(scope, lake, PRECISION_RECALL, held, pc.field("display_rank").is_valid()),
        balance=lake.read_days(scope.name, RECORD_BALANCE, days),
        generated_from={"lake": lake.root, "version": __version__},
        decisions={name: _decisions(scope, lake, name, days, held) for name in _decided(scope)},
    )
    return lake.write_text(scope.name, f"{DASHBOARD_PAGE}/index.html", page), len(days)


def _decided(scope: EndpointScope) -> list[str]:
    """Tables people decide from that the endpoint has, as the page shows them."""
    money = (BUSINESS_VALUE.name, THRESHOLD_CHOICE.name)
    return [name for name in READ if scope.endpoint.business or name not in money]


def _decisions(
    scope: EndpointScope, lake: Lake, name: str, days: list[date], held: Held
) -> pa.Table:
    """Rows of the days that are published; days computed by an older version have none."""
    table = DECISION_TABLES[name]
    if table is not INSIGHTS:
        return _held(scope, lake, table, held)
    published = set(lake.days(scope.name, table))
    return lake.read_days(scope.name, table, [day for day in days if day in published])


def _held(
    scope: EndpointScope, lake: Lake, table: Table, held: Held, also: pc.Expression | None = None
) -> pa.Table:
    """Rows of the slices that the page holds, day by day: others are never read."""
    published = set(lake.days(scope.name, table))
    rows = [lake.read_days(scope.name, table, [])]
    for day, slices in held.slices_by_day().items():
        if day in published:
            where = pc.field("slice").isin(slices)
            where = where if also is None else where & also
            rows.append(lake.read_days(scope.name, table, [day], where=where))
    return pa.concat_tables(rows)
