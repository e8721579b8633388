"""What all assets of an endpoint declare alike: key, group, owners, columns, retries, failures.

What belongs here: turning a table contract and an endpoint into Dagster's declarations, and the
one place where errors of this package become Dagster failures.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import dagster as dg

from ml_insights.errors import MlInsightsError
from ml_insights.partitions import daily_partitions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ml_insights.columns import Column, Table
    from ml_insights.lake import Published
    from ml_insights.scope import EndpointScope

RETRIES = dg.RetryPolicy(
    max_retries=2, delay=30, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.PLUS_MINUS
)
"""For errors that a retry can mend, which ask for it (`failures`). No asset has this as its policy:
with a policy, Dagster also runs a step again that somebody cancels."""

HEAVY = "ml_insights_spark"
"""Concurrency pool of the assets that run on Spark; its limit is set in the Dagster instance."""

QUICKSIGHT = "ml_insights_quicksight"
"""Likewise of the two QuickSight assets: two days at once would ingest one data set at once."""


def key(scope: EndpointScope, name: str) -> dg.AssetKey:
    """Asset key: the endpoint's name, then the table's."""
    return dg.AssetKey([scope.name, name])


def endpoint_asset(
    scope: EndpointScope,
    name: str,
    *,
    group: str,
    kinds: set[str],
    description: str,
    deps: Sequence[str],
    table: Table | None = None,
    pool: str | None = None,
) -> Callable[[Callable[..., Any]], dg.AssetsDefinition]:
    """Decorator: a daily partitioned asset of an endpoint, `dg.asset` with what all of them share.

    Args:
        scope: whose asset.
        name: asset, lake folder and table.
        group: `predictions`, `metrics`, `decisions` or `dashboards`.
        kinds: what it is made with, shown as chips.
        description: what a row is and what it is for.
        deps: names of upstream assets of the same endpoint.
        table: contract of the rows, shown as the column schema.
        pool: concurrency pool, for assets that take much of something.
    """
    return dg.asset(
        name=name,
        key_prefix=[scope.name],
        group_name=group,
        kinds=kinds,
        owners=list(scope.endpoint.owners),
        description=description,
        deps=[key(scope, upstream) for upstream in deps],
        partitions_def=daily_partitions(scope.endpoint),
        pool=pool,
        metadata={"dagster/column_schema": column_schema(table)} if table else {},
    )


def published_result(published: Published, **metadata: Any) -> dg.MaterializeResult[None]:
    """What every asset that writes one partition reports, and what it adds."""
    return dg.MaterializeResult(
        metadata={
            "dagster/uri": published.uri,
            "dagster/partition_row_count": published.rows,
            **metadata,
        }
    )


def column_schema(table: Table) -> dg.TableSchema:
    """Columns of a contract as the Dagster UI shows them, units included."""
    return dg.TableSchema(columns=[_table_column(column) for column in table.columns])


def _table_column(column: Column) -> dg.TableColumn:
    unit = f" Unit: {column.unit}." if column.unit else ""
    return dg.TableColumn(
        column.name,
        column.type,
        description=f"{column.description}{unit}",
        constraints=dg.TableColumnConstraints(nullable=column.nullable),
    )


@contextmanager
def failures() -> Iterator[None]:
    """Errors as Dagster failures; retried only if a retry can succeed.

    An error that is not this package's own is a defect: it fails at once, with its trace. An
    interrupt passes: the run is cancelled.
    """
    try:
        yield
    except MlInsightsError as error:
        if error.retryable:
            raise _retry() from _failure(error)
        raise _failure(error) from error
    except Exception as error:
        raise dg.Failure(
            description=f"unexpected {type(error).__name__}: {error}", allow_retries=False
        ) from error


def _failure(error: MlInsightsError) -> dg.Failure:
    failure = dg.Failure(
        description=str(error),
        metadata={
            "error": type(error).__name__,
            "retry can help": error.retryable,
            **{title: _shown(text) for title, text in error.details.items()},
        },
        allow_retries=error.retryable,
    )
    failure.__cause__ = error
    return failure


def _retry() -> dg.RetryRequested:
    """A further attempt at the step that runs now; Dagster fails it when there were enough."""
    attempts = dg.AssetExecutionContext.get().op_execution_context.retry_number
    return dg.RetryRequested(RETRIES.max_retries, RETRIES.calculate_delay(attempts + 1))


def _shown(text: str) -> dg.MetadataValue[Any]:
    """A detail of an error as the Dagster UI shows it best."""
    if text.startswith("https://"):
        return dg.MetadataValue.url(text)
    return dg.MetadataValue.md(f"```\n{text}\n```") if "\n" in text else dg.MetadataValue.text(text)
