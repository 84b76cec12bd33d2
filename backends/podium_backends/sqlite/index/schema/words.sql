-- The words of entries, without the texts themselves: a row's words are deleted by giving them again, as they are made
-- from its document. Where they would be made otherwise now, all are made anew (words_version.py).

-- Columns are the TEXT fields, and ``exact``: the values of all others, each as one token. Tokens come separated by blanks;
-- every other printable character belongs to a token.
CREATE VIRTUAL TABLE workflow_words USING fts5 (
    input, output, failed_task_names,
    external_input_payload_storage_path, external_output_payload_storage_path,
    exact,
    content = '',
    tokenize = "ascii tokenchars '!#$%&()*+,-./:;<=>?@[\]^_`{|}~'''"
);

CREATE VIRTUAL TABLE task_words USING fts5 (
    input, output,
    external_input_payload_storage_path, external_output_payload_storage_path,
    exact,
    content = '',
    tokenize = "ascii tokenchars '!#$%&()*+,-./:;<=>?@[\]^_`{|}~'''"
);

-- How the words here were made.
CREATE TABLE words_version (
    one INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    version TEXT NOT NULL
) STRICT;

INSERT INTO words_version (one, version) VALUES (1, '');
