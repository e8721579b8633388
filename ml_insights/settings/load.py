"""From file and environment to `Settings`, or to one error that lists every problem.

What belongs here: finding the file, the order of the steps, and the wording of what is wrong. What
does not: the steps themselves.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from ml_insights.errors import SettingsError
from ml_insights.settings.environment import with_overrides
from ml_insights.settings.file import locate, plain, problem_at, read_file
from ml_insights.settings.model import Settings
from ml_insights.settings.problems import Problem, explain
from ml_insights.settings.reference import Reference, reference

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails
    from yaml.nodes import Node

FILE_VARIABLE = "ML_INSIGHTS_SETTINGS"
DEFAULT_FILE = "ml_insights.yaml"


def load_settings(path: Path | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings file, lay the environment over it, and check everything.

    Args:
        path: the file; by default the one that `ML_INSIGHTS_SETTINGS` names, else
            `ml_insights.yaml` in the working directory. Relative folders in it start at its folder.
        environ: the environment; by default the one of this process, read now.

    Raises:
        SettingsError: the message lists every problem with file, line, key and legal values.
    """
    environ = os.environ if environ is None else environ
    path = path or Path(environ.get(FILE_VARIABLE) or DEFAULT_FILE)
    rows = reference(Settings)
    root, problems = read_file(path)
    root, unusable = with_overrides(root, environ, rows)
    problems += unusable
    cause: ValidationError | None = None
    try:
        settings = Settings.model_validate(plain(root), context={"folder": path.parent})
    except ValidationError as error:
        problems += [_problem(found, root, rows) for found in error.errors()]
        cause = error
    if problems:
        raise SettingsError(_listed(problems, path)) from cause
    return settings


def _problem(error: ErrorDetails, root: Node, rows: Reference) -> Problem:
    node, name = locate(root, error["loc"])
    text = explain(error, rows)
    return problem_at(node, f"{name}: {text}" if name else text)


def _listed(problems: Sequence[Problem], path: Path) -> str:
    """One line a problem: the file's by line, then the environment's."""
    ordered = sorted(problems, key=lambda problem: (problem.source != str(path), problem.line))
    number = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
    return "\n".join([f"{path}: {number} in the settings", *(f"- {item}" for item in ordered)])
