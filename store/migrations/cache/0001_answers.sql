-- Answers kept for equal requests. What a row tells: a keyed hash of the request, its times, and how long its sealed pieces are (AES-256-GCM).
CREATE TABLE answers (
    id        INTEGER PRIMARY KEY, -- in the order of storing: the oldest go first
    key       BLOB NOT NULL,      -- HMAC-SHA-256 under this installation's key
    stored_s  INTEGER NOT NULL,
    expires_s INTEGER NOT NULL,
    about     BLOB NOT NULL,      -- who answered, for whom, under which tags: what invalidating asks for
    answer    BLOB NOT NULL       -- as the client got it
);
CREATE UNIQUE INDEX answers_key ON answers (key);
CREATE INDEX answers_expires ON answers (expires_s);
