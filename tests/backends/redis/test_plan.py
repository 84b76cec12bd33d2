"""What a write is for the script: commands that Lua can take, marks before everything that may follow from them."""

from __future__ import annotations

from podium_backends.redis.executions.plan import MOST_ARGUMENTS, Plan
from podium_backends.redis.executions.queue_plan import QueuesInSameRedis
from podium_core.index.marks import INDEX_KINDS
from podium_core.write_set import PushOp
from tests.backends.redis.golden_definitions import KEYS

KIND = sorted(INDEX_KINDS)[0]
MANY = [f"t{number}" for number in range(3 * MOST_ARGUMENTS)]


def test_a_command_of_many_arguments_is_several() -> None:
    plan = Plan(KEYS)
    for id_ in MANY:
        plan.add("SADD", "set", id_)
    commands = plan.writes().commands
    assert {tuple(command[:2]) for command in commands} == {("SADD", "set")}
    assert max(map(len, commands)) <= 2 + MOST_ARGUMENTS
    assert [id_ for command in commands for id_ in command[2:]] == MANY


def test_marks_of_many_entries_are_several_changes() -> None:
    plan = Plan(KEYS)
    for id_ in MANY:
        plan.mark(KIND, id_, "w1")
    changes = plan.writes().changes
    # Each of them becomes two arguments of ZADD.
    assert max(len(change) - 4 for change in changes) <= MOST_ARGUMENTS // 2
    assert sum(len(change) - 4 for change in changes) == len(MANY)


def test_the_keys_of_a_queue_are_handed_over_once() -> None:
    queues = QueuesInSameRedis(lambda name: [f"{name}:messages", f"{name}:leases"])
    for id_ in ("m1", "m2"):
        queues.add(PushOp(queue_name="q1", message_id=id_))
    queues.unqueue("q2", "m3", "w1")
    keys = ["of a receipt"]
    operations = queues.operations(keys)
    assert keys == ["of a receipt", "q1:messages", "q1:leases", "q2:messages", "q2:leases"]
    # Where they begin, as Lua counts.
    assert [operation[1] for operation in operations] == [2, 2, 4]


def test_marks_come_before_other_changes() -> None:
    """The script counts the entries of a bucket once, before the first change."""
    plan = Plan(KEYS)
    plan.drop_entry(KIND, "t1", "w1")
    plan.mark(KIND, "t2", "w1")
    assert [change[0] for change in plan.writes().changes] == ["mark", "drop"]
