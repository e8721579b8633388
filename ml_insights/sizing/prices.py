"""The price table: read from YAML, checked, and applied to what a job used.

What belongs here: prices and costs. What does not: how much a job will need (`plan`).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ml_insights.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ml_insights.aws.spark_jobs import Usage

_PACKAGED = Path(__file__).parent / "prices.yaml"
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Instance(_Strict):
    """An EC2 instance type: size, and dollars an hour."""

    vcpus: Annotated[int, Field(gt=0)]
    memory_gib: Positive
    network_gbps: Positive
    on_demand: Positive
    emr: Annotated[float, Field(ge=0)]


class ServerlessPrices(_Strict):
    """EMR Serverless, in dollars."""

    vcpu_hour: Positive
    memory_gb_hour: Positive
    storage_gb_hour: Annotated[float, Field(ge=0)]


class S3Prices(_Strict):
    """Requests to S3 in dollars, and how many a second one prefix allows."""

    get_per_1000: Positive
    list_per_1000: Positive
    gets_per_second: Positive


class Prices(_Strict):
    """The whole table."""

    as_of: str
    region: str
    instances: dict[str, Instance]
    spot_share: Annotated[float, Field(gt=0, le=1)]
    serverless: ServerlessPrices
    s3: S3Prices

    def instance(self, kind: str) -> Instance:
        """Size and price of an instance type.

        Raises:
            SettingsError: the table does not have it.
        """
        if kind not in self.instances:
            known = ", ".join(sorted(self.instances))
            raise SettingsError(
                f"the price table has no {kind!r}; it has {known}. Copy ml_insights/sizing/"
                "prices.yaml, add the type, and name the copy in `emr.prices`."
            )
        return self.instances[kind]

    def hourly(self, kind: str, market: str) -> float:
        """Dollars an hour of an instance, EMR's part included; market `ON_DEMAND` or `SPOT`."""
        instance = self.instance(kind)
        share = self.spot_share if market == "SPOT" else 1.0
        return instance.on_demand * share + instance.emr


@dataclass(frozen=True)
class Cost:
    """What something costs.

    Attributes:
        dollars: in all.
        parts: dollars by what they are for.
        unpriced: instance types that the table does not have; their hours are not in `dollars`.
    """

    dollars: float
    parts: Mapping[str, float]
    unpriced: tuple[str, ...] = ()


def load_prices(path: str | Path | None = None) -> Prices:
    """Read a price table; by default the one that comes with the package.

    Raises:
        SettingsError: it is not there, not YAML, or has other keys or values than it should.
    """
    source = Path(path) if path else _PACKAGED
    try:
        document: Any = yaml.safe_load(source.read_text(encoding="utf-8"))
        return Prices.model_validate(document)
    except (OSError, yaml.YAMLError) as error:
        raise SettingsError(f"the price table {source} cannot be read: {error}") from error
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(map(str, found['loc']))}: {found['msg']}" for found in error.errors()
        )
        raise SettingsError(f"the price table {source} is not legal: {problems}") from error


def cost_of(usage: Usage, prices: Prices) -> Cost:
    """What a job's use costs by the table; storage beyond what is free is not counted for EC2."""
    parts: dict[str, float] = {}
    unpriced = []
    for (kind, market), hours in usage.instance_hours.items():
        if kind in prices.instances:
            parts[f"{kind} {market}"] = hours * prices.hourly(kind, market)
        else:
            unpriced.append(kind)
    table = prices.serverless
    serverless = {
        "vCPU": usage.vcpu_hours * table.vcpu_hour,
        "memory": usage.memory_gb_hours * table.memory_gb_hour,
        "storage": usage.storage_gb_hours * table.storage_gb_hour,
    }
    parts |= {name: dollars for name, dollars in serverless.items() if dollars}
    return Cost(sum(parts.values()), parts, tuple(sorted(set(unpriced))))
