-- The words of entries. FTS5 keeps them as they were given, which is up to a third of the file: so it can delete and replace
-- them by itself, even if the document has changed, and needn't be given those of a text that stays. After the rules
-- for words change, all are rebuilt (words_version.py).

-- Columns are the TEXT fields, and ``exact``: the values of all others but one (layout.py), each as one token. Tokens come
-- separated by blanks; every other printable character belongs to a token.
CREATE VIRTUAL TABLE workflow_words USING fts5 (
    input, output, failed_task_names,
    external_input_payload_storage_path, external_output_payload_storage_path,
    exact,
    tokenize = "ascii tokenchars '!#$%&()*+,-./:;<=>?@[\]^_`{|}~'''"
);

CREATE VIRTUAL TABLE task_words USING fts5 (
    input, output,
    external_input_payload_storage_path, external_output_payload_storage_path,
    exact,
    tokenize = "ascii tokenchars '!#$%&()*+,-./:;<=>?@[\]^_`{|}~'''"
);

-- How the words here were made.
CREATE TABLE words_version (
    one INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    version TEXT NOT NULL
) STRICT;

INSERT INTO words_version (one, version) VALUES (1, '');
