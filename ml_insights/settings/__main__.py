"""`python -m ml_insights.settings` writes the tables of docs/settings.md."""

import sys

from ml_insights.settings.model import Settings
from ml_insights.settings.reference import markdown, reference

sys.stdout.write(markdown(reference(Settings)))
