"""Settings of an installation: endpoints, lake and deployment, from one file and the environment.

    from ml_insights.settings import load_settings

    settings = load_settings()

`section`, `forms`, `endpoint`, `compute`, `publication` and `model` are the models; `reference`
describes every setting; `file` and `environment` read what the user wrote, and `load` turns it into
`Settings` or into one error that lists every problem. What does not belong here: acting on settings
(`ml_insights.assets`, `ml_insights.resources`, `ml_insights.cli`). Nothing is read at import.
"""

from ml_insights.settings.compute import Emr, Spark
from ml_insights.settings.endpoint import Endpoint
from ml_insights.settings.forms import CrossedSlice, FeatureSlice, Form
from ml_insights.settings.load import load_settings
from ml_insights.settings.model import Aws, Dashboard, Settings, Units
from ml_insights.settings.publication import Athena, QuickSight

__all__ = [
    "Athena",
    "Aws",
    "CrossedSlice",
    "Dashboard",
    "Emr",
    "Endpoint",
    "FeatureSlice",
    "Form",
    "QuickSight",
    "Settings",
    "Spark",
    "Units",
    "load_settings",
]
