-- What was invalidated, for the other processes that use this file: they look once a second, and forget it, too. Rows go after an hour.
CREATE TABLE gone (
    id    INTEGER PRIMARY KEY AUTOINCREMENT,
    by    INTEGER NOT NULL,      -- the process that has forgotten it already, by a random number
    at_s  INTEGER NOT NULL,
    match BLOB NOT NULL          -- sealed: model, tag, key and organisation
);
