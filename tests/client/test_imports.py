"""The client needs no more than what the base install brings."""

from __future__ import annotations

import importlib.metadata
import json
import re
import subprocess
import sys

ALLOWED = {"podium", "podium_client", "podium_core", "podium_protocol"}
# The base install; grpc itself looks for grpc_tools and the like.
SCRIPT = """
import importlib, json, pkgutil, sys
import google.protobuf.message_factory, google.rpc.error_details_pb2, google.rpc.status_pb2
import grpc, grpc.aio, msgspec
before = set(sys.modules)
import podium_client
for module in pkgutil.walk_packages(podium_client.__path__, "podium_client."):
    importlib.import_module(module.name)
print(json.dumps(sorted(set(sys.modules) - before)))
"""


def imported() -> set[str]:
    """The top packages that the client brings into a process, beside the base install and the standard library."""
    run = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    return {name.partition(".")[0] for name in json.loads(run.stdout)} - sys.stdlib_module_names


def test_it_imports_nothing_else() -> None:
    assert imported() - {"google", "grpc", "msgspec"} == ALLOWED


def test_the_base_install_has_all_of_it() -> None:
    requirements = importlib.metadata.requires("podium-persistence") or []
    names = {re.split(r"[<>=\[; ]", one)[0] for one in requirements if "extra ==" not in one}
    assert names == {"grpcio", "protobuf", "googleapis-common-protos", "msgspec"}
