-- Places of concurrency limits, and the grants of rate limits.

-- A place that isn't in use lapses at expires_ms.
CREATE TABLE limit_places (
    definition_name TEXT NOT NULL,
    task_id TEXT NOT NULL,
    in_progress INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL,
    PRIMARY KEY (definition_name, task_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX limit_places_lapsing ON limit_places (definition_name, expires_ms) WHERE in_progress = 0;

-- A row outlives its last place.
CREATE TABLE limit_counts (
    definition_name TEXT NOT NULL PRIMARY KEY,
    places INTEGER NOT NULL,
    in_progress INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TRIGGER limit_places_inserted AFTER INSERT ON limit_places BEGIN
    INSERT INTO limit_counts (definition_name, places, in_progress)
    VALUES (new.definition_name, 1, new.in_progress)
    ON CONFLICT (definition_name) DO UPDATE SET
        places = places + 1, in_progress = in_progress + excluded.in_progress;
END;

CREATE TRIGGER limit_places_used AFTER UPDATE OF in_progress ON limit_places BEGIN
    UPDATE limit_counts SET in_progress = in_progress + new.in_progress - old.in_progress
    WHERE definition_name = new.definition_name;
END;

CREATE TRIGGER limit_places_deleted AFTER DELETE ON limit_places BEGIN
    UPDATE limit_counts SET places = places - 1, in_progress = in_progress - old.in_progress
    WHERE definition_name = old.definition_name;
END;

-- seq has no gaps: the n-th latest grant is found by its number. Times never fall with it.
CREATE TABLE rate_grants (
    definition_name TEXT NOT NULL,
    seq INTEGER NOT NULL,
    granted_ms INTEGER NOT NULL,
    PRIMARY KEY (definition_name, seq)
) STRICT, WITHOUT ROWID;
