/* A table says each metric's name, unit, shape and which numbers of a row of the meter are its points; two writers put them down. The histograms of
 * route/histogram.h have the very buckets of an exponential histogram of scale 3: bucket b ends at 2^((b - 160) / 8) s, OTLP's bucket i at
 * 2^((i + 1) / 8). The lowest one holds all that is shorter, so it is the count of zeroes, with its end as the threshold. */
#include <inttypes.h>
#include <stdio.h>

#include "report/otlp_parts.h"

typedef enum { SHAPE_GAUGE, SHAPE_COUNTER, SHAPE_SUM /* may fall */, SHAPE_SUMS /* a histogram without buckets: count and sum */, SHAPE_TIMES } shape;
enum { LABELS = 6, CUMULATIVE = 2, SCALE = 3, OFFSET = DD_HIST_ZERO + 1 };

typedef struct {
    dd_attr        labels[LABELS];
    size_t         n_labels;
    bool           real;           /* `amount`, not `number` */
    int64_t        number, count;
    double         amount;
    const dd_hist *times;
} point;

typedef struct metric metric;
typedef struct {
    dd_otlp              *o;
    const dd_otlp_moment *at;
    const metric         *m;
    dd_buf               *out;     /* JSON: the message; protobuf goes to o->points first */
    size_t                n;       /* points of this metric */
} writer;

typedef void points_fn(writer *w);
struct metric { const char *name, *unit, *help; shape shape; points_fn *points; };

/* --- a point --- */

static void label(point *p, const char *name, dd_str text)
{
    if (text.len && p->n_labels < LABELS)
        p->labels[p->n_labels++] = (dd_attr){ .name = name, .kind = DD_ATTR_TEXT, .text = text };
}

static double seconds(int64_t us) { return (double)us / 1e6; }
static double usd(dd_pusd v) { return (double)v / (double)DD_PUSD_PER_USD; }
static const double zero_threshold = 1.0 / (1 << (DD_HIST_ZERO / DD_HIST_OCTAVE));

/* First and one behind the last bucket that holds something; the lowest is no bucket. */
static void used_buckets(const dd_hist *h, size_t *from, size_t *to)
{
    assert(h);                         /* SHAPE_TIMES has one */
    *from = 1;
    *to   = DD_HIST_BUCKETS;
    while (*from < *to && !h->count[*from])
        ++*from;
    while (*to > *from && !h->count[*to - 1])
        --*to;
}

/* Of the buckets themselves: the meter is written while it is read. */
static int64_t counted(const dd_hist *h)
{
    int64_t n = 0;
    for (size_t i = 0; i < DD_HIST_BUCKETS; i++)
        n += h->count[i];
    return n;
}

/* --- protobuf --- */

static uint64_t zigzag(int64_t v) { return (uint64_t)v << 1 ^ (v < 0 ? UINT64_MAX : 0); }

static void put_labels(writer *w, char tag, const point *p, dd_buf *out)
{
    for (size_t i = 0; i < p->n_labels; i++)
        otlp_attr(w->o, tag, &p->labels[i], out);
}

static void put_message(writer *w, char tag, dd_str bytes, dd_buf *out)
{
    (void)w;
    otlp_wrote(out, otlp_bytes(otlp_room(out, bytes.len + 1 + VARINT_MAX), tag, bytes));
}

/* ExponentialHistogramDataPoint */
static void times_point(writer *w, const point *p, dd_buf *out)
{
    const dd_hist *h = p->times;
    size_t from, to, packed = 0;
    used_buckets(h, &from, &to);
    put_labels(w, TAG(1, WIRE_BYTES), p, out);
    for (size_t i = from; i < to; i++)
        packed += otlp_varint_len((uint64_t)h->count[i]);
    uint64_t offset = zigzag((int64_t)from - OFFSET);
    size_t   buckets = (offset ? 1 + otlp_varint_len(offset) : 0) + 1 + otlp_varint_len(packed) + packed;
    char    *q = otlp_room(out, 96 + buckets);
    q    = otlp_fixed64(q, TAG(2, WIRE_FIXED64), (uint64_t)w->at->start_ns);
    q    = otlp_fixed64(q, TAG(3, WIRE_FIXED64), (uint64_t)w->at->now_ns);
    q    = otlp_fixed64(q, TAG(4, WIRE_FIXED64), (uint64_t)counted(h));
    q    = otlp_double(q, TAG(5, WIRE_FIXED64), seconds(h->sum_us));
    *q++ = TAG(6, WIRE_VARINT);
    q    = otlp_varint(q, zigzag(SCALE));
    if (h->count[0])
        q = otlp_fixed64(q, TAG(7, WIRE_FIXED64), (uint64_t)h->count[0]);
    if (from < to) {
        *q++ = TAG(8, WIRE_BYTES);
        q    = otlp_varint(q, buckets);
        if (offset) {
            *q++ = TAG(1, WIRE_VARINT);
            q    = otlp_varint(q, offset);
        }
        *q++ = TAG(2, WIRE_BYTES);
        q    = otlp_varint(q, packed);
        for (size_t i = from; i < to; i++)
            q = otlp_varint(q, (uint64_t)h->count[i]);
    }
    otlp_wrote(out, otlp_double(q, TAG(14, WIRE_FIXED64), zero_threshold));
}

/* HistogramDataPoint */
static void sums_point(writer *w, const point *p, dd_buf *out)
{
    put_labels(w, TAG(9, WIRE_BYTES), p, out);
    char *q = otlp_room(out, 48);
    q = otlp_fixed64(q, TAG(2, WIRE_FIXED64), (uint64_t)w->at->start_ns);
    q = otlp_fixed64(q, TAG(3, WIRE_FIXED64), (uint64_t)w->at->now_ns);
    q = otlp_fixed64(q, TAG(4, WIRE_FIXED64), (uint64_t)p->count);
    otlp_wrote(out, otlp_double(q, TAG(5, WIRE_FIXED64), (double)p->number));
}

/* NumberDataPoint */
static void number_point(writer *w, const point *p, dd_buf *out)
{
    put_labels(w, TAG(7, WIRE_BYTES), p, out);
    char *q = otlp_room(out, 48);
    if (w->m->shape != SHAPE_GAUGE)
        q = otlp_fixed64(q, TAG(2, WIRE_FIXED64), (uint64_t)w->at->start_ns);
    q = otlp_fixed64(q, TAG(3, WIRE_FIXED64), (uint64_t)w->at->now_ns);
    otlp_wrote(out, p->real ? otlp_double(q, TAG(4, WIRE_FIXED64), p->amount) : otlp_fixed64(q, TAG(6, WIRE_FIXED64), (uint64_t)p->number));
}

static void add_point(writer *w, const point *p)
{
    dd_buf *one = &w->o->data;
    dd_buf_clear(one);
    if (w->m->shape == SHAPE_TIMES)
        times_point(w, p, one);
    else if (w->m->shape == SHAPE_SUMS)
        sums_point(w, p, one);
    else
        number_point(w, p, one);
    put_message(w, TAG(1, WIRE_BYTES), dd_buf_str(one), &w->o->points);
}

/* Metric { name = 1, description = 2, unit = 3, gauge = 5, sum = 7, histogram = 9, exponential_histogram = 10 } */
static void end_metric(writer *w)
{
    static const char tags[] = { [SHAPE_GAUGE] = TAG(5, WIRE_BYTES), [SHAPE_COUNTER] = TAG(7, WIRE_BYTES), [SHAPE_SUM] = TAG(7, WIRE_BYTES),
                                 [SHAPE_SUMS] = TAG(9, WIRE_BYTES), [SHAPE_TIMES] = TAG(10, WIRE_BYTES) };
    dd_buf *points = &w->o->points, *whole = &w->o->data;
    char   *p = otlp_room(points, 8);
    if (w->m->shape != SHAPE_GAUGE) {
        *p++ = TAG(2, WIRE_VARINT);
        *p++ = CUMULATIVE;
    }
    if (w->m->shape == SHAPE_COUNTER) {
        *p++ = TAG(3, WIRE_VARINT);
        *p++ = 1;
    }
    otlp_wrote(points, p);
    dd_str name = dd_str_z(w->m->name), help = dd_str_z(w->m->help), unit = dd_str_z(w->m->unit);
    dd_buf_clear(whole);
    p = otlp_room(whole, name.len + help.len + unit.len + points->len + 4 * (1 + VARINT_MAX));
    p = otlp_bytes(p, TAG(1, WIRE_BYTES), name);
    p = otlp_bytes(p, TAG(2, WIRE_BYTES), help);
    p = otlp_bytes(p, TAG(3, WIRE_BYTES), unit);
    otlp_wrote(whole, otlp_bytes(p, tags[w->m->shape], dd_buf_str(points)));
    put_message(w, TAG(2, WIRE_BYTES), dd_buf_str(whole), w->out);
}

/* --- JSON --- */

static void json_text_i64(dd_json *j, const char *key, int64_t n)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRId64, n);
    if (key)
        dd_json_key(j, key);
    dd_json_strz(j, text);
}

static void json_real(dd_json *j, const char *key, double d)
{
    dd_json_key(j, key);
    otlp_json_number(j, d);
}

static void json_times(dd_json *j, const dd_hist *h)
{
    size_t from, to;
    used_buckets(h, &from, &to);
    json_text_i64(j, "count", counted(h));
    json_real(j, "sum", seconds(h->sum_us));
    dd_json_member_i64(j, "scale", SCALE);
    json_text_i64(j, "zeroCount", h->count[0]);
    json_real(j, "zeroThreshold", zero_threshold);
    if (from == to)
        return;
    dd_json_key(j, "positive");
    dd_json_open(j, '{');
    dd_json_member_i64(j, "offset", (int64_t)from - OFFSET);
    dd_json_key(j, "bucketCounts");
    dd_json_open(j, '[');
    for (size_t i = from; i < to; i++)
        json_text_i64(j, NULL, h->count[i]);
    dd_json_close(j, ']');
    dd_json_close(j, '}');
}

static void add_point_json(writer *w, const point *p)
{
    dd_json *j = &w->o->json;
    dd_json_open(j, '{');
    dd_json_key(j, "attributes");
    dd_json_open(j, '[');
    for (size_t i = 0; i < p->n_labels; i++)
        otlp_attr_json(j, &p->labels[i]);
    dd_json_close(j, ']');
    if (w->m->shape != SHAPE_GAUGE)
        json_text_i64(j, "startTimeUnixNano", w->at->start_ns);
    json_text_i64(j, "timeUnixNano", w->at->now_ns);
    if (w->m->shape == SHAPE_TIMES) {
        json_times(j, p->times);
    } else if (w->m->shape == SHAPE_SUMS) {
        json_text_i64(j, "count", p->count);
        json_real(j, "sum", (double)p->number);
    } else if (p->real) {
        json_real(j, "asDouble", p->amount);
    } else {
        json_text_i64(j, "asInt", p->number);
    }
    dd_json_close(j, '}');
}

static void begin_metric_json(dd_json *j, const metric *m)
{
    static const char *const shapes[] = { [SHAPE_GAUGE] = "gauge", [SHAPE_COUNTER] = "sum", [SHAPE_SUM] = "sum", [SHAPE_SUMS] = "histogram",
                                          [SHAPE_TIMES] = "exponentialHistogram" };
    dd_json_open(j, '{');
    dd_json_key(j, "name");
    dd_json_strz(j, m->name);
    dd_json_key(j, "description");
    dd_json_strz(j, m->help);
    dd_json_key(j, "unit");
    dd_json_strz(j, m->unit);
    dd_json_key(j, shapes[m->shape]);
    dd_json_open(j, '{');
    dd_json_key(j, "dataPoints");
    dd_json_open(j, '[');
}

static void end_metric_json(dd_json *j, const metric *m)
{
    dd_json_close(j, ']');
    if (m->shape != SHAPE_GAUGE)
        dd_json_member_i64(j, "aggregationTemporality", CUMULATIVE);
    if (m->shape == SHAPE_COUNTER) {
        dd_json_key(j, "isMonotonic");
        dd_json_bool(j, true);
    }
    dd_json_close(j, '}');
    dd_json_close(j, '}');
}

/* A metric without points is not written. */
static void put(writer *w, const point *p)
{
    bool json = w->o->form == DD_OTLP_JSON;
    if (w->n++ == 0) {
        dd_buf_clear(&w->o->points);
        if (json)
            begin_metric_json(&w->o->json, w->m);
    }
    if (json)
        add_point_json(w, p);
    else
        add_point(w, p);
}

/* --- which numbers: by model --- */

typedef void model_fn(writer *w, point *p, const dd_meter_model *m);

static void each_model(writer *w, model_fn *fn)
{
    dd_meter_model m;
    for (size_t i = 0; w->at->meter && dd_meter_model_at(w->at->meter, i, &m); i++) {
        point p = { 0 };
        if (!m.requests)
            continue;
        label(&p, "gen_ai.operation.name", dd_str_z(m.operation));
        label(&p, "gen_ai.provider.name", dd_trace_provider(dd_str_z(m.provider)));
        label(&p, "gen_ai.request.model", dd_str_z(m.requested));
        label(&p, "gen_ai.response.model", dd_str_z(m.used));
        fn(w, &p, &m);
    }
}

static void token_point(writer *w, const point *of, const char *type, int64_t tokens, int64_t count)
{
    point p  = *of;
    p.number = tokens;
    p.count  = count;
    label(&p, "gen_ai.token.type", dd_str_z(type));
    if (tokens > 0)
        put(w, &p);
}

static void tokens_of(writer *w, point *p, const dd_meter_model *m)
{
    const int64_t *t = m->tokens;
    token_point(w, p, "input", t[DD_METER_INPUT] + t[DD_METER_CACHE_READ] + t[DD_METER_CACHE_WRITE], m->requests);
    token_point(w, p, "output", t[DD_METER_OUTPUT], m->requests);
}

static void kinds_of(writer *w, point *p, const dd_meter_model *m)
{
    static const char *const kinds[DD_METER_KINDS] = { "input", "cache_read", "cache_write", "output", "reasoning" };
    for (size_t i = 0; i < DD_METER_KINDS; i++) {
        point one  = *p;
        one.number = m->tokens[i];
        label(&one, "dd0c.token.kind", dd_str_z(kinds[i]));
        if (one.number > 0)
            put(w, &one);
    }
}

static void times_of(writer *w, point *p, const dd_hist *h)
{
    p->times = h;
    if (counted(h))
        put(w, p);
}

static void total_of(writer *w, point *p, const dd_meter_model *m) { times_of(w, p, &m->total); }
static void first_of(writer *w, point *p, const dd_meter_model *m) { times_of(w, p, &m->first); }

static void requests_of(writer *w, point *p, const dd_meter_model *m)
{
    for (size_t c = 0; c < DD_EC_COUNT; c++) {
        point one  = *p;
        one.number = m->errors[c];
        if (c != DD_EC_NONE)
            label(&one, "error.type", dd_str_z(dd_error_class_name((dd_error_class)c)));
        if (one.number > 0)
            put(w, &one);
    }
}

static void put_number(writer *w, point *p, int64_t n)
{
    p->number = n;
    if (n > 0)
        put(w, p);
}

static void put_usd(writer *w, point *p, const dd_meter_model *m, dd_pusd v)
{
    p->real   = true;
    p->amount = usd(v);
    if (m->requests > m->unpriced)
        put(w, p);
}

static void cost_of(writer *w, point *p, const dd_meter_model *m) { put_usd(w, p, m, m->cost); }
static void saved_of(writer *w, point *p, const dd_meter_model *m) { put_usd(w, p, m, m->saved); }
static void unpriced_of(writer *w, point *p, const dd_meter_model *m) { put_number(w, p, m->unpriced); }
static void hits_of(writer *w, point *p, const dd_meter_model *m) { put_number(w, p, m->hits); }
static void fallbacks_of(writer *w, point *p, const dd_meter_model *m) { put_number(w, p, m->fallbacks); }
static void retries_of(writer *w, point *p, const dd_meter_model *m) { put_number(w, p, m->retries); }

static void tokens(writer *w) { each_model(w, tokens_of); }
static void kinds(writer *w) { each_model(w, kinds_of); }
static void durations(writer *w) { each_model(w, total_of); }
static void firsts(writer *w) { each_model(w, first_of); }
static void requests(writer *w) { each_model(w, requests_of); }
static void costs(writer *w) { each_model(w, cost_of); }
static void savings(writer *w) { each_model(w, saved_of); }
static void unpriced(writer *w) { each_model(w, unpriced_of); }
static void hits(writer *w) { each_model(w, hits_of); }
static void fallbacks(writer *w) { each_model(w, fallbacks_of); }
static void retries(writer *w) { each_model(w, retries_of); }

/* --- by spender, of all, of queues --- */

static void each_spender(writer *w, size_t member, bool money)
{
    dd_meter_spender s;
    for (size_t i = 0; w->at->meter && dd_meter_spender_at(w->at->meter, i, &s); i++) {
        point p = { .real = money };
        if (s.requests <= (money ? s.unpriced : 0))
            continue;                  /* of requests without a known price there is no sum, not even 0 */
        memcpy(&p.number, (const char *)&s + member, sizeof p.number);
        p.amount = usd(p.number);
        label(&p, "dd0c.team", dd_str_z(s.team));
        label(&p, "dd0c.feature", dd_str_z(s.feature));
        put(w, &p);
    }
}

static void spender_requests(writer *w) { each_spender(w, offsetof(dd_meter_spender, requests), false); }
static void spender_costs(writer *w) { each_spender(w, offsetof(dd_meter_spender, cost), true); }
static void spender_savings(writer *w) { each_spender(w, offsetof(dd_meter_spender, saved), true); }

static void overhead(writer *w)
{
    dd_meter_sum sum;
    point        p = { 0 };
    if (!w->at->meter)
        return;
    dd_meter_total(w->at->meter, &sum);
    times_of(w, &p, &sum.overhead);
}

static void each_queue(writer *w, bool dropped)
{
    for (size_t i = 0; i < w->at->n_queues; i++) {
        const dd_otlp_queue *q = &w->at->queues[i];
        point p = { .number = dropped ? q->dropped : q->queued };
        label(&p, "dd0c.queue.name", dd_str_z(q->name));
        put(w, &p);
    }
}

static void depths(writer *w) { each_queue(w, false); }
static void drops(writer *w) { each_queue(w, true); }

static const metric metrics[] = {
    { "gen_ai.client.token.usage", "{token}", "Input and output tokens of requests, cached ones among the input", SHAPE_SUMS, tokens },
    { "gen_ai.client.operation.duration", "s", "Time of a request as its client saw it", SHAPE_TIMES, durations },
    { "gen_ai.client.operation.time_to_first_chunk", "s", "Time until an answer began", SHAPE_TIMES, firsts },
    { "dd0c.tokens", "{token}", "Tokens by kind", SHAPE_COUNTER, kinds },
    { "dd0c.requests", "{request}", "Requests; those that failed with error.type", SHAPE_COUNTER, requests },
    { "dd0c.requests.unpriced", "{request}", "Requests whose cost is not known, and so is in no sum", SHAPE_COUNTER, unpriced },
    { "dd0c.cost", "USD", "Cost of requests", SHAPE_COUNTER, costs },
    { "dd0c.saved", "USD", "What the asked models would have cost, less the cost", SHAPE_SUM, savings },
    { "dd0c.cache.hits", "{request}", "Requests that a kept answer served", SHAPE_COUNTER, hits },
    { "dd0c.fallbacks", "{request}", "Requests that another than the first choice answered", SHAPE_COUNTER, fallbacks },
    { "dd0c.retries", "{attempt}", "Attempts after the first", SHAPE_COUNTER, retries },
    { "dd0c.spender.requests", "{request}", "Requests by team and feature", SHAPE_COUNTER, spender_requests },
    { "dd0c.spender.cost", "USD", "Cost by team and feature", SHAPE_COUNTER, spender_costs },
    { "dd0c.spender.saved", "USD", "Saved by team and feature", SHAPE_SUM, spender_savings },
    { "dd0c.overhead", "s", "Time that dd0c itself took of a request", SHAPE_TIMES, overhead },
    { "dd0c.queue", "{item}", "What waits to be written or sent", SHAPE_GAUGE, depths },
    { "dd0c.drops", "{item}", "What a full queue did not take", SHAPE_COUNTER, drops },
};

dd_str dd_otlp_metrics(dd_otlp *o, const dd_otlp_moment *at, dd_buf *out)
{
    otlp_open(o, out, "resourceMetrics", "scopeMetrics", "metrics");
    for (size_t i = 0; i < DD_COUNT(metrics); i++) {
        writer w = { o, at, &metrics[i], out, 0 };
        metrics[i].points(&w);
        if (w.n && o->form == DD_OTLP_JSON)
            end_metric_json(&o->json, w.m);
        else if (w.n)
            end_metric(&w);
    }
    return otlp_close(o, out);
}
