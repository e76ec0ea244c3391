-- What tells an event from another of the same id: processes that share a folder may number alike.
ALTER TABLE events ADD COLUMN mark INTEGER;
