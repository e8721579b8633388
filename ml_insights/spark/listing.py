"""Folders of captured files: what they add up to, and the files of a stretch of their listing.

What belongs here: Python's side of `java/Listing.java`, which holds no more files than a stretch.
What does not: how stretches become units of work (`units`), which folders are listed (`units`,
`label_rows`, `skipped`), and reading files (`native_reader`).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ml_insights.spark.java_classes import native

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pyspark.sql import SparkSession


_EXAMPLES = 5


@dataclass(frozen=True)
class Bounds:
    """The most that is read together: number of files and bytes."""

    files: int
    bytes: int

    def hold(self, files: int, size: int) -> bool:
        """Whether so many files and bytes are within the bounds."""
        return files <= self.files and size <= self.bytes


@dataclass(frozen=True)
class Stretch:
    """Consecutive files of a folder in the order of their names.

    Attributes:
        after: name, below the folder, of the last file before; "" when there is none.
        through: name of the last file; "" is the end of the folder, wherever it may be.
        files: number of files when the folder was listed.
        bytes: their size.
    """

    after: str
    through: str
    files: int
    bytes: int


@dataclass(frozen=True)
class Skipped:
    """What a listing met that is not read.

    Attributes:
        count: number of names.
        examples: the first few of them in order.
    """

    count: int = 0
    examples: tuple[str, ...] = ()

    @classmethod
    def together(cls, parts: Iterable[tuple[str, Skipped]]) -> Skipped:
        """Add up what was skipped in several folders, each given as what its names start with."""
        found = list(parts)
        names = sorted(f"{below}{name}" for below, part in found for name in part.examples)
        return cls(sum(part.count for _, part in found), tuple(names[:_EXAMPLES]))


WHOLE = Stretch("", "", 0, 0)
"""All files that a folder has, however many."""


@dataclass(frozen=True)
class Folder:
    """What a folder holds, all levels.

    Attributes:
        stretches: all files that are not hidden, in stretches within the bounds; a file is never
            cut.
        newest: when the newest of these files was written, milliseconds since 1970.
        digest: of their names, sizes and times.
        hours: number of folders `00` to `23` in it that hold any.
        hidden: files that are not read for their names, as Spark's own sources do.
    """

    stretches: tuple[Stretch, ...]
    newest: int
    digest: str
    hours: int = 0
    hidden: Skipped = Skipped()

    @property
    def files(self) -> int:
        """Number of files."""
        return sum(stretch.files for stretch in self.stretches)

    @property
    def bytes(self) -> int:
        """Total size of the files."""
        return sum(stretch.bytes for stretch in self.stretches)

    @property
    def fingerprint(self) -> str:
        """What changes with any change of what is read of the folder."""
        return f"{self.files}:{self.bytes}:{self.newest}:{self.digest}"


class Listing:
    """Listings of folders through Hadoop's file systems, local or S3."""

    def __init__(self, spark: SparkSession) -> None:
        """Nothing is listed yet."""
        context: Any = spark.sparkContext
        self._configuration = context._jsc.hadoopConfiguration()  # noqa: SLF001
        self._listing = native(spark, "ml_insights.Listing")
        self._place, self._walk = ("", ""), None

    def folder(self, path: str, bounds: Bounds) -> Folder:
        """What a folder holds; one that is not there holds nothing. Threads may share this."""
        found = json.loads(self._opened(path).summary(bounds.files, bounds.bytes, _EXAMPLES))
        after, stretches = "", list[Stretch]()
        for through, files, size in found["stretches"]:
            stretches.append(Stretch(after, through, files, size))
            after = through
        return Folder(
            tuple(stretches),
            found["newest"],
            found["digest"],
            found["hours"],
            _skipped(found["hidden"]),
        )

    def beside(self, path: str, read: str) -> dict[str, Skipped]:
        """What lies directly in a folder beside the folders that are read.

        Args:
            path: the folder; one that is not there holds nothing. Threads may share this.
            read: regular expression of the names of the folders that are read.

        Returns:
            `misplaced` and, by their names, `hidden`; names of folders end with a slash.
        """
        found = json.loads(self._listing.beside(self._configuration, path, read, _EXAMPLES))
        return {kind: _skipped(skipped) for kind, skipped in found.items()}

    def files(self, path: str, stretch: Stretch = WHOLE) -> Any:
        """The files of a stretch to read: a list of Java, without empty and hidden ones.

        Who asks for the stretches of a folder one after the other lists it once.
        """
        if not stretch.after or self._place != (path, stretch.after):
            self._walk = self._opened(path)
        found = self._walk.stretch(stretch.after, stretch.through)  # type: ignore[attr-defined]
        self._place = (path, stretch.through)
        return found

    def _opened(self, path: str) -> Any:
        return self._listing.open(self._configuration, path)


def _skipped(found: dict[str, Any]) -> Skipped:
    return Skipped(found["count"], tuple(found["examples"]))
