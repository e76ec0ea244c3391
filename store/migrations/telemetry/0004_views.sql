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

-- How long things took: counts by bucket (route/histogram.h), and their sum. kind: 0 whole request, 1 first content, 2 overhead.
CREATE TABLE latency_summary (
    org TEXT NOT NULL,
    kind INTEGER NOT NULL,
    unit INTEGER NOT NULL,
    start INTEGER NOT NULL,
    bucket INTEGER NOT NULL,
    requests INTEGER NOT NULL DEFAULT 0,
    total_us INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (org, kind, unit, start, bucket)
) WITHOUT ROWID;

-- What was summed before. Sums by combination know team, feature, model, provider and key; by the other dimensions all of it is "(other)", so that each
-- dimension adds up to the total. They know what was saved but not by how many: requests whose cost is known count as compared; where the requested
-- model's cost was not known, that adds nothing to what was saved. They know no fallbacks and no latencies by bucket. Hours: those of the last 8 days
-- that have any, so that it is quick; days: all.
INSERT INTO dimension_summary (org, dimension, unit, start, value, request_count, error_count, unpriced_count, compared_count, premium_count,
    cache_hit_count, latency_count, total_latency_us, total_cost, original_cost, compared_cost, total_saved, premium_saved, input_tokens,
    cache_read_tokens, cache_write_tokens, cache_write_1h_tokens, output_tokens)
SELECT org, dimension, unit, start,
    CASE dimension WHEN 0 THEN '' WHEN 1 THEN team WHEN 2 THEN feature WHEN 3 THEN model WHEN 6 THEN provider ELSE key_id END AS named,
    sum(request_count), sum(error_count), sum(unpriced_count), sum(request_count - unpriced_count), sum(premium_count),
    sum(cache_hit_count), sum(latency_count), sum(total_latency_us), sum(total_cost), sum(total_cost + total_saved), sum(total_cost), sum(total_saved),
    sum(premium_saved), sum(input_tokens), sum(cache_read_tokens), sum(cache_write_tokens), sum(cache_write_1h_tokens), sum(output_tokens)
FROM (
    SELECT 3600 AS unit, hour AS start, org, team, feature, model, provider, key_id,
        request_count, error_count, unpriced_count, premium_count, cache_hit_count, latency_count, total_latency_us, total_cost, total_saved,
        premium_saved, input_tokens, cache_read_tokens, cache_write_tokens, cache_write_1h_tokens, output_tokens
    FROM hourly_cost_summary WHERE hour > (SELECT max(hour) FROM hourly_cost_summary) - 691200
    UNION ALL
    SELECT 86400, day, org, team, feature, model, provider, key_id,
        request_count, error_count, unpriced_count, premium_count, cache_hit_count, latency_count, total_latency_us, total_cost, total_saved,
        premium_saved, input_tokens, cache_read_tokens, cache_write_tokens, cache_write_1h_tokens, output_tokens
    FROM daily_cost_summary)
CROSS JOIN (SELECT 0 AS dimension UNION ALL VALUES (1), (2), (3), (6), (7))
GROUP BY org, dimension, unit, start, named;

INSERT INTO dimension_summary (org, dimension, unit, start, value, request_count, error_count, unpriced_count, compared_count, premium_count,
    cache_hit_count, latency_count, total_latency_us, total_cost, original_cost, compared_cost, total_saved, premium_saved, input_tokens,
    cache_read_tokens, cache_write_tokens, cache_write_1h_tokens, output_tokens)
SELECT org, other, unit, start, '(other)', request_count, error_count, unpriced_count, compared_count, premium_count,
    cache_hit_count, latency_count, total_latency_us, total_cost, original_cost, compared_cost, total_saved, premium_saved, input_tokens,
    cache_read_tokens, cache_write_tokens, cache_write_1h_tokens, output_tokens
FROM (SELECT 4 AS other UNION ALL VALUES (5), (8), (9), (10), (11), (12), (13), (14))
CROSS JOIN dimension_summary WHERE dimension = 0;
