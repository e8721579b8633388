"""The server: one endpoint for all services, told apart by what a request is signed for.

What belongs here: who answers a request, paging, faults that hit calls, the log. What does not: how
requests are read and answers written (`protocol`), what services do. A server and its exchanges are
one idea in one file, hence its length.

Requests of services with a class of ours go to it; all others go to moto, which is very good at S3.
An answer of ours that botocore's model does not know is a defect of the stand-in: it is kept in
`StandIn.defects`, and the fixture fails the test that met it.
"""

from __future__ import annotations

import base64
import binascii
import shutil
import socket
import tempfile
import time
import traceback
from collections.abc import Iterable, Sequence
from pathlib import Path
from threading import RLock, Thread
from types import TracebackType
from typing import Any, NoReturn, Self
from uuid import uuid4

import boto3
from botocore.exceptions import UnknownServiceError
from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from werkzeug import Request, Response
from werkzeug.serving import make_server
from werkzeug.test import Client

from ml_insights_tests.aws.calls import Call, CallLog, action_of
from ml_insights_tests.aws.control import PREFIX, control
from ml_insights_tests.aws.faults import Faults
from ml_insights_tests.aws.protocol import (
    Scope,
    find_operation,
    identifiers,
    paginators,
    read_parameters,
    scope_of,
    service_model,
    write_answer,
)
from ml_insights_tests.aws.refusals import AwsError, error_response
from ml_insights_tests.aws.roles import create_roles
from ml_insights_tests.aws.service import INTERNAL, Account, Service

_IDENTIFIES = ("Id", "Arn", "Name", "Bucket", "Key", "ARN", "WorkGroup")


class _QuietHandler(MotoRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 (werkzeug's name)
        """Say nothing: the log of calls says it better."""


class StandIn:
    """A running AWS on loopback.

    Attributes:
        url: its endpoint.
        account: what its services share; `account.faults` and `account.clock` are for tests.
        calls: the log of all calls.
        defects: answers that AWS cannot give; a test that finds one here has found a bug.
    """

    def __init__(self, services: Iterable[type[Service]], port: int = 0) -> None:
        self._classes = {one.name: one for one in services}
        self._services: dict[tuple[str, str], Service] = {}
        self._lock = RLock()
        self._moto = DomainDispatcherApplication(create_backend_app)
        self._moto_services: dict[str, Any] = {}
        self._server = make_server(
            "127.0.0.1", port, self, threaded=True, request_handler=_QuietHandler
        )
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self.account = Account(
            self.url,
            Path(tempfile.mkdtemp(prefix="ml_insights_aws_")),
            faults=Faults({name: one.effects for name, one in self._classes.items()}),
        )
        self.calls = CallLog()
        self.defects: list[str] = []
        self._thread = Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        create_roles(self.account)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._forget_services()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        shutil.rmtree(self.account.folder, ignore_errors=True)

    def service(self, name: str, region: str = "us-east-1") -> Any:
        """The service class's object in a region, made on first use."""
        with self._lock:
            if (name, region) not in self._services:
                self._services[name, region] = self._classes[name](self.account, region)
            return self._services[name, region]

    def environment(self, region: str = "us-east-1") -> dict[str, str]:
        """Variables with which any AWS client of a process talks to this server."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_DEFAULT_REGION": region,
            "AWS_REGION": region,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def client(self, name: str, region: str = "us-east-1") -> Any:
        """A boto3 client of a service, with credentials that mean nothing."""
        return boto3.client(
            name,
            region_name=region,
            endpoint_url=self.url,
            aws_access_key_id="testing",
            aws_secret_access_key="testing",  # noqa: S106 (not a secret)
        )

    def forget(self) -> None:
        """Forget all state, moto's too, faults, calls and moved time; what runs is ended.

        moto has one state in a process, whatever the number of servers.
        """
        self._forget_services()
        Client(self._moto).post("/moto-api/reset")
        self.account.faults.clear()
        self.account.clock.reset()
        self.calls.clear()
        self.defects.clear()
        create_roles(self.account)

    def _forget_services(self) -> None:
        with self._lock:
            for service in self._services.values():
                service.close()
            self._services.clear()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer a request (WSGI)."""
        request = Request(environ)
        if request.path.startswith(PREFIX):
            return control(self, request)(environ, start_response)
        return _Exchange(self, request).answer(start_response)

    def is_ours(self, service: str) -> bool:
        return service in self._classes

    def moto(self, service: str, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Let moto answer."""
        # moto lists its modules on the disk to find a service, and all requests wait meanwhile.
        if service not in self._moto_services:
            self._moto_services[service] = self._moto.get_application(environ)
        answer: Iterable[bytes] = self._moto_services[service](environ, start_response)
        return answer


class _Exchange:
    """One request and its answer."""

    def __init__(self, stand_in: StandIn, request: Request) -> None:
        self.stand_in = stand_in
        self.request = request
        self.request_id = str(uuid4())
        self.scope: Scope = scope_of(request)
        self.model, self.operation = _modelled(self.scope.service, request)
        self.resource = identifiers(self.model, request) if self.model else {}

    def answer(self, start_response: Any) -> Iterable[bytes]:
        environ = self.request.environ
        try:
            self._meet_faults()
            if not self.stand_in.is_ours(self.scope.service):
                return self._forward(start_response)
            response = self._own_answer()
            self._log(response.status_code)
        except ConnectionResetError:
            self._log(0, "reset")
            _hang_up(environ)
        except AwsError as error:
            response = error_response(self.model or service_model("s3"), error, self.request_id)
            self._log(response.status_code, error.code)
        return response(environ, start_response)

    def _meet_faults(self) -> None:
        """Wait, refuse or break the connection as tests have asked for."""
        if self.scope.access_key == INTERNAL:
            return
        name = self.operation.name if self.operation else ""
        for fault in self.stand_in.account.faults.hit(self.scope.service, name):
            if fault.kind == "delay":
                time.sleep(fault.seconds)
            elif fault.kind == "reset":
                raise ConnectionResetError
            else:
                raise AwsError(fault.code, fault.message, fault.status, **fault.detail)

    def _own_answer(self) -> Response:
        if self.operation is None:
            raise AwsError(
                "UnknownOperationException", f"{self.scope.service} has no such call", 404
            )
        service: Service = self.stand_in.service(self.scope.service, self.scope.region)
        parameters = read_parameters(self.operation, self.request, service.refusal)
        inner = {
            f"{name}.{member}": value
            for name, structure in parameters.items()
            if isinstance(structure, dict)
            for member, value in structure.items()
        }
        innermost = {
            f"{name}.{member}": value
            for name, structure in inner.items()
            if isinstance(structure, dict)
            for member, value in structure.items()
        }
        self.resource |= {
            name: value
            for name, value in {**parameters, **inner, **innermost}.items()
            if name.endswith(_IDENTIFIES) and isinstance(value, str)
        }
        method = service.operation(self.operation.name)
        try:
            with service.lock:
                answer = method(parameters)
            answer = _page(service, self.operation, parameters, answer)
            return write_answer(self.operation, answer, self.request_id)
        except AwsError:
            raise
        except Exception as error:
            self.stand_in.defects.append(traceback.format_exc())
            raise AwsError("StandInDefect", f"{type(error).__name__}: {error}", 400) from error

    def _forward(self, start_response: Any) -> Iterable[bytes]:
        def answered(status: str, headers: Sequence[tuple[str, str]], *more: Any) -> Any:
            names = {name.lower(): value for name, value in headers}
            self.request_id = names.get("x-amzn-requestid") or names.get("x-amz-request-id", "")
            self._log(int(status.split(maxsplit=1)[0]))
            return start_response(status, headers, *more)

        return self.stand_in.moto(self.scope.service, self.request.environ, answered)

    def _log(self, status: int, error: str = "") -> None:
        if self.scope.access_key == INTERNAL:
            return
        name = self.operation.name if self.operation else ""
        self.stand_in.calls.add(
            Call(
                service=self.scope.service,
                operation=name,
                action=action_of(self.scope.service, name),
                resource=self.resource,
                region=self.scope.region,
                access_key=self.scope.access_key,
                request_id=self.request_id,
                status=status,
                error=error,
                moment=self.stand_in.account.clock.now(),
            )
        )


def _modelled(service: str, request: Request) -> tuple[Any, Any]:
    try:
        model = service_model(service)
    except UnknownServiceError:
        return None, None
    return model, find_operation(model, request)


def _page(
    service: Service, operation: Any, parameters: dict[str, Any], answer: dict[str, Any]
) -> dict[str, Any]:
    """The page of a whole list that a call asks for, by botocore's paginators."""
    config = paginators(service.name).get(operation.name)
    key = config["result_key"] if config else None
    if not config or not isinstance(key, str) or not isinstance(answer.get(key), list):
        return answer
    token, items = config["output_token"], answer[key]
    if token in answer:
        return answer
    try:
        first = int(base64.urlsafe_b64decode(parameters.get(config["input_token"], "MA==")))
    except (ValueError, binascii.Error) as error:
        raise AwsError(service.refusal, "the token for the next page is not valid") from error
    size = parameters.get(config.get("limit_key"), service.page_size)
    page = {**answer, key: items[first : first + size]}
    if first + size < len(items):
        page[token] = base64.urlsafe_b64encode(str(first + size).encode()).decode()
    return page


def _hang_up(environ: dict[str, Any]) -> NoReturn:
    """End the connection without an answer; werkzeug passes over the error."""
    connection: socket.socket = environ["werkzeug.socket"]
    connection.shutdown(socket.SHUT_RDWR)
    raise ConnectionResetError
