"""Modules import downwards only, say what they are for, and read nothing when imported."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

import ml_insights

PACKAGE = Path(ml_insights.__file__).parent

LAYERS: tuple[tuple[str, ...], ...] = (
    ("", "errors", "columns"),
    ("contracts", "capture_files", "cluster_archive", "java", "metrics.thresholds", "variants"),
    ("metrics", "spark", "aws"),
    ("settings", "storage", "capture_counts", "result_tables", "dashboard"),
    ("lake", "aws.quicksight"),
    ("balance", "demo", "partitions"),
    ("day_counts",),
    ("decisions",),
    ("scope", "sizing"),
    ("curve_query", "aws_deployment"),
    ("curve_words",),
    ("runners", "jobs", "quicksight_view"),
    ("resources", "schedules", "daily_runs"),
    ("assets",),
    ("checks",),
    ("definitions",),
    ("many_days", "complete_days", "command_options"),
    ("run_commands", "reading_commands", "cluster_commands", "publication_commands"),
    ("demo_command",),
    ("cli",),
)
"""Modules and packages below `ml_insights`, bottom first; the package's own module is ""."""

ALLOWED = {
    "": set(),
    "errors": set(),
    "columns": {"pyarrow"},
    "contracts": {"ml_insights.columns"},
    "metrics.thresholds": set(),
    "metrics": {"numpy", "ml_insights.errors", "ml_insights.contracts", "ml_insights.metrics"},
    "aws": {
        *("boto3", "botocore", "ml_insights.errors", "ml_insights.aws"),
        *("ml_insights.columns", "ml_insights.contracts", "ml_insights.dashboard"),
    },
    "spark": {
        "pyspark",
        "py4j",
        "ml_insights.contracts",
        "ml_insights.errors",
        "ml_insights.metrics.thresholds",
        "ml_insights.spark",
    },
    "spark.arguments": set(),
    "spark.decimal_number": set(),
    "spark.json_path": {"ml_insights.errors"},
    "spark.label_texts": {"ml_insights.spark.decimal_number"},
    "spark.meaning": {"ml_insights.spark.arguments"},
    "spark.packing": set(),
}
"""What modules that stay pure, or travel to a cluster, import beyond the standard library."""

WITHOUT_DAGSTER_AND_SPARK = (
    "aws_deployment",
    "balance",
    "capture_counts",
    "capture_files",
    "cluster_archive",
    "curve_query",
    "curve_words",
    "dashboard",
    "decisions",
    "demo",
    "java",
    "lake",
    "quicksight_view",
    "result_tables",
    "scope",
    "settings",
    "sizing",
)
PLAIN_SPARK_MODULES = (
    "ml_insights.spark.arguments",
    "ml_insights.spark.decimal_number",
    "ml_insights.spark.json_path",
    "ml_insights.spark.label_texts",
    "ml_insights.spark.meaning",
    "ml_insights.spark.packing",
)
"""Of `spark`, but without Spark, so that the modules above may use them."""

VAGUE = {"util", "utils", "helper", "helpers", "manager", "managers", "common", "misc"}
READING = {
    *("environ", "getenv", "now", "today", "cwd", "home"),
    *("open", "read_text", "read_bytes", "urlopen", "client"),
}
"""Names of what reads the environment, the clock, a file or the network."""


@cache
def modules() -> list[str]:
    """Names of all modules, without `ml_insights.`."""
    paths = (path.relative_to(PACKAGE).with_suffix("") for path in PACKAGE.rglob("*.py"))
    return sorted(".".join(path.parts).removesuffix("__init__").rstrip(".") for path in paths)


@cache
def tree(module: str) -> ast.Module:
    path = PACKAGE.joinpath(*module.split("."))
    path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    return ast.parse(path.read_text(encoding="utf-8"))


def imports(module: str) -> set[str]:
    """Full names of everything a module imports, in functions and for type checkers too."""
    found = set()
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{module} imports relatively"
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            submodules = {name for name in names if name.removeprefix("ml_insights.") in modules()}
            found |= submodules or {str(node.module)}
    return found


def beyond_standard_library(module: str) -> set[str]:
    return {name for name in imports(module) if name.split(".")[0] not in sys.stdlib_module_names}


def own_imports(module: str) -> set[str]:
    """Modules of this package that a module imports, as `modules` names them."""
    own = {name for name in imports(module) if belongs(name, "ml_insights")}
    return {name.removeprefix("ml_insights").removeprefix(".") for name in own}


def belongs(name: str, to: str) -> bool:
    return name == to or name.startswith(f"{to}.")


def layer(module: str) -> int:
    """Position in `LAYERS` of the longest entry that a module belongs to."""
    entries = [
        (len(entry), position)
        for position, names in enumerate(LAYERS)
        for entry in names
        if belongs(module, entry)
    ]
    assert entries, f"{module} is in no layer: give it one"
    return max(entries)[1]


def offences(found_in: Callable[[str], set[str]], part: str = "") -> dict[str, set[str]]:
    """What a rule finds, for each module of a part; by default in all modules."""
    inside = [name for name in modules() if not part or belongs(name, part)]
    assert inside
    return {module: found for module in inside if (found := found_in(module))}


def test_modules_import_only_from_lower_layers_or_their_own_package() -> None:
    def upwards(module: str) -> set[str]:
        package = module.split(".", maxsplit=1)[0]
        others = {name for name in own_imports(module) if name.split(".")[0] != package}
        return {name for name in others if layer(name) >= layer(module)}

    assert offences(upwards) == {}


@pytest.mark.parametrize("part", ALLOWED)
def test_pure_and_travelling_modules_import_only_what_they_may(part: str) -> None:
    def forbidden(module: str) -> set[str]:
        if not part and module:
            return set()
        legal = ALLOWED[part]
        found = beyond_standard_library(module) - {"ml_insights"}  # which imports nothing
        return {name for name in found if not any(belongs(name, to) for to in legal)}

    assert offences(forbidden, part) == {}


@pytest.mark.parametrize("part", WITHOUT_DAGSTER_AND_SPARK)
def test_tables_settings_and_pages_know_neither_dagster_nor_spark(part: str) -> None:
    def heavy(module: str) -> set[str]:
        return {
            name
            for name in beyond_standard_library(module)
            if name.startswith(("dagster", "pyspark", "py4j", "boto"))
            or (belongs(name, "ml_insights.spark") and name not in PLAIN_SPARK_MODULES)
        }

    assert offences(heavy, part) == {}


def test_every_module_opens_with_a_charter() -> None:
    def lack(module: str) -> set[str]:
        first = (ast.get_docstring(tree(module)) or "").split("\n")[0]
        return set() if first.endswith((".", ":")) else {first}

    assert offences(lack) == {}


def test_every_module_is_named_after_what_it_is() -> None:
    assert offences(lambda module: VAGUE & set(module.split("."))) == {}


def test_nothing_is_read_when_a_module_is_imported() -> None:
    def read(module: str) -> set[str]:
        nodes = _evaluated_at_import(tree(module))
        return {getattr(node, "attr", getattr(node, "id", "")) for node in nodes} & READING

    assert offences(read) == {}


def _evaluated_at_import(node: ast.AST) -> Iterator[ast.AST]:
    """All nodes but those in the bodies of functions."""
    yield node
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        children: list[ast.AST] = [*node.args.defaults, *filter(None, node.args.kw_defaults)]
        children += getattr(node, "decorator_list", [])
    else:
        children = list(ast.iter_child_nodes(node))
    for child in children:
        yield from _evaluated_at_import(child)
