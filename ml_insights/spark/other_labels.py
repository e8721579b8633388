"""What labels say that the settings do not name: the first few texts, and how often each came.

What belongs here: how many texts are told apart, and adding up what readers and tasks counted. What
does not: which labels the settings name and what texts are counted as (`ground_truth`,
`java/LabelTexts.java`), judging them (`checks`).

Without a negative label every label that is not positive is a negative; then these texts tell
whether that was meant. Else such labels are illegal, and not used. Of many texts the first in their
order are kept, since their counts can be exact in little memory, however labels are divided.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pyspark.sql import functions as F

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pyspark.sql import DataFrame

MOST, LONGEST = 10, 100
"""Texts that are told apart, and characters of them that are kept."""
LONGEST_WHOLE = 1e15
"""From here on whole numbers have an exponent, too."""
BOUNDS = {"most": MOST, "longest": LONGEST}
"""What `java/LabelTexts.java` is told."""


@dataclass(frozen=True)
class OtherLabels:
    """How often each text came, at most `MOST` of them, and labels with any other."""

    texts: Mapping[str, int] = field(default_factory=dict)
    more: int = 0

    def __add__(self, others: OtherLabels) -> OtherLabels:
        texts = Counter(self.texts) + Counter(others.texts)
        kept = {text: texts[text] for text in sorted(texts)[:MOST]}
        cut = sum(texts.values()) - sum(kept.values())
        return OtherLabels(kept, self.more + others.more + cut)

    def noted(self) -> dict[str, Any]:
        """As the day's report has them."""
        return {"texts": dict(self.texts), "more": self.more}


NO_OTHERS = OtherLabels()


def others_told(reports: Iterable[str]) -> OtherLabels:
    """What tasks of the native way counted, each in a JSON document of `texts` and `more`."""
    return sum((OtherLabels(**json.loads(report)) for report in reports), NO_OTHERS)


def count_others(labels: DataFrame) -> OtherLabels:
    """What is in the column `others` of labels, in SQL."""
    texts = labels.select(F.explode("others").alias("text")).groupBy("text").count()
    kept = {row["text"]: row["count"] for row in texts.orderBy("text").limit(MOST).collect()}
    number = texts.agg(F.coalesce(F.sum("count"), F.lit(0))).collect()[0][0]
    return OtherLabels(kept, number - sum(kept.values()))
