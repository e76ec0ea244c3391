-- Orgs, their keys, their sealed secrets, and the log of control actions. Only ever added to (spec R10.2).
CREATE TABLE orgs (
    id        TEXT PRIMARY KEY,
    name      TEXT NOT NULL,
    created_s INTEGER NOT NULL
) WITHOUT ROWID;
INSERT INTO orgs (id, name, created_s) VALUES ('default', 'default', CAST(strftime('%s', 'now') AS INTEGER));

-- A key keeps its id when it is rotated; only its hash changes. Times are seconds since 1970, 0: never.
CREATE TABLE keys (
    id         TEXT PRIMARY KEY,
    org        TEXT NOT NULL REFERENCES orgs (id),
    name       TEXT NOT NULL,
    hash       TEXT NOT NULL,             -- bcrypt of the secret part
    user       TEXT NOT NULL DEFAULT '',
    team       TEXT NOT NULL DEFAULT '',
    feature    TEXT NOT NULL DEFAULT '',
    tags       TEXT NOT NULL DEFAULT '',  -- a JSON object, '': none
    models     TEXT NOT NULL DEFAULT '',  -- globs, one a line, '': all
    scopes     TEXT NOT NULL DEFAULT '',  -- names with a blank between
    created_s  INTEGER NOT NULL,
    expires_s  INTEGER NOT NULL DEFAULT 0,
    rotated_s  INTEGER NOT NULL DEFAULT 0,
    revoked_s  INTEGER NOT NULL DEFAULT 0,
    rotations  INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;

-- Apart from keys, so that use does not touch what a proxy watches for revokes. Coarse: a minute.
CREATE TABLE key_use (
    key_id      TEXT PRIMARY KEY REFERENCES keys (id),
    last_used_s INTEGER NOT NULL
) WITHOUT ROWID;

-- The data key seals secrets and is itself sealed by the master key, which is never in here.
CREATE TABLE data_keys (
    id        INTEGER PRIMARY KEY,
    org       TEXT NOT NULL REFERENCES orgs (id),
    sealed    BLOB NOT NULL,              -- nonce, ciphertext, tag
    created_s INTEGER NOT NULL
);
CREATE TABLE secrets (
    org         TEXT NOT NULL REFERENCES orgs (id),
    name        TEXT NOT NULL,
    data_key_id INTEGER NOT NULL REFERENCES data_keys (id),
    sealed      BLOB NOT NULL,
    created_s   INTEGER NOT NULL,
    updated_s   INTEGER NOT NULL,
    PRIMARY KEY (org, name)
) WITHOUT ROWID;

-- Who changed what and when; before and after are JSON objects, never secrets. Kept 90 days (spec R4.7).
CREATE TABLE audit_log (
    id        INTEGER PRIMARY KEY,
    org       TEXT NOT NULL,
    time_ms   INTEGER NOT NULL,
    who       TEXT NOT NULL,
    action    TEXT NOT NULL,
    object    TEXT NOT NULL,
    old_value TEXT NOT NULL DEFAULT '',
    new_value TEXT NOT NULL DEFAULT ''
);
