"""What ``ExecutionStore.apply`` raises beside the contract's errors: to a caller each is the error that it derives from."""

from __future__ import annotations

from podium_core.errors import BackendUnavailableError


class RemovalUnderWayError(BackendUnavailableError):
    """The id belongs to a workflow that is being removed; that has to end first.

    Attributes:
        workflow_id: Which.
    """

    def __init__(self, workflow_id: str) -> None:
        super().__init__("", f"workflow '{workflow_id}' is being removed; repeat")
        self.workflow_id = workflow_id


class UploadLostError(BackendUnavailableError):
    """A payload uploaded for a write is being deleted, since its time was over: nothing was written."""

    def __init__(self) -> None:
        super().__init__("", "an upload took too long, and its payload was deleted; repeat")
