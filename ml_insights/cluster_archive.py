"""The archive that a Spark cluster gets: our Spark modules and the few they import, nothing else.

What belongs here: which modules travel, and their reproducible zip, named by its content. What does
not: uploading it (`ml_insights.aws.s3`), running it (`ml_insights.spark.job`).
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from dataclasses import dataclass
from pathlib import Path

TRAVELLING = (
    *("__init__.py", "errors.py", "columns.py", "contracts.py"),
    *("metrics/__init__.py", "metrics/thresholds.py"),
    "spark/*.py",
    "spark/java/*.java",
)
"""Below this package; a test imports them where there is nothing but Python and PySpark."""

_PACKAGE = Path(__file__).parent
_PROGRAM = "spark/job.py"
_EPOCH = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class ClusterArchive:
    """What spark-submit needs.

    Attributes:
        digest: SHA-256 of the archive, its first 16 hexadecimal digits.
        archive: the zip for `--py-files`.
        program: the file that spark-submit starts; it is also in the archive.
    """

    digest: str
    archive: bytes
    program: bytes

    @property
    def archive_name(self) -> str:
        """File name of the archive."""
        return f"ml_insights-{self.digest}.zip"

    @property
    def program_name(self) -> str:
        """File name of the program."""
        return f"ml_insights-{self.digest}.py"


def sources() -> list[Path]:
    """Files of the modules that travel, in order."""
    return sorted(path for pattern in TRAVELLING for path in _PACKAGE.glob(pattern))


def build_archive() -> ClusterArchive:
    """Zip the travelling modules; the same sources give the same bytes on every machine."""
    buffer = io.BytesIO()
    # Stored, not compressed: versions of zlib compress differently, and it is small.
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as zipped:
        for path in sources():
            entry = zipfile.ZipInfo(path.relative_to(_PACKAGE.parent).as_posix(), _EPOCH)
            entry.create_system, entry.external_attr = 3, 0o644 << 16
            zipped.writestr(entry, path.read_bytes())
    content = buffer.getvalue()
    digest = hashlib.sha256(content).hexdigest()[:16]
    return ClusterArchive(digest, content, (_PACKAGE / _PROGRAM).read_bytes())
