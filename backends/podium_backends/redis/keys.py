"""The names of Conductor's keys, as its ``BaseDynoDAO.nsKey`` and its DAOs make them, and of Podium's own beside them.

``<workflow prefix>.<stack>.<domain>.<PART>.<part>...``: parts aren't escaped, blank ones are left out, and one dot at the
end is cut. So an id that ends in a dot shares its key with the id without it: such ids are refused.
"""

from __future__ import annotations

from podium_core.errors import InvalidArgumentError

# Podium's own keys are below this word, which no key of Conductor's begins with.
OWN = "PODIUM"


class Keys:
    """Key names below one prefix."""

    def __init__(self, *, workflow_prefix: str, stack: str, domain: str) -> None:
        """Takes what a Java Conductor on the same Redis is configured with.

        Args:
            workflow_prefix: Its ``conductor.redis.workflowNamespacePrefix``.
            stack: Its ``conductor.app.stack``.
            domain: Its ``conductor.redis.keyspaceDomain``.
        """
        self._prefix = "".join(
            f"{part}." for part in (workflow_prefix, stack, domain) if part.strip()
        )
        self.task_defs = self._key("TASK_DEFS")
        self.workflow_def_names = self._key("WORKFLOW_DEF_NAMES")
        self.event_handlers = self._key("EVENT_HANDLERS")
        self.format = self._key(OWN, "FORMAT")
        self.own = f"{self._prefix}{OWN}."
        self.token = f"{self.own}TOKEN"
        self.outbox_failures = f"{self.own}OUTBOX_FAILURES"
        self.outbox_leases = f"{self.own}OUTBOX_LEASES"
        self.outbox_owners = f"{self.own}OUTBOX_OWNERS"

    def _key(self, *parts: str) -> str:
        return self._prefix + ".".join(part for part in parts if part.strip())

    @property
    def fixed(self) -> frozenset[str]:
        """What a Redis holds that a server uses, also without any data: all keys that never go."""
        return frozenset({self.format, self.token, self.outbox_leases, self.outbox_owners})

    def _key_of(self, word: str, name: str) -> str:
        """As ``_key`` of the two, which every write needs several times."""
        return f"{self._prefix}{word}.{name}" if name.strip() else self._prefix + word

    # metadata

    def workflow_def(self, name: str) -> str:
        """A hash: version → document."""
        return self._key_of("WORKFLOW_DEF", name)

    def handlers_by_event(self, event: str) -> str:
        """A set of handler names; some may be of handlers that have another event by now."""
        return self._key_of("EVENT_HANDLERS_BY_EVENT", event)

    # executions: a part that ends in a dot is refused when it is written, so nothing is cut here

    def workflow(self, workflow_id: str) -> str:
        """The document of a workflow."""
        return f"{self._prefix}WORKFLOW.{workflow_id}"

    def task(self, task_id: str) -> str:
        """The document of a task."""
        return f"{self._prefix}TASK.{task_id}"

    def tasks_of_workflow(self, workflow_id: str) -> str:
        """A set of task ids."""
        return f"{self._prefix}WORKFLOW_TO_TASKS.{workflow_id}"

    def slots(self, workflow_id: str) -> str:
        """A hash: reference name and retry count, with nothing between them → task id."""
        return f"{self._prefix}SCHEDULED_TASKS.{workflow_id}"

    def pending_tasks(self, definition_name: str) -> str:
        """A set of the ids of all tasks that aren't terminal."""
        return self._key_of("IN_PROGRESS_TASKS", definition_name)

    def pending_workflows(self, name: str) -> str:
        """A set of the ids of workflows that aren't terminal, of all versions."""
        return self._key_of("PENDING_WORKFLOWS", name)

    def workflows_of_day(self, name: str, day: str) -> str:
        """A set of workflow ids; the day as ``20261128``, in the time zone of its writer."""
        return self._key("WORKFLOW_DEF_TO_WORKFLOWS", name, day)

    def correlated_workflows(self, correlation_id: str) -> str:
        """A set of workflow ids, of all names."""
        return self._key_of("CORR_ID_TO_WORKFLOWS", correlation_id)

    def event_executions(self, handler: str, event: str, message_id: str) -> str:
        """A hash: id → document. Names with dots may run together."""
        return self._key("EVENT_EXECUTION", handler, event, message_id)

    def event_ends(self, handler: str, event: str, message_id: str) -> str:
        """A hash of Podium's own: id → when the event execution ends, since Redis expires the whole hash only."""
        return f"{self.own}EVENT_ENDS.{handler}.{event}.{message_id}"

    def facts(self, workflow_id: str) -> str:
        """A hash of Podium's own: task id, or empty for the workflow → facts of the document that Podium wrote last."""
        return f"{self.own}FACTS.{workflow_id}"

    def removal(self, workflow_id: str) -> str:
        """The removal record of a workflow."""
        return f"{self.own}REMOVAL.{workflow_id}"

    def request(self, request_id: str) -> str:
        """What is remembered of a request."""
        return f"{self.own}REQUEST.{request_id}"

    # the outbox: of Podium's own

    def outbox(self, kind: str, bucket: int) -> tuple[str, str, str]:
        """Of a kind and bucket: marks by token, entries by due time, and what there is to know of each entry."""
        part = f"{kind}.{bucket}"
        return (
            f"{self.own}MARKS.{part}",
            f"{self.own}DUE_ENTRIES.{part}",
            f"{self.own}ENTRIES.{part}",
        )

    # limits and poll data

    def in_progress(self, definition_name: str) -> str:
        """A set of the ids of limited tasks in progress."""
        return self._key_of("TASKS_IN_PROGRESS_STATUS", definition_name)

    def limit_places(self, definition_name: str) -> str:
        """A sorted set of task ids by the time when they got their place; 0 for a task in progress."""
        return self._key_of("TASK_LIMIT_BUCKET", definition_name)

    def rate_grants(self, definition_name: str) -> str:
        """A sorted set of grants by their time."""
        return self._key_of("TASK_RATE_LIMIT_BUCKET", definition_name)

    def poll_data(self, definition_name: str) -> str:
        """A hash: domain, or ``DEFAULT`` → document."""
        return self._key_of("POLL_DATA", definition_name)

    # queues of the layout "podium"

    def queue(self, name: str) -> tuple[str, str, str, str, str]:
        """The keys of a queue: ``scripts/queues/podium/queue.lua``. Nothing is cut: each name has its own."""
        own = self.own
        # Queue names follow prefixes of the same length: the scripts find a queue's name by that of QUEUES.
        return (
            f"{own}QUEUES",
            f"{own}QUEUE.{name}",
            f"{own}PAYLOADS.{name}",
            f"{own}LEASES.{name}",
            f"{own}DUE.{name}:",
        )

    def queue_channel(self, name: str) -> str:
        """Where a process hears of changes of a queue."""
        return f"{self.own}QUEUE.{name}"


def glob_of(text: str) -> str:
    """As a pattern of Redis that matches this text alone."""
    return "".join(f"\\{letter}" if letter in "\\*?[]^-" else letter for letter in text)


def require_key_part(value: str, field: str) -> str:
    """An id or name that has a key of its own.

    Raises:
        InvalidArgumentError: It is blank, or ends in a dot, which Conductor's key names cut off.
    """
    if not value.strip() or value.endswith("."):
        raise InvalidArgumentError(
            field,
            "must not be blank or end in a dot: on Redis it would share the key of another name",
        )
    return value
