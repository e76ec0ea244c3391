-- How a request was decided, as far as it was; score in millionths, cost_premium in picodollars. NULL is "not known", and of older rows.
ALTER TABLE events ADD COLUMN complexity TEXT;
ALTER TABLE events ADD COLUMN score INTEGER;
ALTER TABLE events ADD COLUMN considered TEXT;
ALTER TABLE events ADD COLUMN fallback INTEGER;
ALTER TABLE events ADD COLUMN cost_premium INTEGER;
ALTER TABLE events ADD COLUMN cache TEXT;
ALTER TABLE events ADD COLUMN budget TEXT;
ALTER TABLE events ADD COLUMN session TEXT;
ALTER TABLE events ADD COLUMN call_site TEXT;
ALTER TABLE events ADD COLUMN prompt_hash TEXT;

-- Premium: of the requests whose cost by the premium model and actual cost are both known, the difference summed. Hits: answered from the cache.
ALTER TABLE hourly_cost_summary ADD COLUMN premium_count INTEGER NOT NULL DEFAULT 0;
ALTER TABLE hourly_cost_summary ADD COLUMN premium_saved INTEGER NOT NULL DEFAULT 0;
ALTER TABLE hourly_cost_summary ADD COLUMN cache_hit_count INTEGER NOT NULL DEFAULT 0;
ALTER TABLE daily_cost_summary ADD COLUMN premium_count INTEGER NOT NULL DEFAULT 0;
ALTER TABLE daily_cost_summary ADD COLUMN premium_saved INTEGER NOT NULL DEFAULT 0;
ALTER TABLE daily_cost_summary ADD COLUMN cache_hit_count INTEGER NOT NULL DEFAULT 0;
