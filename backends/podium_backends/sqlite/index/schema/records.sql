-- What is only looked up by its owner, and what is remembered of deleted entries.

-- kind: task_log, event or message; owner: a task's id, an event, a queue. number: the order of insertion.
CREATE TABLE records (
    number INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    token INTEGER NOT NULL,
    digest BLOB NOT NULL,
    owner TEXT NOT NULL,
    created INTEGER NOT NULL,
    document TEXT NOT NULL,
    UNIQUE (kind, id)
) STRICT;

CREATE INDEX records_by_owner ON records (kind, owner, created, number);

-- The tokens of deleted entries, so that a late older write doesn't raise one.
CREATE TABLE tombstones (
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    token INTEGER NOT NULL,
    until_ms INTEGER NOT NULL,
    PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX tombstones_by_time ON tombstones (until_ms);
