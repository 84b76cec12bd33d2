-- Workflows, tasks, slots, event executions, remembered requests.

-- removal: the removal record (podium_core.decide.removal_record) as msgpack; null without one. removal_due_ms and archive
-- (0 unwanted, 1 wanted, 2 confirmed) are its own, for conditions.
-- payloads: the keys of the payloads that Podium stored for the document, separated by blanks; null without any.
CREATE TABLE workflows (
    id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    version INTEGER NOT NULL,
    correlation_id TEXT,
    status TEXT,
    create_time INTEGER NOT NULL,
    stamp INTEGER NOT NULL,
    pending INTEGER NOT NULL,
    listed INTEGER NOT NULL,
    payloads TEXT,
    removal BLOB,
    removal_due_ms INTEGER,
    archive INTEGER NOT NULL DEFAULT 0,
    document TEXT NOT NULL
) STRICT;

CREATE INDEX workflows_pending ON workflows (name, id) WHERE pending = 1;
CREATE INDEX workflows_by_time ON workflows (name, create_time, id) WHERE listed = 1;
CREATE INDEX workflows_by_correlation ON workflows (correlation_id, name, id)
    WHERE listed = 1 AND correlation_id IS NOT NULL;

CREATE TABLE tasks (
    id TEXT NOT NULL UNIQUE,
    workflow_id TEXT NOT NULL,
    definition_name TEXT NOT NULL,
    status TEXT,
    stamp INTEGER NOT NULL,
    pending INTEGER NOT NULL,
    limited INTEGER NOT NULL,
    queue_name TEXT NOT NULL,
    payloads TEXT,
    document TEXT NOT NULL
) STRICT;

CREATE INDEX tasks_by_workflow ON tasks (workflow_id, id);
CREATE INDEX tasks_pending ON tasks (definition_name, id) WHERE pending = 1;
-- Which of a workflow's tasks refer to a payload, without reading their documents.
CREATE INDEX tasks_with_payloads ON tasks (workflow_id, payloads) WHERE payloads IS NOT NULL;
CREATE INDEX tasks_pending_by_workflow ON tasks (workflow_id, id) WHERE pending = 1;

CREATE TABLE slots (
    workflow_id TEXT NOT NULL,
    reference_task_name TEXT NOT NULL,
    retry_count INTEGER NOT NULL,
    task_id TEXT NOT NULL,
    PRIMARY KEY (workflow_id, reference_task_name, retry_count)
) STRICT, WITHOUT ROWID;

CREATE INDEX slots_by_task ON slots (task_id);

CREATE TABLE event_executions (
    handler_name TEXT NOT NULL,
    event TEXT NOT NULL,
    message_id TEXT NOT NULL,
    id TEXT NOT NULL,
    expires_ms INTEGER,
    document TEXT NOT NULL,
    PRIMARY KEY (handler_name, event, message_id, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX event_executions_expiring ON event_executions (expires_ms) WHERE expires_ms IS NOT NULL;

CREATE TABLE requests (
    id TEXT NOT NULL PRIMARY KEY,
    expires_ms INTEGER NOT NULL,
    outcome BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX requests_expiring ON requests (expires_ms);
