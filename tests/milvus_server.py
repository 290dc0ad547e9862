"""Milvus Lite as a server on the loopback address: whole, refusing, full, old, silent or gone."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import pytest

pytest.importorskip("milvus_lite", reason="Milvus Lite is not installed")

from milvus_lite.adapter.grpc.servicer import MilvusServicer
from milvus_lite.db import MilvusLite
from pymilvus.grpc_gen import milvus_pb2, milvus_pb2_grpc

Refusal = Callable[[str, dict[str, str]], tuple[grpc.StatusCode, str] | None]
"""What to say instead of an answer, by a call's name and what came with it."""


class Refusing(grpc.ServerInterceptor):  # type: ignore[misc]
    def __init__(self, refuse: Refusal) -> None:
        self.refuse = refuse

    def intercept_service(self, continuation: Any, details: Any) -> Any:
        handler = continuation(details)
        sent = {key: value for key, value in details.invocation_metadata if isinstance(value, str)}
        refusal = self.refuse(details.method.rpartition("/")[2], sent)
        if refusal is None:
            return handler

        def abort(_: Any, context: Any) -> None:
            context.abort(*refusal)

        return grpc.unary_unary_rpc_method_handler(
            abort,
            request_deserializer=handler.request_deserializer,
            response_serializer=handler.response_serializer,
        )


class OfVersion(MilvusServicer):  # type: ignore[misc]
    version = ""

    def GetVersion(self, request: Any, context: Any) -> Any:  # noqa: N802 - a method of the protocol
        found = super().GetVersion(request, context)
        return milvus_pb2.GetVersionResponse(status=found.status, version=self.version) if self.version else found


@dataclass
class Server:
    """A running engine; `stop` and `start` as often as wanted, on the same port over the same folder."""

    folder: Path
    refuse: Refusal = lambda _name, _sent: None
    version: str = ""
    credentials: Any = None
    port: int = 0

    def start(self) -> None:
        self.database = MilvusLite(str(self.folder))
        # Looked up at each call, so that a test may set it while the server runs.
        self.server = grpc.server(
            ThreadPoolExecutor(max_workers=1), interceptors=[Refusing(lambda *call: self.refuse(*call))]
        )
        servicer = OfVersion(self.database)
        servicer.version = self.version
        milvus_pb2_grpc.add_MilvusServiceServicer_to_server(servicer, self.server)
        at = f"127.0.0.1:{self.port}"
        secure = self.credentials is not None
        self.port = self.server.add_secure_port(at, self.credentials) if secure else self.server.add_insecure_port(at)
        self.server.start()

    def stop(self) -> None:
        self.server.stop(grace=0).wait()
        self.database.close()

    def address(self, archive: str = "archive", **options: object) -> str:
        asked = "&".join(f"{key}={value}" for key, value in options.items())
        return f"milvus://127.0.0.1:{self.port}/{archive}" + (f"?{asked}" if asked else "")


@contextlib.contextmanager
def running(folder: Path, **given: Any) -> Iterator[Server]:
    server = Server(folder, **given)
    server.start()
    try:
        yield server
    finally:
        server.stop()


@contextlib.contextmanager
def silent_port() -> Iterator[int]:
    """A port that takes connections and never says anything."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(8)
        yield listening.getsockname()[1]


def free_port() -> int:
    """A port at which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
