"""Errors become statuses and the same errors again."""

from __future__ import annotations

import inspect

import grpc
import pytest
from google.rpc import error_details_pb2, status_pb2

from podium_core import errors
from podium_core.errors import StorageError
from podium_protocol.status import DETAILS_KEY, Status, error_of, status_of

CODE = grpc.StatusCode

CASES: list[tuple[StorageError, grpc.StatusCode, str]] = [
    (errors.NotFoundError("task", "t/δ"), CODE.NOT_FOUND, "NOT_FOUND"),
    (errors.AlreadyExistsError("event handler", "h"), CODE.ALREADY_EXISTS, "ALREADY_EXISTS"),
    (
        errors.InvalidArgumentError("tasks[3].task_id", "is required"),
        CODE.INVALID_ARGUMENT,
        "INVALID_ARGUMENT",
    ),
    (errors.InvalidArgumentError("", "no message"), CODE.INVALID_ARGUMENT, "INVALID_ARGUMENT"),
    (
        errors.PayloadTooLargeError("task.input_data_json", limit_bytes=5, size_bytes=9),
        CODE.INVALID_ARGUMENT,
        "PAYLOAD_TOO_LARGE",
    ),
    (
        errors.FailedPreconditionError("WORKFLOW_NOT_TERMINAL", "workflow/w", "it runs"),
        CODE.FAILED_PRECONDITION,
        "FAILED_PRECONDITION",
    ),
    (
        errors.IncompatibleStoreError("format 3, this one writes 2"),
        CODE.FAILED_PRECONDITION,
        "INCOMPATIBLE_STORE",
    ),
    (
        errors.UnsupportedOperationError("redis", "SearchWorkflows"),
        CODE.UNIMPLEMENTED,
        "UNSUPPORTED_OPERATION",
    ),
    (
        errors.BackendUnavailableError("main", "refused", retry_after_ms=1_234),
        CODE.UNAVAILABLE,
        "BACKEND_UNAVAILABLE",
    ),
    (errors.OutcomeUnknownError("main", "broke off"), CODE.DEADLINE_EXCEEDED, "OUTCOME_UNKNOWN"),
    (errors.CorruptRecordError("task", "t", "no JSON"), CODE.DATA_LOSS, "CORRUPT_RECORD"),
    *(
        (
            errors.ConflictError(reason, "workflow/w", expected="1", actual="2"),
            CODE.ABORTED,
            reason,
        )
        for reason in ("STALE_UPDATE_TIME", "STALE_RECEIPT")
    ),
    (
        errors.ResultTooLargeError(10, "ExecutionService.GetTasksForWorkflow", "workflow w"),
        CODE.RESOURCE_EXHAUSTED,
        "RESULT_TOO_LARGE",
    ),
    (errors.ResultTooLargeError(10), CODE.RESOURCE_EXHAUSTED, "RESULT_TOO_LARGE"),
    (
        errors.OverloadedError("1000 calls are in flight", retry_after_ms=70),
        CODE.RESOURCE_EXHAUSTED,
        "OVERLOADED",
    ),
    (errors.DeadlineExceededError("passed"), CODE.DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED"),
    (errors.InternalError("4711"), CODE.INTERNAL, "INTERNAL"),
]


def back(status: Status) -> StorageError:
    """What a client makes of a status."""
    return error_of(status.code, status.message, status.trailing_metadata())


def details_of(status: Status) -> status_pb2.Status:
    (entry,) = status.trailing_metadata()
    assert entry[0] == DETAILS_KEY
    return status_pb2.Status.FromString(entry[1])


@pytest.mark.parametrize(("error", "code", "reason"), CASES)
class TestEveryError:
    def test_has_its_code_and_reason(
        self, error: StorageError, code: grpc.StatusCode, reason: str
    ) -> None:
        status = status_of(error)
        assert (status.code, status.message) == (code, str(error))
        info = error_details_pb2.ErrorInfo()
        packed = details_of(status)
        assert packed.details[0].Unpack(info)
        assert (info.domain, info.reason) == ("podium", reason)
        assert (packed.code, packed.message) == (code.value[0], status.message)

    def test_comes_back_the_same(
        self, error: StorageError, code: grpc.StatusCode, reason: str
    ) -> None:
        del code, reason
        again = back(status_of(error))
        assert type(again) is type(error)
        assert str(again) == str(error)
        assert vars(again) == vars(error)


def test_no_error_class_is_left_out() -> None:
    classes = {
        entry
        for _, entry in inspect.getmembers(errors, inspect.isclass)
        if issubclass(entry, StorageError)
    }
    covered = {type(error) for error, _, _ in CASES} | {StorageError, errors.TransportError}
    assert classes == covered


class TestStatusOf:
    def test_a_transport_error_has_no_word_of_ours(self) -> None:
        status = status_of(errors.TransportError("connection reset"))
        assert (status.code, status.details) == (CODE.UNAVAILABLE, ())
        assert type(back(status)) is errors.TransportError

    def test_an_unnamed_class_is_its_base(self) -> None:
        class InvalidQueryError(errors.InvalidArgumentError):
            """A class of tomorrow."""

        again = back(status_of(InvalidQueryError("query", "unknown field at column 1")))
        assert type(again) is errors.InvalidArgumentError
        assert again.field == "query"

    def test_the_request_id_comes_along(self) -> None:
        again = back(status_of(errors.NotFoundError("task", "t"), request_id="abc-1"))
        assert again.request_id == "abc-1"
        assert back(status_of(errors.NotFoundError("task", "t"))).request_id == ""

    def test_long_texts_are_cut_so_that_metadata_stays_small(self) -> None:
        status = status_of(errors.NotFoundError("task", "視" * 5_000))
        assert len(status.trailing_metadata()[0][1]) < 6_000
        assert type(back(status)) is errors.NotFoundError

    def test_standard_details(self) -> None:
        kinds = {
            detail.type_url.rpartition(".")[2]
            for error, _, _ in CASES
            for detail in details_of(status_of(error)).details
        }
        assert kinds == {
            "ErrorInfo",
            "ResourceInfo",
            "BadRequest",
            "PreconditionFailure",
            "RetryInfo",
        }


class TestErrorOf:
    @pytest.mark.parametrize(
        ("code", "kind"),
        [
            (CODE.UNAVAILABLE, errors.TransportError),
            (CODE.DEADLINE_EXCEEDED, errors.DeadlineExceededError),
            (CODE.UNIMPLEMENTED, errors.UnsupportedOperationError),
            (CODE.INVALID_ARGUMENT, errors.InvalidArgumentError),
            (CODE.RESOURCE_EXHAUSTED, errors.TransportError),
            (CODE.UNAUTHENTICATED, errors.TransportError),
            (CODE.CANCELLED, errors.TransportError),
            (CODE.UNKNOWN, errors.TransportError),
        ],
    )
    def test_a_status_without_our_details(
        self, code: grpc.StatusCode, kind: type[StorageError]
    ) -> None:
        assert type(error_of(code, "words", None)) is kind
        assert "words" in str(error_of(code, "words", ()))

    def test_details_that_are_no_details(self) -> None:
        error = error_of(CODE.UNAVAILABLE, "x", ((DETAILS_KEY, b"\xff\xff"),))
        assert type(error) is errors.TransportError

    def test_another_domain_is_not_ours(self) -> None:
        info = error_details_pb2.ErrorInfo(domain="envoy", reason="NOT_FOUND")
        error = back(Status(CODE.UNAVAILABLE, "no upstream", (info,)))
        assert type(error) is errors.TransportError

    def test_a_reason_of_a_newer_server(self) -> None:
        info = error_details_pb2.ErrorInfo(domain="podium", reason="NEW")
        assert type(back(Status(CODE.ABORTED, "m", (info,)))) is errors.ConflictError
        assert type(back(Status(CODE.UNAUTHENTICATED, "m", (info,)))) is errors.TransportError

    def test_missing_numbers_are_zero(self) -> None:
        info = error_details_pb2.ErrorInfo(domain="podium", reason="RESULT_TOO_LARGE")
        error = back(Status(CODE.RESOURCE_EXHAUSTED, "m", (info,)))
        assert isinstance(error, errors.ResultTooLargeError)
        assert error.limit_bytes == 0
