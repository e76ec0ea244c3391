-- The trace of a request, and what its tree shows. Times in microseconds; NULL is "not known", and of older rows.
ALTER TABLE events ADD COLUMN rules TEXT;
ALTER TABLE events ADD COLUMN finish_reason TEXT;
ALTER TABLE events ADD COLUMN trace_id TEXT;
ALTER TABLE events ADD COLUMN parent_span TEXT;
ALTER TABLE events ADD COLUMN unsampled INTEGER;
ALTER TABLE events ADD COLUMN auth_us INTEGER;
ALTER TABLE events ADD COLUMN decide_us INTEGER;
ALTER TABLE events ADD COLUMN cache_us INTEGER;
ALTER TABLE events ADD COLUMN prepare_us INTEGER;
ALTER TABLE events ADD COLUMN answer_us INTEGER;

-- A page of requests by one filter, at any depth: each index ends in the id, the order of pages.
CREATE INDEX events_model ON events (used_model) WHERE used_model IS NOT NULL;
CREATE INDEX events_feature ON events (feature) WHERE feature IS NOT NULL;
CREATE INDEX events_team ON events (team) WHERE team IS NOT NULL;
CREATE INDEX events_status ON events (status);

-- Sums by one dimension: a row for each value in each hour and each day. However many combinations there are, a view reads few rows.
-- dimension: store/dims.h. unit: 3600 or 86400; start: seconds since 1970 of the hour or day (UTC).
-- Compared: requests whose cost by the requested model and actual cost are both known; original_cost - compared_cost = total_saved.
CREATE TABLE dimension_summary (
    org TEXT NOT NULL,
    dimension INTEGER NOT NULL,
    unit INTEGER NOT NULL,
    start INTEGER NOT NULL,
    value TEXT NOT NULL,
    request_count INTEGER NOT NULL DEFAULT 0,
    error_count INTEGER NOT NULL DEFAULT 0,
    unpriced_count INTEGER NOT NULL DEFAULT 0,
    compared_count INTEGER NOT NULL DEFAULT 0,
    premium_count INTEGER NOT NULL DEFAULT 0,
    cache_hit_count INTEGER NOT NULL DEFAULT 0,
    fallback_count INTEGER NOT NULL DEFAULT 0,
    latency_count INTEGER NOT NULL DEFAULT 0,
    total_latency_us INTEGER NOT NULL DEFAULT 0,
    total_cost INTEGER NOT NULL DEFAULT 0,
    original_cost INTEGER NOT NULL DEFAULT 0,
    compared_cost INTEGER NOT NULL DEFAULT 0,
    total_saved INTEGER NOT NULL DEFAULT 0,
    premium_saved INTEGER NOT NULL DEFAULT 0,
    input_tokens INTEGER NOT NULL DEFAULT 0,
    cache_read_tokens INTEGER NOT NULL DEFAULT 0,
    cache_write_tokens INTEGER NOT NULL DEFAULT 0,
    cache_write_1h_tokens INTEGER NOT NULL DEFAULT 0,
    output_tokens INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (org, dimension, unit, start, value)
) WITHOUT ROWID;

-- How long things took: counts by bucket (route/histogram.h). kind: 0 whole request, 1 first content, 2 overhead.
CREATE TABLE latency_summary (
    org TEXT NOT NULL,
    kind INTEGER NOT NULL,
    unit INTEGER NOT NULL,
    start INTEGER NOT NULL,
    bucket INTEGER NOT NULL,
    requests INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (org, kind, unit, start, bucket)
) WITHOUT ROWID;
