"""Logs of the steps of EMR on EC2: what they say, where they are, when they appear.

What belongs here: the logs of one step. What does not: how steps move (`emr_life`), writing an
object (`job_logs`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ml_insights_tests.aws.emr_cluster import Step
from ml_insights_tests.aws.job_logs import write_log

if TYPE_CHECKING:
    from ml_insights_tests.aws.emr import Emr


def see_to_logs(emr: Emr, step: Step) -> None:
    """Decide when the logs of a step that has just ended appear."""
    if emr.effect("missing_log"):
        return
    fault = emr.effect("late_log")
    step.log_polls = fault.detail.get("polls", 3) if fault else 0
    write_due_logs(emr, step)


def write_due_logs(emr: Emr, step: Step) -> None:
    """Write the logs of a step if their time has come; a poll has passed."""
    if step.log_polls is None or not step.log_uri:
        return
    if step.log_polls > 0:
        step.log_polls -= 1
        return
    step.log_polls = None
    suffix = ".txt.gz" if emr.effect("log_named_txt") else ".gz"
    for path, content in _logs(step, step.log_uri).items():
        write_log(emr.account, emr.region, f"{path}{suffix}", content)
    if step.job:
        step.job.remove()


def finished_with_failure(step: Step) -> str:
    """What the client says when the driver has failed in cluster mode."""
    exception = "org.apache.spark.SparkException"
    return f"{exception}: Application {step.application_id} finished with failed status"


def _logs(step: Step, folder: str) -> dict[str, bytes]:
    """Contents by location: in cluster mode the driver's output is its container's."""
    words = " ".join(step.request["HadoopJarStep"].get("Args", []))
    controller = {f"{folder}controller": f"INFO startExec {words}\n".encode()}
    if step.job is None:
        return {**controller, f"{folder}stdout": b"", f"{folder}stderr": step.errors}
    output, errors = step.job.output("stdout"), step.job.output("stderr")
    if not step.job.in_container:
        return {**controller, f"{folder}stdout": output, f"{folder}stderr": errors}
    number = step.application_id.removeprefix("application_")
    container = f"{step.application_id}/container_{number}_01_000001/"
    inside = f"{folder.partition('/steps/')[0]}/containers/{container}"
    driver = {f"{inside}stdout": output, f"{inside}stderr": errors}
    return {**controller, **driver, f"{folder}stdout": b"", f"{folder}stderr": _client_says(step)}


def _client_says(step: Step) -> bytes:
    lines = [
        f"INFO Client: Submitted application {step.application_id}",
        f"INFO Client: Application report for {step.application_id} (state: FINISHED)",
    ]
    if step.state != "COMPLETED":
        lines.append(f'Exception in thread "main" {finished_with_failure(step)}')
    return ("\n".join(lines) + "\n").encode()
