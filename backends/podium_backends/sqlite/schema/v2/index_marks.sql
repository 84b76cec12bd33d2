-- Marks for the index, removals that archive first, and payloads that go with their documents.

-- archive: 0, or 1 while the index has yet to hold the documents of a workflow with a removal mark, or 2 once it does.
-- mark_index, take_payloads: what the removal has to do beside.
-- payloads: the keys of the payloads that Podium stored for the document, separated by blanks; null without any.
ALTER TABLE workflows ADD COLUMN archive INTEGER NOT NULL DEFAULT 0;
ALTER TABLE workflows ADD COLUMN mark_index INTEGER NOT NULL DEFAULT 0;
ALTER TABLE workflows ADD COLUMN take_payloads INTEGER NOT NULL DEFAULT 0;
ALTER TABLE workflows ADD COLUMN payloads TEXT;
ALTER TABLE tasks ADD COLUMN payloads TEXT;
-- Which of a workflow's tasks refer to a payload, without reading their documents.
CREATE INDEX tasks_with_payloads ON tasks (workflow_id, payloads) WHERE payloads IS NOT NULL;

-- In the order in which a drainer takes them: no sorting, however many wait.
DROP INDEX outbox_due;
CREATE INDEX outbox_due ON outbox (kind, due_ms, token) WHERE aside = 0;
