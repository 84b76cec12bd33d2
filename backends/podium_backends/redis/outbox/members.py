"""Which sorted set an entry is in, and what it is called there: entries of one workflow are together."""

from __future__ import annotations

from podium_core.outbox import bucket_of


def member_of(id_: str, owner: str) -> str:
    """What an entry is called: its id, after its owner where that is another."""
    return id_ if id_ == owner else f"{owner}\x00{id_}"


def id_and_owner(member: str) -> tuple[str, str]:
    """The id and the owner of a member. No owner has a NUL in it."""
    owner, separator, id_ = member.partition("\x00")
    return (id_, owner) if separator else (member, member)


def bucket_of_owner(owner: str) -> int:
    """The bucket of an entry: that of its owner, so that one command marks all tasks of a Commit."""
    return bucket_of(owner)
