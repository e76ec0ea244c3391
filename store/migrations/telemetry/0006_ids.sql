-- Which ids the requests of an hour and of a day have: a page by a filter looks only where the sums say that one may fit (store/skip.h).
-- unit, start: those of dimension_summary. request_count: what was counted here; where dimension_summary has more, an older program wrote the
-- others, or they were there before this table was. most_cost: the dearest of them, in picodollars; -1: none is known.
-- Programs before the sums by dimension would write events that no sum has, and pages would not find them.
-- readable-from: 4
CREATE TABLE id_summary (
    org TEXT NOT NULL,
    unit INTEGER NOT NULL,
    start INTEGER NOT NULL,
    first_id INTEGER NOT NULL,
    last_id INTEGER NOT NULL,
    request_count INTEGER NOT NULL DEFAULT 0,
    most_cost INTEGER NOT NULL DEFAULT -1,
    PRIMARY KEY (org, unit, start)
) WITHOUT ROWID;
