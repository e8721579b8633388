"""What a spark-submit command and EMR's configurations say.

What belongs here: taking them apart, and the settings that only EMR knows. What does not: running
anything (`spark_job`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

SWITCHES = {"--verbose", "-v", "--supervise"}
"""Options of spark-submit without a value."""
ON_YARN_ONLY = {"--master", "--deploy-mode", "--queue", "--num-executors", "--executor-cores"}
"""Options that a local master does not have; the deploy mode is played (see above)."""
OF_EMR_ONLY = {"magicv2": "magic"}
"""Values that only EMR's connector knows, by the nearest that Hadoop's has."""


class SubmissionError(Exception):
    """spark-submit would refuse such a command."""


@dataclass(frozen=True)
class Submission:
    """A spark-submit command, taken apart.

    Attributes:
        options: what is passed on, without what belongs to YARN.
        conf: all `--conf`.
        deploy_mode: client or cluster.
        application: the program.
        arguments: of the program.
    """

    options: tuple[str, ...]
    conf: Mapping[str, str]
    deploy_mode: str
    application: str
    arguments: tuple[str, ...]

    def option(self, name: str) -> str:
        """The last value of an option; empty without one."""
        places = [place for place, word in enumerate(self.options) if word == name]
        return self.options[places[-1] + 1] if places else ""


def parse_submission(words: Sequence[str]) -> Submission:
    """Take the words after `spark-submit` apart.

    Raises:
        SubmissionError: an option without its value, or no application.
    """
    options: list[str] = []
    conf: dict[str, str] = {}
    deploy_mode = ""
    rest = list(words)
    while rest and rest[0].startswith("-"):
        option, rest = rest[0], rest[1:]
        if "=" in option:
            option, value = option.split("=", 1)
            rest = [value, *rest]
        if option in SWITCHES:
            options.append(option)
            continue
        if not rest:
            raise SubmissionError(f"Missing argument for option '{option}'.")
        value, rest = rest[0], rest[1:]
        if option in {"--conf", "-c"}:
            name, _, setting = value.partition("=")
            conf[name] = OF_EMR_ONLY.get(setting, setting)
        elif option == "--deploy-mode":
            deploy_mode = value
        elif option not in ON_YARN_ONLY:
            options += [option, value]
    if not rest:
        raise SubmissionError("Missing application resource.")
    mode = deploy_mode or conf.pop("spark.submit.deployMode", "client")
    conf.pop("spark.master", None)
    return Submission(tuple(options), conf, mode, rest[0], tuple(rest[1:]))


def spark_properties(configurations: Sequence[Mapping[str, Any]], key: str) -> dict[str, str]:
    """Properties of the classification spark-defaults in a list of EMR configurations.

    Args:
        configurations: as the services take them.
        key: `Properties` on EMR, `properties` on EMR Serverless.
    """
    classification = "Classification" if key == "Properties" else "classification"
    found: dict[str, str] = {}
    for one in configurations:
        if one.get(classification) == "spark-defaults":
            found |= one.get(key, {})
    return found


def spark_environment(configurations: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Variables that the classification spark-env exports to drivers in client mode."""
    inner = (
        export
        for one in configurations
        if one.get("Classification") == "spark-env"
        for export in one.get("Configurations", [])
        if export.get("Classification") == "export"
    )
    return {name: value for export in inner for name, value in export["Properties"].items()}
