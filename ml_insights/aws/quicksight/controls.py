"""Parameters that readers set, their controls, and the filters that obey them.

What belongs here: everything that decides which rows a visual shows. What does not: visuals.

Rows are selected by whole numbers and names only, never by equality of fractions: the threshold a
reader sets becomes the grid index of the nearest drawn threshold at or above it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ml_insights.aws.quicksight.fields import Json, Source

if TYPE_CHECKING:
    from ml_insights.aws.quicksight.shown_tables import DataSet

DAYS_BACK = "DaysBack"
THRESHOLD = "Threshold"
VARIANT = "Variant"
CLASS = "Class"
SLICE = "Slice"

AGE = "days_before_newest"
CHOSEN = "chosen_threshold"
COMPARED_DAY = "compared_day"
DAY_NAMES = ("chosen day", "day before", "a week before")

VALUE_NOTE, REGRET_NOTE, KEPT_NOTE = "value_note", "regret_note", "kept_note"
_NOTES = {
    VALUE_NOTE: "few_records_behind_value",
    REGRET_NOTE: "few_records_behind_regret",
    KEPT_NOTE: "few_records_behind_kept",
}
"""Column of words -> the reason that it is about."""
_CODES = 'coalesce({undefined_reason}, "")'
FEW_RECORDS = "few records decide: the interval may be too narrow"
RECALL_NOTE = "recall_note"
NOT_IDENTIFIABLE = "not identifiable: some scores have no label"
LABEL_NOTE = "label_note"
PROVISIONAL = "provisional: labels are missing"

_NEWEST = "maxOver({dt}, [], PRE_FILTER)"
_CURVE = "[{dt}, {variant}, {class_label}, {slice}]"


@dataclass(frozen=True)
class Choices:
    """What readers can choose from, and what is chosen at first.

    Attributes:
        variants: names, the incumbent first.
        classes: names.
        threshold: the operating threshold.
        days: days the dashboard covers.
        first_slice: the slice shown at first.
    """

    variants: Sequence[str]
    classes: Sequence[str]
    threshold: float
    days: int
    first_slice: str


def source_of(data_set: DataSet, min_positives: int) -> Source:
    """A data set with the calculated fields that filters need, and marks that stand beside values.

    Args:
        data_set: the columns.
        min_positives: fewer are marked.
    """
    names = {column.name for column in data_set.columns}
    calculated = {AGE: f'dateDiff({{dt}}, {_NEWEST}, "DD")'}
    if data_set.drawn_rows_only and {"threshold", "threshold_index"} <= names:
        above = f"ifelse({{threshold}} >= ${{{THRESHOLD}}}, {{threshold_index}}, NULL)"
        nearest = f"minOver({above}, {_CURVE}, PRE_AGG)"
        calculated[CHOSEN] = f"ifelse({{threshold_index}} = {nearest}, 1, 0)"
        age, back = f'dateDiff({{dt}}, {_NEWEST}, "DD")', f"${{{DAYS_BACK}}}"
        chosen, before, week = (f'"{name}"' for name in DAY_NAMES)
        calculated[COMPARED_DAY] = (
            f"ifelse({age} = {back}, {chosen}, {age} = {back} + 1, {before}, "
            f'{age} = {back} + 7, {week}, "other")'
        )
    if {"undefined_reason", "regret_effective_records"} <= names:
        calculated |= {
            note: f'ifelse(contains({_CODES}, "{reason}"), "{FEW_RECORDS}", "")'
            for note, reason in _NOTES.items()
        }
    if {"undefined_reason", "operating_recall"} <= names:
        calculated[RECALL_NOTE] = (
            f'ifelse(contains({_CODES}, "recall_not_identifiable"), "{NOT_IDENTIFIABLE}", "")'
        )
    if "provisional" in names:
        few = f'ifelse({{positives}} < {min_positives}, "fewer than {min_positives} positives", "")'
        other = few if "positives" in names else '""'
        calculated[LABEL_NOTE] = f'ifelse({{provisional}} = 1, "{PROVISIONAL}", {other})'
    texts = {COMPARED_DAY, LABEL_NOTE, RECALL_NOTE, *_NOTES} & calculated.keys()
    return Source(data_set, calculated, frozenset(texts))


def parameters(choices: Choices) -> list[Json]:
    """Declarations of all parameters."""
    return [
        _parameter("Integer", DAYS_BACK, 0),
        _parameter("Decimal", THRESHOLD, choices.threshold),
        _parameter("String", VARIANT, choices.variants[0]),
        _parameter("String", CLASS, choices.classes[0]),
        _parameter("String", SLICE, choices.first_slice),
    ]


def control(name: str, sheet: str, choices: Choices, slices: Source) -> list[Json]:
    """Controls of a parameter on a sheet; a choice of one needs none."""
    base = {"ParameterControlId": f"{sheet}-{name}", "SourceParameterName": name}
    if name == DAYS_BACK:
        span = {"MinimumValue": 0.0, "MaximumValue": float(choices.days - 1), "StepSize": 1.0}
        return [{"Slider": {**base, "Title": "Days before the newest", **span}}]
    if name == THRESHOLD:
        span = {"MinimumValue": 0.0, "MaximumValue": 1.0, "StepSize": 0.001}
        exact = {**base, "ParameterControlId": f"{sheet}-{name}-exact"}
        return [
            {"Slider": {**base, "Title": "Threshold", **span}},
            # A slider is too coarse where scores are near 0 or 1.
            {"TextField": {**exact, "Title": "Threshold, exactly"}},
        ]
    if name == CLASS and len(choices.classes) == 1:
        return []
    column = {VARIANT: "variant", CLASS: "class_label", SLICE: "slice"}[name]
    values = {"LinkToDataSetColumn": slices.column(column)}
    return [
        {"Dropdown": {**base, "Title": name, "Type": "SINGLE_SELECT", "SelectableValues": values}}
    ]


def equals_parameter(
    group: str, source: Source, column: str, parameter: str, scope: dict[str, list[str]]
) -> Json:
    """Only rows whose column has the parameter's value."""
    if source.kind(column) == "text":
        chosen = {
            "CategoryFilter": {
                "FilterId": group,
                "Column": source.column(column),
                "Configuration": {
                    "CustomFilterConfiguration": {
                        "MatchOperator": "EQUALS",
                        "ParameterName": parameter,
                        "NullOption": "NON_NULLS_ONLY",
                    }
                },
            }
        }
    else:
        chosen = {
            "NumericEqualityFilter": {
                "FilterId": group,
                "Column": source.column(column),
                "MatchOperator": "EQUALS",
                "ParameterName": parameter,
                "NullOption": "NON_NULLS_ONLY",
            }
        }
    return _group(group, [chosen], scope)


def equals(
    group: str, source: Source, column: str, value: int, scope: dict[str, list[str]]
) -> Json:
    """Only rows whose column of whole numbers has a value."""
    chosen = {
        "NumericEqualityFilter": {
            "FilterId": group,
            "Column": source.column(column),
            "Value": float(value),
            "MatchOperator": "EQUALS",
            "NullOption": "NON_NULLS_ONLY",
        }
    }
    return _group(group, [chosen], scope)


def is_one_of(
    group: str, source: Source, column: str, values: Sequence[str], scope: dict[str, list[str]]
) -> Json:
    """Only rows whose text is one of the values."""
    chosen = {
        "CategoryFilter": {
            "FilterId": group,
            "Column": source.column(column),
            "Configuration": {
                "FilterListConfiguration": {
                    "MatchOperator": "CONTAINS",
                    "CategoryValues": list(values),
                    "NullOption": "NON_NULLS_ONLY",
                }
            },
        }
    }
    return _group(group, [chosen], scope)


def at_least_parameter(
    group: str, source: Source, column: str, parameter: str, scope: dict[str, list[str]]
) -> Json:
    """Only rows whose number is not below the parameter."""
    return _range(group, source, column, {"RangeMinimum": {"Parameter": parameter}}, scope)


def at_most(
    group: str, source: Source, column: str, value: int, scope: dict[str, list[str]]
) -> Json:
    """Only rows whose number is not above a value."""
    return _range(group, source, column, {"RangeMaximum": {"StaticValue": float(value)}}, scope)


def defined(group: str, source: Source, column: str, scope: dict[str, list[str]]) -> Json:
    """Only rows whose number is not NULL."""
    return _range(group, source, column, {"RangeMinimum": {"StaticValue": 0.0}}, scope)


def _range(
    group: str, source: Source, column: str, ends: Json, scope: dict[str, list[str]]
) -> Json:
    chosen = {
        "NumericRangeFilter": {
            "FilterId": group,
            "Column": source.column(column),
            **ends,
            "IncludeMinimum": True,
            "IncludeMaximum": True,
            "NullOption": "NON_NULLS_ONLY",
        }
    }
    return _group(group, [chosen], scope)


def _group(group: str, filters: list[Json], scope: dict[str, list[str]]) -> Json:
    """A filter group on chosen visuals: sheet -> visuals."""
    selected = [
        {"SheetId": sheet, "Scope": "SELECTED_VISUALS", "VisualIds": visuals}
        for sheet, visuals in scope.items()
    ]
    return {
        "FilterGroupId": group,
        "Filters": filters,
        "ScopeConfiguration": {"SelectedSheets": {"SheetVisualScopingConfigurations": selected}},
        "Status": "ENABLED",
        "CrossDataset": "SINGLE_DATASET",
    }


def _parameter(kind: str, name: str, value: str | float) -> Json:
    declared = {
        "Name": name,
        "ParameterValueType": "SINGLE_VALUED",
        "DefaultValues": {"StaticValues": [value]},
    }
    return {f"{kind}ParameterDeclaration": declared}
