"""Start the stand-in: `python -m ml_insights_tests.aws --port 5055`."""

from __future__ import annotations

import signal
import threading
from types import FrameType

import click

from ml_insights_tests.aws import SERVICES
from ml_insights_tests.aws.server import StandIn


@click.command(help="Serve a stand-in for AWS on 127.0.0.1 until it is interrupted.")
@click.option("--port", default=0, help="Port to listen on; 0 takes a free one.")
def main(port: int) -> None:
    """Print the endpoint's address, serve until SIGINT or SIGTERM, then end what runs."""
    stopped = threading.Event()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        stopped.set()

    for one in (signal.SIGINT, signal.SIGTERM):
        signal.signal(one, stop)
    with StandIn(SERVICES, port) as stand_in:
        click.echo(stand_in.url)
        stopped.wait()


if __name__ == "__main__":
    main()
