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

    def _key(self, *parts: str) -> str:
        return self._prefix + ".".join(part for part in parts if part.strip())

    # metadata

    def workflow_def(self, name: str) -> str:
        """A hash: version → document."""
        return self._key("WORKFLOW_DEF", name)

    def handlers_by_event(self, event: str) -> str:
        """A set of handler names; some may be of handlers that have another event by now."""
        return self._key("EVENT_HANDLERS_BY_EVENT", event)

    # rate limits and poll data

    def rate_grants(self, definition_name: str) -> str:
        """A sorted set of grants by their time."""
        return self._key("TASK_RATE_LIMIT_BUCKET", definition_name)

    def poll_data(self, definition_name: str) -> str:
        """A hash: domain, or ``DEFAULT`` → document."""
        return self._key("POLL_DATA", definition_name)

    # queues of the layout "podium"

    def queue(self, name: str) -> tuple[str, str, str, str, str]:
        """The keys of a queue, as ``scripts/queues/queue.lua`` explains them. Nothing is cut: any name has its own."""
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
