"""``podium queues``: is everything queued that ought to be, and pushing what isn't."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from podium_core.reconcile import QueueProgress, QueueReport
from podium_server.cli.admin_options import AddressOption, ResumeOption, server_address
from podium_server.cli.lines import print_line
from podium_server.cli.world import ConfigOption, world_of

DIFFERENT = 1

queue_commands = typer.Typer(
    help="The queues of a running server.", no_args_is_help=True, rich_markup_mode=None
)


@queue_commands.command()
def verify(
    context: typer.Context,
    address: AddressOption = None,
    config: ConfigOption = None,
    resume: ResumeOption = "",
) -> None:
    """Compare executions with their queues. Exit code 1: something is wrong."""
    report = _run(context, address, config, "VerifyQueues", resume)
    progress = report.progress
    raise typer.Exit(DIFFERENT if progress.not_queued or progress.left else 0)


@queue_commands.command()
def repair(
    context: typer.Context,
    address: AddressOption = None,
    config: ConfigOption = None,
    resume: ResumeOption = "",
    apply: Annotated[
        bool, typer.Option("--apply", help="Push; otherwise it is only said what would be pushed.")
    ] = False,
) -> None:
    """Push what isn't queued. Exit code 1: something is left."""
    report = _run(context, address, config, "RepairQueues", resume, apply=apply)
    progress = report.progress
    left = progress.left or (0 if apply else progress.not_queued)
    if progress.not_queued and not apply:
        print_line(f"{progress.not_queued:,} would be pushed: podium queues repair --apply")
    if progress.message_unreadable:
        print_line("unreadable messages stay as they are: push them again, or remove them")
    raise typer.Exit(DIFFERENT if left else 0)


def _run(
    context: typer.Context,
    address: str | None,
    config: Path | None,
    name: str,
    token: str,
    **fields: Any,
) -> QueueReport:
    from podium_protocol import codec
    from podium_server.cli.check_run import CheckRun

    where = server_address(address, config, world_of(context).registry)
    run = CheckRun(where, name, codec.queue_report_from_proto, token)
    report = QueueReport(progress=QueueProgress())
    for report in run.reports(**fields):
        for one in report.findings:
            problem = one.problem.value.replace("_", " ")
            run.progress.say(f"{problem:<20} {one.queue_name}  {one.id}")
        found = report.progress.not_queued + report.progress.left
        run.progress.show(report.progress.checked, f"{found:,} problems")
    print_line(f"{_summary(report)} ({run.progress.seconds:.1f} s)")
    return report


def _summary(report: QueueReport) -> str:
    progress = report.progress
    found = ", ".join(
        f"{count:,} {what}"
        for count, what in (
            (progress.workflow_not_queued, "workflows not queued"),
            (progress.task_not_queued, "tasks not queued"),
            (progress.message_without_task, "messages without a task"),
            (progress.message_unreadable, "unreadable messages"),
        )
        if count
    )
    pushed = f"; {report.pushed:,} pushed" if report.pushed else ""
    counted = f"{progress.checked:,} workflows, tasks and messages checked"
    return f"{counted}: {found or 'nothing is wrong'}{pushed}"
