"""Folders of captured files: what they add up to, and the files of a stretch of their listing.

What belongs here: Python's side of `java/Listing.java`, which holds no more files than a stretch.
What does not: how stretches become units of work (`units`), and reading files (`native_reader`).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ml_insights.spark.java_classes import native

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


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


WHOLE = Stretch("", "", 0, 0)
"""All files that a folder has, however many."""


@dataclass(frozen=True)
class Folder:
    """What a folder holds, all levels.

    Attributes:
        stretches: all files, in stretches within the bounds; a file is never cut.
        newest: when the newest file was written, milliseconds since 1970.
        digest: of names, sizes and times of all files.
    """

    stretches: tuple[Stretch, ...]
    newest: int
    digest: str

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
        """What changes with any change of the folder."""
        return f"{self.files}:{self.bytes}:{self.newest}:{self.digest}"


class Listing:
    """Listings of folders through Hadoop's file systems, local or S3."""

    def __init__(self, spark: SparkSession) -> None:
        """Nothing is listed yet."""
        context: Any = spark.sparkContext
        self._configuration = context._jsc.hadoopConfiguration()  # noqa: SLF001
        self._gateway: Any = context._gateway  # noqa: SLF001
        self._listing = native(spark, "ml_insights.Listing")
        self._place, self._walk = ("", ""), None

    def folder(self, path: str, bounds: Bounds) -> Folder:
        """What a folder holds; one that is not there holds nothing. Threads may share this."""
        found = json.loads(self._opened(path).summary(bounds.files, bounds.bytes))
        after, stretches = "", list[Stretch]()
        for through, files, size in found["stretches"]:
            stretches.append(Stretch(after, through, files, size))
            after = through
        return Folder(tuple(stretches), found["newest"], found["digest"])

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
