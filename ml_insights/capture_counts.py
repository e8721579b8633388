"""What a manifest of raw_predictions counted, added up over units: the facts about a captured day.

What belongs here: reading the manifest's numbers. What does not: the manifest itself, which the
Spark job writes (`spark.raw_predictions`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from ml_insights.contracts import REASONS, REJECTED_LINE, REJECTED_PREDICTION
from ml_insights.errors import BadInputError

_KINDS = (REJECTED_LINE, REJECTED_PREDICTION)


@dataclass(frozen=True)
class CaptureCounts:
    """Counts of a captured day.

    Attributes:
        files: captured objects.
        bytes: their size.
        hours: hours of the day, 0 to 23, that have objects.
        newest: ISO 8601 time of the newest object that has a line; "" when none has.
        hours_of_variants: the same by variant, as far as the manifest says.
        variants: counts by variant: `lines_read`, `records_accepted`, `predictions_in_records`,
            `raw_predictions`.
        without_amount: rows of raw_predictions without a usable amount, by reason.
        reasons: rejected records by variant, kind (`rejected_line`, `rejected_prediction`) and
            reason.
        skipped: objects and folders of the day that are not read, by kind: `misplaced` beside the
            folders that are read, `hidden` by their names; each with `count` and `examples`.
    """

    files: int
    bytes: int
    hours: tuple[int, ...]
    newest: str
    variants: dict[str, Counter[str]]
    reasons: dict[str, dict[str, Counter[str]]]
    hours_of_variants: dict[str, tuple[int, ...]] = field(default_factory=dict)
    without_amount: Counter[str] = field(default_factory=Counter)
    skipped: dict[str, dict[str, Any]] = field(default_factory=dict)

    @classmethod
    def from_manifest(cls, manifest: dict[str, Any]) -> CaptureCounts:
        """Add up the units of a manifest."""
        units = manifest["units"]
        variants: dict[str, Counter[str]] = {}
        reasons: dict[str, dict[str, Counter[str]]] = {}
        without_amount: Counter[str] = Counter()
        hours: dict[str, set[int]] = {}
        for unit in units:
            for variant, counts in unit["variants"].items():
                hours.setdefault(variant, set()).update(map(int, counts.get("hours", ())))
                numbers = {name: n for name, n in counts.items() if isinstance(n, int)}
                variants.setdefault(variant, Counter()).update(numbers)
                without_amount.update(counts.get("without_amount", {}))
                for kind in _KINDS:
                    by_kind = reasons.setdefault(variant, {kind: Counter() for kind in _KINDS})
                    by_kind[kind].update(counts[kind])
        return cls(
            files=sum(unit["files"] for unit in units),
            bytes=sum(unit["bytes"] for unit in units),
            hours=tuple(sorted({int(hour) for unit in units for hour in unit["hours"]})),
            # A unit of objects without a line has no time.
            newest=max(unit["newest"] or "" for unit in units),
            hours_of_variants={
                variant: tuple(sorted(own)) for variant, own in hours.items() if own
            },
            variants=variants,
            reasons=reasons,
            without_amount=without_amount,
            skipped=manifest.get("skipped", {}),
        )

    def total(self, name: str) -> int:
        """A count over all variants."""
        return sum(counts[name] for counts in self.variants.values())

    @property
    def rejected(self) -> Counter[str]:
        """Rejected lines and predictions by reason, over all variants; most frequent first."""
        total: Counter[str] = Counter()
        for kinds in self.reasons.values():
            for kind in _KINDS:
                total.update(kinds[kind])
        return Counter(dict(total.most_common()))

    @property
    def rejected_share(self) -> float:
        """Larger of the rejected share of lines and the rejected share of predictions."""
        return self._rejected_share(self.variants)

    @property
    def rejected_shares(self) -> dict[str, float]:
        """The same by variant."""
        return {variant: self._rejected_share([variant]) for variant in self.variants}

    def _rejected_share(self, variants: Collection[str]) -> float:
        shares = []
        for kind, of in zip(_KINDS, ("lines_read", "predictions_in_records"), strict=True):
            rejected = sum(self.reasons[variant][kind].total() for variant in variants)
            shares.append(
                rejected / max(sum(self.variants[variant][of] for variant in variants), 1)
            )
        return max(shares)

    @property
    def without_predictions(self) -> list[str]:
        """Variants that captured something and have no usable prediction, ascending."""
        return sorted(
            variant for variant, counts in self.variants.items() if not counts["raw_predictions"]
        )

    def refuse_above(self, limit: float) -> None:
        """Refuse a day of which too much is unusable.

        Args:
            limit: largest share of rejected lines, and of rejected predictions.

        Raises:
            BadInputError: the share is larger; the message has the counted reasons.
        """
        if self.rejected_share > limit:
            reasons = ", ".join(f"{REASONS[name]}: {n}" for name, n in self.rejected.items())
            raise BadInputError(
                f"{self.rejected_share:.2%} of the day's records are rejected, more than "
                f"max_rejected_share = {limit:.2%} allows ({reasons}). Look at samples of them in "
                "the table quarantine of the day; mend the settings or the capture, or raise the "
                "limit."
            )

    def observation(self) -> dict[str, Any]:
        """Files, bytes, hours present, newest object and what is not read, for an observation."""
        return {
            "files": self.files,
            "bytes": self.bytes,
            "hours": len(self.hours),
            "newest": self.newest,
            "skipped": self.skipped,
        }
