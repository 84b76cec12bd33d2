"""``podium index``: is the index right, making it right, and copying it to another store."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from podium_core.reconcile import IndexProgress, IndexReport, OutboxState
from podium_server.cli.admin_options import AddressOption, ResumeOption, server_address
from podium_server.cli.lines import print_line
from podium_server.cli.world import ConfigOption, world_of

DIFFERENT = 1

index_commands = typer.Typer(
    help="The index of a running server.", no_args_is_help=True, rich_markup_mode=None
)


@index_commands.command()
def verify(
    context: typer.Context,
    address: AddressOption = None,
    config: ConfigOption = None,
    resume: ResumeOption = "",
) -> None:
    """Compare the index with the executions. Exit code 1: they differ."""
    report = _run(context, address, config, "VerifyIndex", resume)
    raise typer.Exit(DIFFERENT if report.progress.differences else 0)


@index_commands.command()
def repair(
    context: typer.Context,
    address: AddressOption = None,
    config: ConfigOption = None,
    resume: ResumeOption = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Change nothing: verify.")] = False,
) -> None:
    """Index the entries that differ again. Exit code 1: something can't be."""
    if dry_run:
        verify(context, address, config, resume)
    report = _run(context, address, config, "RepairIndex", resume)
    raise typer.Exit(DIFFERENT if report.progress.unreadable else 0)


@index_commands.command()
def rebuild(
    context: typer.Context,
    address: AddressOption = None,
    config: ConfigOption = None,
    resume: ResumeOption = "",
) -> None:
    """Index everything again. Exit code 1: something can't be."""
    report = _run(context, address, config, "RepairIndex", resume, rebuild=True)
    raise typer.Exit(DIFFERENT if report.progress.unreadable else 0)


@index_commands.command()
def failures(
    context: typer.Context,
    address: AddressOption = None,
    config: ConfigOption = None,
    limit: Annotated[int, typer.Option("--limit", min=0, max=1_000, help="Show so many.")] = 100,
    retry: Annotated[bool, typer.Option("--retry", help="Try all of them again.")] = False,
) -> None:
    """Show what couldn't be delivered. To the index or elsewhere; exit code 1: there is something."""
    from podium_protocol import codec
    from podium_server.cli.check_run import asked

    where = server_address(address, config, world_of(context).registry)
    state = codec.outbox_from_proto(asked(where, "GetOutbox", limit=limit))
    for line in _failure_lines(state):
        print_line(line)
    if retry:
        print_line(f"{asked(where, 'RetryOutbox').count:,} are tried again")
    raise typer.Exit(DIFFERENT if state.set_aside and not retry else 0)


@index_commands.command()
def copy(
    context: typer.Context,
    source: Annotated[str, typer.Argument(metavar="FROM", help="A store of the configuration.")],
    target: Annotated[str, typer.Argument(metavar="TO", help="Another one.")],
    config: ConfigOption = None,
    resume: ResumeOption = "",
) -> None:
    """Copy all entries of the index in one store to another store. Without a server; exit code 1: some can't be copied."""
    from podium_server.cli.index_copy import run_copy
    from podium_server.config.load import load_config

    found = load_config(config, registry=world_of(context).registry)
    raise typer.Exit(0 if run_copy(found, source, target, resume) else DIFFERENT)


def _run(
    context: typer.Context,
    address: str | None,
    config: Path | None,
    name: str,
    token: str,
    **fields: Any,
) -> IndexReport:
    from podium_protocol import codec
    from podium_server.cli.check_run import CheckRun

    where = server_address(address, config, world_of(context).registry)
    run = CheckRun(where, name, codec.index_report_from_proto, token)
    report = IndexReport(progress=IndexProgress())
    for report in run.reports(**fields):
        for one in report.differences:
            run.progress.say(f"{one.problem.value:<10} {one.kind.value:<8} {one.id}")
        run.progress.show(report.progress.checked, f"{report.progress.differences:,} differences")
    print_line(f"{_summary(report)} ({run.progress.seconds:.1f} s)")
    return report


def _summary(report: IndexReport) -> str:
    progress = report.progress
    kinds = ("missing", "stale", "surplus", "unreadable")
    found = ", ".join(f"{getattr(progress, kind):,} {kind}" for kind in kinds)
    marked = f"; {report.marked:,} are indexed again, in the background" if report.marked else ""
    verdict = found if progress.differences else "no differences"
    return f"{progress.checked:,} documents and entries checked: {verdict}{marked}"


def _failure_lines(state: OutboxState) -> list[str]:
    lines = [
        # Between the names of a queue and its message is a NUL.
        f"{failure.kind:<15} {failure.id.replace(chr(0), ' ')}: {failure.reason}"
        for failure in state.failures
    ]
    age = f", the oldest for {state.oldest_age_ms / 1000:.1f} s" if state.depth else ""
    return [*lines, f"{state.set_aside:,} set aside, {state.depth:,} waiting{age}"]
