"""The dashboard of an endpoint as QuickSight's Definition: the same input gives the same bytes.

What belongs here: putting the sheets together. What does not: what they show (`sheets`), sending
it (`dashboard`). Nothing in it depends on a day, so that it changes only with its input.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ml_insights.aws.quicksight import decision_sheets, sheets
from ml_insights.aws.quicksight.controls import Choices, parameters, source_of
from ml_insights.aws.quicksight.fields import Json
from ml_insights.aws.quicksight.shown_tables import DataSet


@dataclass(frozen=True)
class Description:
    """What the dashboard of an endpoint depends on.

    Attributes:
        endpoint: name.
        choices: what readers can choose.
        min_label_coverage: below it a day is provisional.
        min_positives: fewer of a curve are marked.
    """

    endpoint: str
    choices: Choices
    min_label_coverage: float
    min_positives: int


def dashboard_definition(
    description: Description, data_sets: Mapping[str, DataSet], arns: Mapping[str, str]
) -> Json:
    """The definition of the dashboard.

    Args:
        description: endpoint, choices and limits.
        data_sets: by name; a sheet appears when its data sets are there.
        arns: ARN of each data set in QuickSight, by its name.

    Raises:
        ContractError: a visual shows a column that its table does not have.
    """
    least = description.min_positives
    sources = {name: source_of(data_set, least) for name, data_set in data_sets.items()}
    choices = description.choices
    wished = [
        sheets.today(sources, choices),
        sheets.trend(sources, choices),
        decision_sheets.comparisons(sources, choices),
        decision_sheets.value(sources, choices),
        sheets.data_quality(sources, choices, description.min_label_coverage),
    ]
    built = [one for one in wished if one is not None]
    return {
        "DataSetIdentifierDeclarations": [
            {"Identifier": name, "DataSetArn": arns[name]} for name in sources
        ],
        "Sheets": [one.sheet for one in built],
        "CalculatedFields": [
            {"DataSetIdentifier": name, "Name": field, "Expression": expression}
            for name, source in sources.items()
            for field, expression in source.calculated.items()
        ],
        "ParameterDeclarations": parameters(choices),
        "FilterGroups": [group for one in built for group in one.filters],
    }
