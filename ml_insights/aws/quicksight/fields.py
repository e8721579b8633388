"""References to columns of data sets, in the forms that visuals, filters and formats want.

What belongs here: fields and number formats. What does not: visuals. A field of an unknown column
is refused when it is made, not when QuickSight reports it minutes later.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from ml_insights.aws.quicksight.shown_tables import DataSet

Json = dict[str, Any]
Format = Literal["share", "plain", "count", "signed"]

NULL_TEXT = "not defined"
"""What a NULL is shown as: a ratio 0/0 is no number."""

_UNDEFINED = {"NullValueFormatConfiguration": {"NullString": NULL_TEXT}}


@dataclass(frozen=True)
class Source:
    """A data set of the dashboard, with the fields that are calculated on it.

    Attributes:
        data_set: the columns.
        calculated: expression of each calculated field; all are numbers or texts as named in
            `texts`.
        texts: names of the calculated fields that are text.
    """

    data_set: DataSet
    calculated: dict[str, str] = field(default_factory=dict)
    texts: frozenset[str] = frozenset()

    def column(self, name: str) -> Json:
        """Reference to a column or calculated field.

        Raises:
            ContractError: there is none of this name.
        """
        self.kind(name)
        return {"DataSetIdentifier": self.data_set.name, "ColumnName": name}

    def kind(self, name: str) -> str:
        """`date`, `number` or `text`."""
        if name in self.calculated:
            return "text" if name in self.texts else "number"
        return self.data_set.kind(name)

    def dimension(self, visual: str, name: str) -> Json:
        """A column that groups."""
        base = {"FieldId": f"{visual}.{name}", "Column": self.column(name)}
        kind = self.kind(name)
        if kind == "date":
            days = {"DateTimeFormat": "YYYY-MM-DD"}
            return {
                "DateDimensionField": {
                    **base,
                    "DateGranularity": "DAY",
                    "FormatConfiguration": days,
                }
            }
        member = "NumericalDimensionField" if kind == "number" else "CategoricalDimensionField"
        return {member: base}

    def measure(
        self, visual: str, name: str, shown_as: Format = "plain", aggregation: str = "AVERAGE"
    ) -> Json:
        """A number that is aggregated; over one row, which filters see to, AVERAGE is its value."""
        return {
            "NumericalMeasureField": {
                "FieldId": f"{visual}.{name}",
                "Column": self.column(name),
                "AggregationFunction": {"SimpleNumericalAggregation": aggregation},
                "FormatConfiguration": number_format(shown_as),
            }
        }

    def newest(self, visual: str, name: str) -> Json:
        """The latest of a column of dates."""
        return {
            "DateMeasureField": {
                "FieldId": f"{visual}.{name}",
                "Column": self.column(name),
                "AggregationFunction": "MAX",
                "FormatConfiguration": {"DateTimeFormat": "YYYY-MM-DD"},
            }
        }

    def unaggregated(self, visual: str, name: str, shown_as: Format | None = None) -> Json:
        """A column of a plain table."""
        formats: Json = {}
        if self.kind(name) == "number":
            formats = {"NumberFormatConfiguration": number_format(shown_as or "plain")}
        if self.kind(name) == "date":
            formats = {"DateTimeFormatConfiguration": {"DateTimeFormat": "YYYY-MM-DD"}}
        return {
            "FieldId": f"{visual}.{name}",
            "Column": self.column(name),
            **({"FormatConfiguration": formats} if formats else {}),
        }


def number_format(shown_as: Format) -> Json:
    """How a number is shown; shares of records are percentages, as on the HTML page."""
    if shown_as == "share":
        display: Json = {
            "PercentageDisplayFormatConfiguration": {
                "DecimalPlacesConfiguration": {"DecimalPlaces": 1},
                **_UNDEFINED,
            }
        }
    else:
        places = {"plain": 4, "count": 0, "signed": 4}[shown_as]
        thousands = {"Symbol": "COMMA", "Visibility": "VISIBLE"}
        display = {
            "NumberDisplayFormatConfiguration": {
                "SeparatorConfiguration": {
                    "DecimalSeparator": "DOT",
                    "ThousandsSeparator": thousands,
                },
                "DecimalPlacesConfiguration": {"DecimalPlaces": places},
                "NumberScale": "NONE",
                **_UNDEFINED,
            }
        }
    return {"FormatConfiguration": display}
