-- Definitions, event handlers, poll data. Documents are the text that came, byte for byte.

CREATE TABLE task_defs (
    name TEXT NOT NULL UNIQUE,
    owner_app TEXT,
    owner_email TEXT,
    create_time INTEGER,
    update_time INTEGER,
    document TEXT NOT NULL
) STRICT;

CREATE TABLE workflow_defs (
    name TEXT NOT NULL,
    version INTEGER NOT NULL,
    owner_app TEXT,
    owner_email TEXT,
    create_time INTEGER,
    update_time INTEGER,
    document TEXT NOT NULL,
    UNIQUE (name, version)
) STRICT;

CREATE TABLE event_handlers (
    name TEXT NOT NULL UNIQUE,
    event TEXT NOT NULL,
    active INTEGER NOT NULL,
    document TEXT NOT NULL
) STRICT;

CREATE INDEX event_handlers_by_event ON event_handlers (event, name);

-- domain: empty for a poll without one.
CREATE TABLE poll_data (
    task_def_name TEXT NOT NULL,
    domain TEXT NOT NULL,
    worker_id TEXT NOT NULL,
    last_poll_time INTEGER NOT NULL,
    PRIMARY KEY (task_def_name, domain)
) STRICT, WITHOUT ROWID;
