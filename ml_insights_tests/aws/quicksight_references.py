"""What QuickSight checks of a dashboard's definition beyond its shape: everything that refers.

What belongs here: references between definition, data sets, parameters, filters, fields, layout,
and the limits of points. What does not: shapes (`shapes`), keeping dashboards
(`quicksight_dashboards`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import Any

Json = dict[str, Any]
Columns = Mapping[str, str]
"""Name of a column -> INTEGER, DECIMAL, DATETIME or STRING."""

NUMBERS = ("INTEGER", "DECIMAL")
FUNCTIONS = frozenset(
    {"dateDiff", "maxOver", "minOver", "ifelse", "sum", "max", "min", "contains", "coalesce"}
)
LEVELS = frozenset({"PRE_FILTER", "PRE_AGG", "NULL"})
_FIELD_KINDS = {
    "NumericalDimensionField": NUMBERS,
    "NumericalMeasureField": NUMBERS,
    "CategoricalDimensionField": ("STRING",),
    "CategoricalMeasureField": ("STRING",),
    "DateDimensionField": ("DATETIME",),
    "DateMeasureField": ("DATETIME",),
    "NumericEqualityFilter": NUMBERS,
    "NumericRangeFilter": NUMBERS,
    "CategoryFilter": ("STRING",),
}
_PARAMETER_KINDS = {
    "NumericEqualityFilter": ("Integer", "Decimal"),
    "NumericRangeFilter": ("Integer", "Decimal"),
    "CategoryFilter": ("String",),
    "Slider": ("Integer", "Decimal"),
    "TextField": ("Integer", "Decimal", "String"),
    "Dropdown": ("Integer", "Decimal", "String"),
}
_GRID = 36


def offences(definition: Json, data_sets: Mapping[str, Columns]) -> list[str]:
    """Everything that is wrong with a definition.

    Args:
        definition: of the right shape.
        data_sets: columns of each data set that exists, by its ARN.
    """
    return [*_Check(definition, data_sets).run()]


class _Check:
    def __init__(self, definition: Json, data_sets: Mapping[str, Columns]) -> None:
        self.definition = definition
        self.columns: dict[str, dict[str, str]] = {}
        self.unknown_sets = []
        for one in definition["DataSetIdentifierDeclarations"]:
            known = data_sets.get(one["DataSetArn"])
            if known is None:
                self.unknown_sets.append(one["DataSetArn"])
            self.columns[one["Identifier"]] = dict(known or {})
        self.calculated = definition.get("CalculatedFields", [])
        for field in self.calculated:
            text = '"' in re.sub(r'"DD"', "", field["Expression"])
            self.columns.get(field["DataSetIdentifier"], {})[field["Name"]] = (
                "STRING" if text else "INTEGER"
            )
        self.parameters = {
            next(iter(one.values()))["Name"]: next(iter(one)).removesuffix("ParameterDeclaration")
            for one in definition.get("ParameterDeclarations", [])
        }
        self.sheets = definition.get("Sheets", [])
        self.visuals = {
            _content(visual)["VisualId"]: visual
            for sheet in self.sheets
            for visual in sheet["Visuals"]
        }

    def run(self) -> Iterator[str]:
        yield from (f"DATA_SET_NOT_FOUND: {arn}" for arn in self.unknown_sets)
        yield from self._expressions()
        yield from self._walk(self.definition, ())
        yield from self._unique()
        for sheet in self.sheets:
            yield from self._layout(sheet)
            for visual in sheet["Visuals"]:
                yield from self._visual(visual)
        yield from self._filters()

    def _expressions(self) -> Iterator[str]:
        for field in self.calculated:
            name, text = field["Name"], field["Expression"]
            known = self.columns.get(field["DataSetIdentifier"])
            if known is None:
                yield f"{name}: data set {field['DataSetIdentifier']} is not declared"
                continue
            for parameter in re.findall(r"\$\{(\w+)\}", text):
                if parameter not in self.parameters:
                    yield f"PARAMETER_NOT_FOUND: {name} uses {parameter}"
            plain = re.sub(r"\$\{\w+\}", "1", text)
            for column in re.findall(r"\{([^}]+)\}", plain):
                if column not in known:
                    yield f"COLUMN_NOT_FOUND: {name} uses {column}"
            if plain.count("(") != plain.count(")") or plain.count("[") != plain.count("]"):
                yield f"{name}: brackets do not match"
            words = re.sub(r'"[^"]*"|\{[^}]+\}', "", plain)
            for word in re.findall(r"[A-Za-z_]+", words):
                if word not in FUNCTIONS | LEVELS:
                    yield f"{name}: unknown word {word}"

    def _walk(self, node: Any, path: tuple[str, ...]) -> Iterator[str]:
        """Every reference to a column or parameter, wherever it stands."""
        if isinstance(node, list):
            for item in node:
                yield from self._walk(item, path)
        if not isinstance(node, dict):
            return
        if "ColumnName" in node:
            yield from self._column(node, path)
        for key in ("ParameterName", "SourceParameterName", "Parameter"):
            if isinstance(node.get(key), str):
                yield from self._parameter(node[key], path)
        for key, value in node.items():
            yield from self._walk(value, (*path, key))

    def _column(self, node: Json, path: tuple[str, ...]) -> Iterator[str]:
        kind = self.columns.get(node.get("DataSetIdentifier", ""), {}).get(node["ColumnName"])
        if kind is None:
            yield f"COLUMN_NOT_FOUND: {node} at {'.'.join(path)}"
            return
        for step in path:
            if kind not in _FIELD_KINDS.get(step, (kind,)):
                yield f"COLUMN_TYPE_MISMATCH: {node['ColumnName']} is {kind} at {'.'.join(path)}"

    def _parameter(self, name: str, path: tuple[str, ...]) -> Iterator[str]:
        kind = self.parameters.get(name)
        if kind is None:
            yield f"PARAMETER_NOT_FOUND: {name} at {'.'.join(path)}"
            return
        for step in path:
            if kind not in _PARAMETER_KINDS.get(step, (kind,)):
                yield f"PARAMETER_TYPE_INVALID: {name} is {kind} at {'.'.join(path)}"

    def _unique(self) -> Iterator[str]:
        ids: list[tuple[str, str]] = [("sheet", sheet["SheetId"]) for sheet in self.sheets]
        ids += [
            ("data set", name["Identifier"])
            for name in self.definition["DataSetIdentifierDeclarations"]
        ]
        for sheet in self.sheets:
            ids += [("element", element) for element in _elements_of(sheet)]
        for group in self.definition.get("FilterGroups", []):
            ids.append(("filter group", group["FilterGroupId"]))
            ids += [("filter", _content(one)["FilterId"]) for one in group["Filters"]]
        ids += [("field", f"{one['DataSetIdentifier']}.{one['Name']}") for one in self.calculated]
        yield from (
            f"{what} {name} is there {n} times" for (what, name), n in Counter(ids).items() if n > 1
        )

    def _layout(self, sheet: Json) -> Iterator[str]:
        placed: list[str] = []
        for key in ("Layouts", "SheetControlLayouts"):
            for layout in sheet.get(key, []):
                boxes = layout["Configuration"]["GridLayout"]["Elements"]
                placed += [box["ElementId"] for box in boxes]
                for box in boxes:
                    if box["ColumnIndex"] + box["ColumnSpan"] > _GRID:
                        yield f"{box['ElementId']} stands out of the grid"
                for one, other in combinations(boxes, 2):
                    if _overlap(one, other):
                        yield f"{one['ElementId']} and {other['ElementId']} overlap"
        if sorted(placed) != sorted(_elements_of(sheet)):
            yield f"layout of {sheet['SheetId']} and its elements differ"

    def _visual(self, visual: Json) -> Iterator[str]:
        (kind,), content = visual, _content(visual)
        chart = content["ChartConfiguration"]
        fields = [*_values(chart["FieldWells"], "FieldId")]
        name = content["VisualId"]
        if len(fields) != len(set(fields)):
            yield f"{name}: a field id is there twice"
        rest = {key: value for key, value in chart.items() if key != "FieldWells"}
        for field in _values(rest, "FieldId"):
            if field not in fields:
                yield f"{name}: no field {field}"
        if len({*_values(content, "DataSetIdentifier")}) != 1:
            yield f"{name} does not draw from one data set"
        yield from _limits(kind, name, chart)

    def _filters(self) -> Iterator[str]:
        for group in self.definition.get("FilterGroups", []):
            name = group["FilterGroupId"]
            sets = {*_values(group["Filters"], "DataSetIdentifier")}
            if len(sets) != 1 and group["CrossDataset"] == "SINGLE_DATASET":
                yield f"filter group {name} spans {sorted(sets)}"
            scopes = group["ScopeConfiguration"]["SelectedSheets"]
            for scope in scopes["SheetVisualScopingConfigurations"]:
                inside = {sheet["SheetId"]: sheet for sheet in self.sheets}.get(scope["SheetId"])
                own = [_content(one)["VisualId"] for one in inside["Visuals"]] if inside else []
                for visual in scope.get("VisualIds", []):
                    if visual not in own:
                        yield f"filter group {name}: no visual {visual} on {scope['SheetId']}"
                    elif sets != {*_values(self.visuals[visual], "DataSetIdentifier")}:
                        yield f"filter group {name} filters {visual}, which draws from another set"


def _limits(kind: str, name: str, chart: Json) -> Iterator[str]:
    """Items limits: explicit, and within what QuickSight draws."""
    sort = chart.get("SortConfiguration", {})
    limits = {
        "LineChartVisual": {
            "CategoryItemsLimitConfiguration": 200,
            "ColorItemsLimitConfiguration": 25,
        },
        "BarChartVisual": {"CategoryItemsLimit": 200, "ColorItemsLimit": 25},
        "ScatterPlotVisual": {"ScatterPlotLimitConfiguration": 2500},
    }.get(kind, {})
    coloured = any(True for _ in _values(chart["FieldWells"], "Colors"))
    for key, most in limits.items():
        if key.startswith("Color") and not coloured:
            continue
        if sort.get(key, {}).get("ItemsLimit", most + 1) > most:
            yield f"{name}: {key} is not at most {most}"


def _elements_of(sheet: Json) -> list[str]:
    controls = [_content(one)["ParameterControlId"] for one in sheet.get("ParameterControls", [])]
    texts = [box["SheetTextBoxId"] for box in sheet.get("TextBoxes", [])]
    return [_content(one)["VisualId"] for one in sheet["Visuals"]] + controls + texts


def _overlap(one: Json, other: Json) -> bool:
    def apart(start: str, span: str) -> bool:
        return bool(
            one[start] + one[span] <= other[start] or other[start] + other[span] <= one[start]
        )

    return not (apart("ColumnIndex", "ColumnSpan") or apart("RowIndex", "RowSpan"))


def _values(node: Any, key: str) -> Iterator[Any]:
    if isinstance(node, list):
        for item in node:
            yield from _values(item, key)
    elif isinstance(node, dict):
        for name, value in node.items():
            if name == key:
                yield value
            else:
                yield from _values(value, key)


def _content(one: Json) -> Json:
    (content,) = one.values()
    assert isinstance(content, dict)
    return content
