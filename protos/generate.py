"""Regenerate the committed Python stubs under ``gen/`` from the protos, or check them.

Run ``python protos/generate.py`` with the grpcio-tools of the project's development
dependencies; ``--check`` writes nothing and exits 1 when the committed stubs differ.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

PROTOS = Path(__file__).resolve().parent
GENERATED = PROTOS / "gen"

DOCUMENTED = "podium/v1/documented.binpb"
PACKAGE_FILES = {
    "podium/__init__.py": '"""Podium\'s generated gRPC stubs."""\n',
    "podium/v1/__init__.py": '"""Stubs of podium.v1, made by protos/generate.py: do not edit."""\n',
    "podium/py.typed": "",
}


def generate(target: Path) -> None:
    """Write the whole tree of stubs below ``target``, which exists.

    Raises:
        subprocess.CalledProcessError: protoc refused a file; it has said why on stderr.
    """
    sources = sorted(p.relative_to(PROTOS).as_posix() for p in PROTOS.glob("podium/**/*.proto"))
    services = [source for source in sources if source.endswith("_service.proto")]
    run_protoc([f"--python_out={target}", f"--pyi_out={target}", *sources])
    run_protoc([f"--grpc_python_out={target}", *services])
    # What reflection serves: the stubs' own descriptors have lost the comments.
    documented = f"--descriptor_set_out={target}/{DOCUMENTED}"
    run_protoc([documented, "--include_source_info", *sources])
    for name, text in PACKAGE_FILES.items():
        (target / name).write_text(text, encoding="utf-8", newline="\n")


def run_protoc(arguments: list[str]) -> None:
    """Run the protoc that comes with grpcio-tools."""
    command = [sys.executable, "-m", "grpc_tools.protoc", f"--proto_path={PROTOS}", *arguments]
    subprocess.run(command, check=True, cwd=PROTOS)  # noqa: S603 - our own arguments, no shell


def contents(folder: Path) -> dict[str, bytes]:
    """Return the bytes of every stub below ``folder`` by relative path."""
    files = (p for p in folder.rglob("*") if p.is_file() and "__pycache__" not in p.parts)
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in files}


def differences(wanted: dict[str, bytes], found: dict[str, bytes]) -> list[str]:
    """Return the sorted names that are missing, superfluous or different in ``found``."""
    return sorted(
        name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name)
    )


def replace(fresh: dict[str, bytes]) -> None:
    """Make ``gen/`` hold exactly the fresh stubs, touching only what differs."""
    for name in differences(fresh, contents(GENERATED)):
        path = GENERATED / name
        if name in fresh:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(fresh[name])
        else:
            path.unlink()


def main() -> int:
    """Run the command line and return its exit code."""
    parser = argparse.ArgumentParser(description="Regenerate the Python stubs from the protos.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if they differ")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        try:
            generate(Path(folder))
        except subprocess.CalledProcessError as error:
            return error.returncode or 1
        fresh = contents(Path(folder))
    if not arguments.check:
        replace(fresh)
        return 0
    stale = differences(fresh, contents(GENERATED))
    if stale:
        names = ", ".join(stale)
        print(f"stubs differ from the protos, run protos/generate.py: {names}", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
