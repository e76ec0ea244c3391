"""The rule of tools/lint.py that keeps migrations additive (R10.2)."""
import importlib.util
import pathlib

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
spec = importlib.util.spec_from_file_location("dd0c_lint", ROOT / "tools" / "lint.py")
lint = importlib.util.module_from_spec(spec)
spec.loader.exec_module(lint)

REFUSED = {
    "DROP TABLE events;": 1,
    "CREATE TABLE a (x INTEGER);\n\ndrop index events_batch;": 3,
    "ALTER TABLE keys\n  ALTER COLUMN name TYPE TEXT;": 1,
    "ALTER TABLE keys ALTER COLUMN name SET DATA TYPE TEXT;": 1,
    "ALTER TABLE keys RENAME TO keys_old;": 1,
    "ALTER TABLE keys RENAME COLUMN a TO b;": 1,
    "ALTER TABLE keys DROP COLUMN a;": 1,
    "TRUNCATE events;": 1,
    "/* why */ ALTER/**/TABLE keys/* */DROP\nCOLUMN a;": 1,
}
ALLOWED = (
    "ALTER TABLE keys ADD COLUMN team_v2 TEXT;",
    "-- we used to DROP this\nCREATE TABLE a (drops INTEGER, type TEXT, renamed_ms INTEGER);",
    "INSERT INTO notes VALUES ('DROP TABLE events; -- not');",
    "ALTER TABLE keys ADD COLUMN kind TEXT DEFAULT 'x'; CREATE TABLE b (type TEXT);",
)


def test_destructive_changes_are_refused(cli):
    for n, (sql, line) in enumerate(REFUSED.items()):
        cli.write(f"r{n}/telemetry/0002_x.sql", sql)
        found = list(lint.migrations(cli.dir / f"r{n}"))
        assert found and all("Destructive schema change detected" in f for f in found), (sql, found)
        assert f"0002_x.sql:{line}:" in found[0], (sql, found)


def test_additive_changes_are_not(cli):
    for n, sql in enumerate(ALLOWED):
        cli.write(f"a{n}/telemetry/0002_x.sql", sql)
        assert list(lint.migrations(cli.dir / f"a{n}")) == [], sql


def test_a_new_column_is_nullable_or_has_a_default(cli):
    cli.write("n/telemetry/0002_x.sql", "ALTER TABLE keys ADD COLUMN team TEXT NOT NULL;")
    assert "nullable or have a default" in list(lint.migrations(cli.dir / "n"))[0]
    cli.write("d/telemetry/0002_x.sql", "ALTER TABLE keys ADD COLUMN team TEXT NOT NULL DEFAULT '';")
    assert list(lint.migrations(cli.dir / "d")) == []


def test_ours_are_additive(cli):
    assert list(lint.migrations()) == []
