-- Requests that came with a trace of the client's, in the order of their writing: to look for one reads this instead of the table. In the order of random
-- ids each event would rewrite a page of its own (three times the work of all else). One that began here is found by its id, which begins with the time.
CREATE INDEX events_client_trace ON events (batch, trace_id) WHERE parent_span IS NOT NULL;
