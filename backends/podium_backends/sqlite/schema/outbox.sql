-- What has to reach another store or happen later, written beside the documents.

CREATE TABLE outbox (
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    owner TEXT NOT NULL,
    token INTEGER NOT NULL,
    bucket INTEGER NOT NULL,
    due_ms INTEGER NOT NULL,
    since_ms INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    aside INTEGER NOT NULL DEFAULT 0,
    reason TEXT,
    body BLOB NOT NULL,
    PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID;

-- In the order in which a drainer takes them: no sorting, however many wait.
CREATE INDEX outbox_due ON outbox (kind, due_ms, token) WHERE aside = 0;
CREATE INDEX outbox_aside ON outbox (since_ms) WHERE aside = 1;

CREATE TABLE outbox_leases (
    bucket INTEGER NOT NULL PRIMARY KEY,
    owner TEXT NOT NULL,
    until_ms INTEGER NOT NULL
) STRICT;

-- The servers that drain, or wait for their share of the buckets.
CREATE TABLE outbox_owners (
    owner TEXT NOT NULL PRIMARY KEY,
    until_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The last token given out: the next is max(last + 1, the clock's microseconds).
CREATE TABLE outbox_token (
    one INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    last INTEGER NOT NULL
) STRICT;

INSERT INTO outbox_token (one, last) VALUES (1, 0);
