"""A history to look at: seeded capture and label files whose true curves are known exactly.

What belongs here: what the demo endpoint is and everything its files hold. `truth` is the curve in
closed form, `scenario` the story (variants, days, regions), `traffic` the predictions, `faults` the
lines that must be rejected, `labels` the ground truth, `ledger` the account of all of it, and
`history` writes the folder. What does not belong here: the form of SageMaker's files
(`ml_insights.capture_files`) and running the product on them (`ml_insights.cli`).
"""

from ml_insights.demo.history import Demo, write_demo
from ml_insights.demo.ledger import CaptureCounts, DemoLedger, LabelCounts
from ml_insights.demo.scenario import Scenario
from ml_insights.demo.truth import TrueCurve

__all__ = [
    "CaptureCounts",
    "Demo",
    "DemoLedger",
    "LabelCounts",
    "Scenario",
    "TrueCurve",
    "write_demo",
]
