-- Rows of queues and limits whose count is 0 are deleted now and then (empty_counts.py).

-- changes of a new row begins above whatever an earlier row of the queue had: a process that compares it sees the
-- difference, though it never saw the queue without a row. The token is the time of the push in microseconds.
DROP TRIGGER messages_inserted;
CREATE TRIGGER messages_inserted AFTER INSERT ON messages BEGIN
    INSERT INTO queues (name, total, changes) VALUES (new.queue_name, 1, new.push_token)
    ON CONFLICT (name) DO UPDATE SET total = total + 1, changes = changes + 1;
END;
