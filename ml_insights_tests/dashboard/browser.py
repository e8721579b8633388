"""A page in a real browser without a window: scripts run, a test acts as a reader, the DOM answers.

What belongs here: finding a Chromium, running steps in it. What does not: what is expected of the
page. Chromium's own switches are enough (`--headless --dump-dom`), so no driver is needed.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
"""Names of the program, in the order in which they are looked for."""

SWITCHES = (
    # In a container there is no room for the sandbox and little shared memory.
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"),
    # Time runs as fast as the page computes, and ends long after it is done.
    *("--virtual-time-budget=60000", "--window-size=1400,1000", "--dump-dom"),
)
_DEADLINE_SECONDS = 120
REQUIRED = "ML_INSIGHTS_REQUIRE_CHROMIUM"
"""Environment variable that forbids tests to do without; `.ci/run` sets it."""

_FRAME = """
<script>
(async () => {
  const errors = [];
  addEventListener("error", (event) => errors.push(event.message));
  addEventListener("unhandledrejection", (event) => errors.push(String(event.reason)));
  const $ = (id) => document.getElementById(id);
  const wait = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
  // What a reader does: sets a control and lets the page follow.
  const act = async (control, change, event = "change") => {
    change(control);
    control.dispatchEvent(new Event(event, { bubbles: true }));
    await wait(200);
  };
  const press = async (control) => { control.click(); await wait(200); };
  const rowOf = (table, name) => [...table.querySelectorAll("tr")]
    .find((row) => row.querySelector("th")?.textContent === name);
  let found = null;
  try {
    while (!document.documentElement.classList.contains("ready")) await wait(50);
    found = await (async () => { %s })();
  } catch (error) {
    errors.push(String(error.stack ?? error));
  }
  const outcome = document.createElement("pre");
  outcome.id = "outcome";
  outcome.textContent = encodeURIComponent(JSON.stringify({ found, errors }));
  document.body.append(outcome);
})();
</script>
"""


def chromium() -> str | None:
    """Path of a Chromium; None where there is none."""
    return next(filter(None, map(shutil.which, NAMES)), None)


needs_chromium = pytest.mark.skipif(
    chromium() is None and REQUIRED not in os.environ,
    reason=f"no Chromium to run the page's scripts in: {', '.join(NAMES)}",
)
"""Skips a test where there is none; where one is required, the test fails."""


def found_by(page: str, steps: str, folder: Path) -> Any:
    """What steps return that act on the page in a browser.

    Args:
        page: HTML.
        steps: body of an asynchronous JavaScript function; `$`, `wait`, `act`, `press` and `rowOf`
            of `_FRAME` are at hand.
        folder: an empty folder for the page and the browser's profile.

    Raises:
        AssertionError: the page or the steps failed; the message holds the script's errors.
    """
    program, file = chromium(), folder / "page.html"
    assert program, f"{REQUIRED} is set, and there is no {' or '.join(NAMES)}"
    # The chart library holds the tag as text: the page's own is the last one.
    body, end, rest = page.rpartition("</body>")
    file.write_text(f"{body}{_FRAME % steps}{end}{rest}", encoding="utf-8")
    done = subprocess.run(
        [program, *SWITCHES, f"--user-data-dir={folder / 'profile'}", file.as_uri()],
        capture_output=True,
        text=True,
        timeout=_DEADLINE_SECONDS,
        check=True,
    )
    written = re.search(r'<pre id="outcome">([^<]*)</pre>', done.stdout)
    assert written, f"the steps did not end; the browser said: {done.stderr[-2000:]}"
    outcome = json.loads(unquote(written[1]))
    assert not outcome["errors"], outcome["errors"]
    return outcome["found"]
