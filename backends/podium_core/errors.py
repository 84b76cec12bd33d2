"""The StorageError taxonomy: every failure that a caller can meet, raised where it happens.

Each error becomes one gRPC status in ``podium_protocol.status`` and the same error again in the client.
"""

from __future__ import annotations


class StorageError(Exception):
    """Base of every error that Podium's contract names.

    Attributes:
        message: One line that says what is wrong and, where possible, what to do.
        request_id: The call's id, which the server's log shows too; empty where no server was asked.
    """

    request_id: str = ""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class NotFoundError(StorageError):
    """A named thing doesn't exist."""

    def __init__(self, resource_type: str, name: str) -> None:
        super().__init__(f"{resource_type} '{name}' was not found")
        self.resource_type = resource_type
        self.name = name


class AlreadyExistsError(StorageError):
    """A thing of that name exists already."""

    def __init__(self, resource_type: str, name: str) -> None:
        super().__init__(f"{resource_type} '{name}' exists already")
        self.resource_type = resource_type
        self.name = name


class InvalidArgumentError(StorageError):
    """A field is missing or malformed.

    Attributes:
        field: Path of the field in the request, as ``tasks[3].task_id``.
    """

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}" if field else message)
        self.field = field
        self.reason = message

    def under(self, prefix: str) -> InvalidArgumentError:
        """The same error with its field below ``prefix``."""
        return InvalidArgumentError(f"{prefix}.{self.field}" if self.field else prefix, self.reason)


class PayloadTooLargeError(InvalidArgumentError):
    """A payload is above the hard limit; nothing was written.

    Attributes:
        limit_bytes: The limit.
        size_bytes: What came, in UTF-8 bytes.
    """

    def __init__(self, field: str, *, limit_bytes: int, size_bytes: int) -> None:
        super().__init__(field, f"{size_bytes} bytes are more than the limit of {limit_bytes}")
        self.limit_bytes = limit_bytes
        self.size_bytes = size_bytes

    def under(self, prefix: str) -> PayloadTooLargeError:
        return PayloadTooLargeError(
            f"{prefix}.{self.field}" if self.field else prefix,
            limit_bytes=self.limit_bytes,
            size_bytes=self.size_bytes,
        )


class FailedPreconditionError(StorageError):
    """The state forbids it.

    Attributes:
        kind: A word for the rule, as ``WORKFLOW_NOT_TERMINAL``.
        subject: What the rule is about, as ``workflow/<id>``.
    """

    def __init__(self, kind: str, subject: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind
        self.subject = subject


class UnsupportedOperationError(StorageError):
    """The configured backend can't do it."""

    def __init__(self, backend: str, method: str, message: str = "") -> None:
        super().__init__(message or f"{method} is not served by {backend}")
        self.backend = backend
        self.method = method


class BackendUnavailableError(StorageError):
    """A store is unreachable, overloaded or shutting down: surely nothing was written.

    Attributes:
        store: The configured name of the store.
        retry_after_ms: When a repeat may help.
    """

    def __init__(self, store: str, message: str, *, retry_after_ms: int = 500) -> None:
        super().__init__(message)
        self.store = store
        self.retry_after_ms = retry_after_ms


class OutcomeUnknownError(StorageError):
    """A store broke off after the command was sent: it may or may not have taken effect."""

    def __init__(self, store: str, message: str) -> None:
        super().__init__(message)
        self.store = store


class TransportError(StorageError):
    """The connection to the server failed without a word of ours: the outcome is unknown. Raised by clients."""


class CorruptRecordError(StorageError):
    """A stored record can't be read. Never reported as absent."""

    def __init__(self, resource_type: str, name: str, message: str) -> None:
        super().__init__(f"{resource_type} '{name}' can't be read: {message}")
        self.resource_type = resource_type
        self.name = name


class IncompatibleStoreError(StorageError):
    """A store can't be opened as it is: another format version, another layout. Raised at start and by housekeeping."""


class ConflictError(StorageError):
    """An expected time or a receipt is stale; nothing was written. Read again, decide again.

    Attributes:
        reason: ``STALE_UPDATE_TIME`` or ``STALE_RECEIPT``.
        subject: What changed, as ``workflow/<id>``.
        expected: What the caller expected.
        actual: What is stored, where that is known.
    """

    def __init__(self, reason: str, subject: str, *, expected: str = "", actual: str = "") -> None:
        kind, _, name = subject.partition("/")
        now = f" (now {actual})" if actual else ""
        was = f" since {expected}" if expected and reason == "STALE_UPDATE_TIME" else ""
        what = (
            f"{kind} {name} changed{was}{now}"
            if was
            else f"{kind} {name}: {reason.lower().replace('_', ' ')}{now}"
        )
        super().__init__(what)
        self.reason = reason
        self.subject = subject
        self.expected = expected
        self.actual = actual


class ResultTooLargeError(StorageError):
    """The answer is above ``max_message_bytes``; the message says what to do.

    Attributes:
        limit_bytes: The limit.
        streaming_rpc: The RPC that streams the same, as ``ExecutionService.GetTasksForWorkflow``; empty where none does.
        subject: What is too large, where it is one thing of several; empty: the answer.
    """

    def __init__(self, limit_bytes: int, streaming_rpc: str = "", subject: str = "") -> None:
        advice = f"use {streaming_rpc}, which streams" if streaming_rpc else "ask for less"
        super().__init__(f"{subject or 'the answer'} is above {limit_bytes} bytes; {advice}")
        self.limit_bytes = limit_bytes
        self.streaming_rpc = streaming_rpc
        self.subject = subject

    def streamed_by(self, streaming_rpc: str) -> ResultTooLargeError:
        """The same error, naming the RPC that streams what it is about."""
        return ResultTooLargeError(self.limit_bytes, streaming_rpc, self.subject)


class OverloadedError(StorageError):
    """Too many calls in flight: come back in ``retry_after_ms``."""

    def __init__(self, message: str, *, retry_after_ms: int = 100) -> None:
        super().__init__(message)
        self.retry_after_ms = retry_after_ms


class DeadlineExceededError(StorageError):
    """The deadline passed; a writing call may or may not have taken effect."""


class InternalError(StorageError):
    """A defect of Podium's own.

    Attributes:
        error_id: The id under which the server's log has the details.
    """

    def __init__(self, error_id: str) -> None:
        super().__init__(f"internal error {error_id}; the server's log has the details")
        self.error_id = error_id
