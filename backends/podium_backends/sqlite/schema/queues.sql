-- Queue messages, and the counts of each queue.

-- due_ms: when the message is ready. Of a leased one (it has a receipt) that is the end of the lease, so that "ready" is
-- one thing for all: due_ms at or before now. A lapsed lease keeps its receipt until it is leased again or swept.
-- A rowid table: leasing rewrites the row, and with WITHOUT ROWID that took twice the time (payloads of 0.5 kB).
CREATE TABLE messages (
    queue_name TEXT NOT NULL,
    id TEXT NOT NULL,
    priority INTEGER NOT NULL,
    due_ms INTEGER NOT NULL,
    receipt INTEGER,
    deliveries INTEGER NOT NULL DEFAULT 0,
    push_token INTEGER NOT NULL,
    payload TEXT,
    UNIQUE (queue_name, id)
) STRICT;

CREATE INDEX messages_in_order ON messages (queue_name, priority DESC, due_ms);
CREATE INDEX messages_leased ON messages (queue_name, due_ms) WHERE receipt IS NOT NULL;

-- leased counts the rows with a receipt, lapsed ones included. changes grows with everything that may make a message
-- ready sooner or later: other processes compare it. Of a new row it begins above whatever an earlier row of
-- the queue had, since a push token is the time of the push in microseconds. A row outlives its last message for a while.
CREATE TABLE queues (
    name TEXT NOT NULL PRIMARY KEY,
    total INTEGER NOT NULL,
    leased INTEGER NOT NULL DEFAULT 0,
    changes INTEGER NOT NULL DEFAULT 1
) STRICT, WITHOUT ROWID;

CREATE TRIGGER messages_inserted AFTER INSERT ON messages BEGIN
    INSERT INTO queues (name, total, changes) VALUES (new.queue_name, 1, new.push_token)
    ON CONFLICT (name) DO UPDATE SET total = total + 1, changes = changes + 1;
END;

CREATE TRIGGER messages_deleted AFTER DELETE ON messages BEGIN
    UPDATE queues SET total = total - 1, leased = leased - (old.receipt IS NOT NULL) WHERE name = old.queue_name;
END;

CREATE TRIGGER messages_moved AFTER UPDATE OF due_ms, receipt ON messages BEGIN
    UPDATE queues
    SET leased = leased + (new.receipt IS NOT NULL) - (old.receipt IS NOT NULL), changes = changes + 1
    WHERE name = new.queue_name;
END;
