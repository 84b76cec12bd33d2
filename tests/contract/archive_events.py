"""What happens to workflows and their index in ``test_archive_model``."""

from __future__ import annotations

from enum import Enum


class Write(Enum):
    """A call that stores or removes one document."""

    CREATE_WORKFLOW = "CreateWorkflow"
    UPDATE_WORKFLOW = "UpdateWorkflow"
    CREATE_TASK = "CreateTasks"
    UPDATE_TASK = "UpdateTask"
    REMOVE_TASK = "RemoveTask"


class Removal(Enum):
    """A call that removes a workflow, at once or later."""

    ARCHIVE = "RemoveWorkflow(archive)"
    PLAIN = "RemoveWorkflow"
    RESET = "ResetWorkflow"
    EXPIRY = "RemoveWorkflowWithExpiry"
    EXPIRY_WITH_ARCHIVE = "RemoveWorkflowWithExpiry(archive)"


class Beside(Enum):
    """What drainers and a repair do meanwhile."""

    DRAIN_ALL = "all marks that are due are carried out"
    DRAIN_ONE = "one of them"
    STAND_STILL = "a drainer takes them, and stands still"
    GO_ON = "it goes on with one of them"
    VERIFY = "everything is marked to be verified"


class Mishap(Enum):
    """What happens to the index."""

    INDEX_DOWN = "it goes down"
    INDEX_UP = "it comes back"
    NEXT_SEND_IS_LATE = "the next send gets no answer, and arrives later"
    LATE_SENDS_ARRIVE = "such sends arrive"
    INDEX_FORGETS = "it forgets the tokens of what was deleted"
