"""Definitions and event handlers: what identifies them, and their DAOs on any store's table."""

from podium_core.definitions.documents import (
    DOCUMENT_JSON,
    below,
    event_handler_of,
    stored_event_handler,
    stored_task_def,
    stored_workflow_def,
    task_def_of,
    workflow_def_id,
    workflow_def_of,
)
from podium_core.definitions.event_handler_dao import TableEventHandlerDAO
from podium_core.definitions.metadata_dao import VERSION_BYTES, TableMetadataDAO

__all__ = [
    "DOCUMENT_JSON",
    "VERSION_BYTES",
    "TableEventHandlerDAO",
    "TableMetadataDAO",
    "below",
    "event_handler_of",
    "stored_event_handler",
    "stored_task_def",
    "stored_workflow_def",
    "task_def_of",
    "workflow_def_id",
    "workflow_def_of",
]
