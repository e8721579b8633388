"""What `ml_insights.aws.quicksight` does: data source and sets, dashboards, readers."""

from __future__ import annotations

from ml_insights.aws.policies.statements import Places, Statement, passed_to


def quicksight(places: Places) -> list[Statement]:
    """What this installation makes in QuickSight, told by the prefix of its ids."""

    def own(kind: str) -> str:
        return places.arn("quicksight", f"{kind}/{places.prefix}-*")

    data_sets = _DATA_SETS | (_WINDOWS if places.source == "athena" else {})
    role = (places.quicksight_role,) if places.quicksight_role else ()
    return [
        Statement("Sources", _SOURCES, (own("datasource"),)),
        Statement("DataSets", data_sets, (own("dataset"),)),
        Statement("Ingestions", _INGESTIONS, (f"{own('dataset')}/ingestion/*",)),
        Statement("Dashboards", _DASHBOARDS, (own("dashboard"),)),
        Statement(
            "Readers",
            _READERS,
            (places.arn("quicksight", f"group/{places.namespace}/{places.prefix}-readers"),),
        ),
        Statement(
            "Embedding",
            {"quicksight:GenerateEmbedUrlForRegisteredUser": "`ml-insights embed-url`"},
            (places.arn("quicksight", f"user/{places.namespace}/*"), own("dashboard")),
        ),
        *(
            Statement(
                "PassQuickSightRole",
                {"iam:PassRole": "hands a data source the role with which QuickSight reads"},
                (one,),
                passed_to("quicksight.amazonaws.com"),
            )
            for one in role
        ),
    ]


_TAGS = {
    "quicksight:ListTagsForResource": "tells what this installation made from what others did",
    "quicksight:TagResource": "marks what this installation makes",
}
_SOURCES = {
    "quicksight:DescribeDataSource": "looks whether it is there, as wished, and ready",
    "quicksight:CreateDataSource": "makes it",
    "quicksight:UpdateDataSource": "brings it up to date",
    "quicksight:PassDataSource": "lets a data set read it",
    "quicksight:DescribeDataSourcePermissions": "finds surplus rights",
    "quicksight:UpdateDataSourcePermissions": "gives owners theirs, takes surplus away",
    **_TAGS,
}
_DATA_SETS = {
    "quicksight:DescribeDataSet": "looks whether it is there and as wished",
    "quicksight:CreateDataSet": "makes it",
    "quicksight:UpdateDataSet": "brings its columns up to date",
    "quicksight:PassDataSet": "lets the dashboard read it",
    "quicksight:DescribeDataSetPermissions": "finds surplus rights",
    "quicksight:UpdateDataSetPermissions": "gives owners theirs, takes surplus away",
    "quicksight:ListIngestions": "counts the ingestions of 24 hours before it starts another",
    **_TAGS,
}
_WINDOWS = {
    "quicksight:DescribeDataSetRefreshProperties": "looks at its look-back window",
    "quicksight:PutDataSetRefreshProperties": "sets the window",
}
_INGESTIONS = {
    "quicksight:CreateIngestion": "brings a day in",
    "quicksight:DescribeIngestion": "follows it to its end and reads the rows",
    "quicksight:CancelIngestion": "stops it at the deadline",
}
_DASHBOARDS = {
    "quicksight:DescribeDashboard": "looks at versions and their errors",
    "quicksight:ListDashboardVersions": "finds the latest version, which may have failed before",
    "quicksight:CreateDashboard": "makes it",
    "quicksight:UpdateDashboard": "makes a version",
    "quicksight:UpdateDashboardPublishedVersion": "shows a good version",
    "quicksight:DescribeDashboardPermissions": "finds surplus rights",
    "quicksight:UpdateDashboardPermissions": "lets readers read, takes surplus away",
    **_TAGS,
}
_READERS = {
    "quicksight:DescribeGroup": "looks whether the group of readers is there",
    "quicksight:CreateGroup": "makes it",
    "quicksight:ListGroupMemberships": "compares its members with the settings",
    "quicksight:CreateGroupMembership": "adds a reader",
    "quicksight:DeleteGroupMembership": "removes one",
}
