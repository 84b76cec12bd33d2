-- Entries of the index: what searches compare and sort by in columns, documents apart, so that a scan reads little.

-- number: an entry's row in all tables of its kind.
-- token: the version that was written. digest: BLAKE2b of the document. texts: two bits for each TEXT field, that it is
-- there and that it has words. external: 1 where the entry came through IndexService, not from a stored document.
-- Times are milliseconds since the epoch, archived is 0 or 1; null where the document doesn't have the field.
CREATE TABLE workflows (
    number INTEGER PRIMARY KEY,
    workflow_id TEXT NOT NULL UNIQUE,
    token INTEGER NOT NULL,
    digest BLOB NOT NULL,
    external INTEGER NOT NULL DEFAULT 0,
    texts INTEGER NOT NULL,
    workflow_type TEXT,
    version INTEGER,
    status TEXT,
    correlation_id TEXT,
    start_time INTEGER,
    update_time INTEGER,
    end_time INTEGER,
    reason_for_incompletion TEXT,
    execution_time INTEGER,
    event TEXT,
    priority INTEGER,
    input_size INTEGER,
    output_size INTEGER,
    archived INTEGER,
    external_input_payload_storage_path TEXT,
    external_output_payload_storage_path TEXT
) STRICT;

CREATE INDEX workflows_by_status ON workflows (status, start_time);
CREATE INDEX workflows_by_type ON workflows (workflow_type, start_time);
CREATE INDEX workflows_by_type_and_status ON workflows (workflow_type, status, start_time);
CREATE INDEX workflows_by_correlation ON workflows (correlation_id) WHERE correlation_id IS NOT NULL;
CREATE INDEX workflows_by_start ON workflows (start_time);
CREATE INDEX workflows_by_update ON workflows (update_time);
CREATE INDEX workflows_by_end ON workflows (end_time);

CREATE TABLE workflow_documents (
    number INTEGER PRIMARY KEY,
    document TEXT NOT NULL
) STRICT;

CREATE TABLE tasks (
    number INTEGER PRIMARY KEY,
    task_id TEXT NOT NULL UNIQUE,
    token INTEGER NOT NULL,
    digest BLOB NOT NULL,
    external INTEGER NOT NULL DEFAULT 0,
    texts INTEGER NOT NULL,
    workflow_id TEXT,
    workflow_type TEXT,
    task_def_name TEXT,
    task_type TEXT,
    status TEXT,
    correlation_id TEXT,
    scheduled_time INTEGER,
    start_time INTEGER,
    update_time INTEGER,
    end_time INTEGER,
    reason_for_incompletion TEXT,
    execution_time INTEGER,
    queue_wait_time INTEGER,
    workflow_priority INTEGER,
    domain TEXT,
    archived INTEGER,
    external_input_payload_storage_path TEXT,
    external_output_payload_storage_path TEXT
) STRICT;

-- Every update of a task changes update_time, and rewrites all indexes that have it: 4 to 8 µs for each, beside 20 for the
-- row and its document. So only two have it. The newest of many tasks of one type are found along tasks_by_update
-- (search.py); slow is a stretch of update_time within a definition, 30 ms where that has 50,000 of 100,000 tasks.
CREATE INDEX tasks_by_workflow ON tasks (workflow_id);
CREATE INDEX tasks_by_definition ON tasks (task_def_name, status);
CREATE INDEX tasks_by_type ON tasks (task_type, status);
CREATE INDEX tasks_by_status ON tasks (status, update_time);
CREATE INDEX tasks_by_workflow_type ON tasks (workflow_type);
CREATE INDEX tasks_by_correlation ON tasks (correlation_id) WHERE correlation_id IS NOT NULL;
CREATE INDEX tasks_by_start ON tasks (start_time);
CREATE INDEX tasks_by_update ON tasks (update_time);

CREATE TABLE task_documents (
    number INTEGER PRIMARY KEY,
    document TEXT NOT NULL
) STRICT;
