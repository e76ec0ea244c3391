#include "report/tail.h"

#include <stdlib.h>
#include <time.h>

#include "base/sum.h"
#include "report/csv.h"
#include "report/format.h"

/* ---- columns ---- */

enum { STATUS = 3, COST = 11, WIDE = 100, WIDEST_TEXT = 24 };

static const dd_tail_column ours[] = {
    { "time", DD_TAIL_CLOCK, NULL }, { "models", DD_TAIL_MODELS, NULL }, { "tokens", DD_TAIL_TOKENS, NULL }, { "took", DD_TAIL_TOOK, NULL },
    { "labels", DD_TAIL_LABELS, NULL },
};

static const dd_tail_column usual[] = {
    { "time", DD_TAIL_CLOCK, NULL }, { "", DD_TAIL_STATUS, NULL }, { "model", DD_TAIL_MODELS, NULL }, { "in>out", DD_TAIL_TOKENS, NULL },
    { "cost", DD_TAIL_COST, NULL },  { "took", DD_TAIL_TOOK, NULL }, { "", DD_TAIL_LABELS, NULL },
};
static const dd_tail_column usual_wide[] = {
    { "time", DD_TAIL_CLOCK, NULL }, { "", DD_TAIL_STATUS, NULL },   { "model", DD_TAIL_MODELS, NULL }, { "in>out", DD_TAIL_TOKENS, NULL },
    { "cost", DD_TAIL_COST, NULL },  { "saved", DD_TAIL_SAVED, NULL }, { "took", DD_TAIL_TOOK, NULL },  { "", DD_TAIL_LABELS, NULL },
};

const dd_tail_column *dd_tail_find(dd_str name)
{
    for (size_t i = 0; i < DD_COUNT(ours); i++)
        if (dd_str_eqz(name, ours[i].name))
            return &ours[i];
    return NULL;
}

const dd_tail_column *dd_tail_usual(int width, size_t *n)
{
    bool wide = width == 0 || width >= WIDE;
    *n = wide ? DD_COUNT(usual_wide) : DD_COUNT(usual);
    return wide ? usual_wide : usual;
}

/* In a terminal, and in a pipe, where lines must not differ from machine to machine. The model takes what the others leave: 56 is those, and room for
 * "team=web". */
static int width_of(const dd_tail_look *k, const dd_tail_column *c)
{
    int w = k->width;
    switch (c->kind) {
    case DD_TAIL_CLOCK: return w ? 8 : 12;
    case DD_TAIL_STATUS: return STATUS;
    case DD_TAIL_MODELS: return w == 0 ? 32 : w >= WIDE ? 34 : w > 72 ? w - 56 : 16;
    case DD_TAIL_TOKENS: return w ? 10 : 13;
    case DD_TAIL_COST: case DD_TAIL_SAVED: return COST;
    case DD_TAIL_TOOK: case DD_TAIL_DURATION: return w ? 8 : 10;
    case DD_TAIL_TIME: return 24;
    case DD_TAIL_ID: return 17;
    case DD_TAIL_DAY: return 10;
    case DD_TAIL_BOOL: return 5;
    case DD_TAIL_NUMBER: case DD_TAIL_SHARE: return 8;
    default: return w ? WIDEST_TEXT : 16;
    }
}

static int column_width(const dd_tail_look *k, const dd_tail_column *c)
{
    int w = width_of(k, c), n = (int)strlen(c->name);
    return n > w ? n : w;
}

/* ---- a line: cells into a grid for a terminal, into text for a pipe ---- */

typedef struct {
    const dd_tail_look *look;
    dd_grid            *grid;     /* NULL: text */
    dd_buf             *text;
    dd_arena           *tmp;
    int                 col, end; /* where this cell ends in a terminal */
} pen;

/* Names come from clients: measured as they will be shown. */
static dd_str harmless(dd_arena *a, dd_str s)
{
    dd_buf b = DD_BUF_INIT(0);
    dd_buf_add_line(&b, s);
    dd_str out = dd_arena_dup(a, dd_buf_str(&b));
    dd_buf_free(&b);
    return out;
}

static void put(pen *p, dd_role role, dd_str s)
{
    s = harmless(p->tmp, s);
    if (!p->grid) {
        dd_buf_add(p->text, s);
        p->col += (int)dd_utf8_width(s);
        return;
    }
    if (p->end - p->col > 0)
        p->col = dd_grid_put(p->grid, 0, p->col, role, dd_fmt_fit(p->tmp, s, p->end - p->col));
}

static void putf(pen *p, dd_role role, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
static void putf(pen *p, dd_role role, const char *fmt, ...)
{
    dd_buf  b = DD_BUF_INIT(1 << 20);
    va_list ap;
    va_start(ap, fmt);
    dd_buf_vprintf(&b, fmt, ap);
    va_end(ap);
    put(p, role, dd_buf_str(&b));
    dd_buf_free(&b);
}

/* ---- values ---- */

static void put_clock(pen *p, int64_t time_ms)
{
    dd_str clock = dd_fmt_clock(p->tmp, time_ms, dd_zone_offset(p->look->zone, time_ms / 1000));
    putf(p, DD_ROLE_DIM, DD_STR_FMT, DD_STR_ARG(clock));
    if (!p->look->width)
        putf(p, DD_ROLE_DIM, ".%03d", (int)(time_ms % 1000));
}

static void put_duration(pen *p, int64_t us, bool null)
{
    if (null || us < 0)
        putf(p, DD_ROLE_DIM, "-");
    else
        put(p, DD_ROLE_TEXT, dd_fmt_took(p->tmp, (double)us / 1e3));
}

static dd_role role_of_money(dd_tail_kind kind, dd_pusd m)
{
    if (m == DD_PUSD_UNKNOWN || m == 0)
        return DD_ROLE_DIM;
    if (kind == DD_TAIL_SAVED)
        return m > 0 ? DD_ROLE_SAVING : DD_ROLE_WARN;
    return DD_ROLE_MONEY;
}

static void put_money(pen *p, dd_tail_kind kind, dd_pusd m)
{
    put(p, role_of_money(kind, m), m == DD_PUSD_UNKNOWN ? DD_STR("-") : dd_fmt_money(p->tmp, m));
}

static dd_role role_of_status(int status)
{
    return status >= 500 || status == 0 ? DD_ROLE_BAD : status >= 400 ? DD_ROLE_WARN : DD_ROLE_DIM;
}

static void put_tokens(pen *p, const dd_usage *u)
{
    int64_t parts[] = { u->input, u->cache_read, u->cache_write, u->cache_write_1h }, in = 0;
    for (size_t i = 0; i < DD_COUNT(parts); i++)
        in += parts[i] > 0 ? parts[i] : 0;
    if (u->input < 0 && u->output < 0)
        putf(p, DD_ROLE_DIM, "-");
    else
        putf(p, DD_ROLE_TEXT, "%lld>%lld", (long long)in, (long long)(u->output > 0 ? u->output : 0));
}

/* "openai/gpt-4o-mini for smart"; what asks for no model is named by its endpoint. */
static void put_models(pen *p, const dd_event *e)
{
    dd_str used  = e->used_model.len > 0 ? e->used_model : e->requested_model, whole = DD_STR("-");
    dd_str slash = e->provider.len > 0 ? DD_STR("/") : DD_STR("");
    if (used.len > 0)
        whole = dd_arena_printf(p->tmp, DD_STR_FMT DD_STR_FMT DD_STR_FMT, DD_STR_ARG(e->provider), DD_STR_ARG(slash), DD_STR_ARG(used));
    else if (e->endpoint.len > 0)
        whole = dd_arena_printf(p->tmp, DD_STR_FMT DD_STR_FMT "(" DD_STR_FMT ")", DD_STR_ARG(e->provider), DD_STR_ARG(slash),
                                DD_STR_ARG(e->endpoint));
    put(p, DD_ROLE_MODEL, whole);
    if (e->requested_model.len > 0 && !dd_str_eq(e->requested_model, used) && !dd_str_eq(e->requested_model, whole)) {
        putf(p, DD_ROLE_DIM, " for ");
        put(p, DD_ROLE_TEXT, e->requested_model);
    }
}

/* A narrow terminal cuts at the end: there the id stands last. */
static void put_labels(pen *p, const dd_event *e)
{
    const struct { const char *name; dd_str value; } labels[] = {
        { "feature", e->feature }, { "team", e->team }, { "user", e->user }, { "key", e->key_id },
    };
    char        id[20];
    const char *sep = "";
    dd_event_spell(e->id, id);
    if (!p->look->width)
        putf(p, DD_ROLE_DIM, "%s", id), sep = " ";
    if (e->error != DD_EC_NONE)
        putf(p, DD_ROLE_BAD, "%serror=%s", sep, dd_error_class_name(e->error)), sep = " ";
    if (dd_str_eqz(e->cache, "hit"))
        putf(p, DD_ROLE_SAVING, "%scache=hit", sep), sep = " ";
    if (e->n_attempts > 1)
        putf(p, DD_ROLE_WARN, "%sattempts=%zu", sep, e->n_attempts), sep = " ";
    for (size_t i = 0; i < DD_COUNT(labels); i++)
        if (labels[i].value.len > 0)
            putf(p, DD_ROLE_TEXT, "%s%s=" DD_STR_FMT, sep, labels[i].name, DD_STR_ARG(labels[i].value)), sep = " ";
    if (p->look->width)
        putf(p, DD_ROLE_DIM, "%s%s", sep, id);
}

static void put_number(pen *p, const dd_tail_column *c, int64_t v, bool null)
{
    char text[32];
    if (c->kind == DD_TAIL_COST || c->kind == DD_TAIL_SAVED) {
        put_money(p, c->kind, null ? DD_PUSD_UNKNOWN : v);
        return;
    }
    if (c->kind == DD_TAIL_DURATION) {
        put_duration(p, v, null);
        return;
    }
    if (null) {
        putf(p, DD_ROLE_DIM, "-");
        return;
    }
    switch (c->kind) {
    case DD_TAIL_STATUS: putf(p, role_of_status((int)v), "%3lld", (long long)v); break;
    case DD_TAIL_TIME: dd_event_time(v, text), putf(p, DD_ROLE_DIM, "%s", text); break;
    case DD_TAIL_ID: dd_event_spell(v, text), putf(p, DD_ROLE_DIM, "%s", text); break;
    case DD_TAIL_DAY: dd_day_format((dd_day)v, text), putf(p, DD_ROLE_TEXT, "%s", text); break;
    case DD_TAIL_BOOL: putf(p, DD_ROLE_TEXT, v ? "yes" : "no"); break;
    case DD_TAIL_SHARE: putf(p, DD_ROLE_TEXT, "%.4g", (double)v / 1e6); break;
    default: putf(p, DD_ROLE_TEXT, "%lld", (long long)v);
    }
}

static void put_own(pen *p, const dd_tail_column *c, const dd_event *e)
{
    switch (c->kind) {
    case DD_TAIL_CLOCK: put_clock(p, e->time_ms); break;
    case DD_TAIL_STATUS: putf(p, role_of_status(e->status), "%3d", e->status); break;
    case DD_TAIL_MODELS: put_models(p, e); break;
    case DD_TAIL_TOKENS: put_tokens(p, &e->usage); break;
    case DD_TAIL_COST: put_money(p, c->kind, e->cost_actual); break;
    case DD_TAIL_SAVED: put_money(p, c->kind, e->cost_saved); break;
    case DD_TAIL_TOOK: put_duration(p, e->total_us, false); break;
    default: put_labels(p, e);
    }
}

static void put_value(pen *p, const dd_tail_column *c, const dd_event *e)
{
    bool null = false;
    if (!c->field)
        put_own(p, c, e);
    else if (c->kind == DD_TAIL_TEXT) {
        dd_str s = p->look->text(c->field, e);
        put(p, s.len ? DD_ROLE_TEXT : DD_ROLE_DIM, s.len ? s : DD_STR("-"));
    } else {
        int64_t v = p->look->number(c->field, e, &null);
        put_number(p, c, v, null);
    }
}

/* `e` NULL: the heading. */
static void line(const dd_tail_look *k, const dd_event *e, dd_buf *out)
{
    dd_grid  g;
    dd_arena tmp = DD_ARENA_INIT;
    pen      p   = { .look = k, .text = out, .tmp = &tmp };
    int      at  = 0;
    if (k->width) {
        dd_grid_init(&g, k->width);
        dd_grid_row(&g);
        p.grid = &g;
    }
    for (size_t i = 0; i < k->n; i++) {
        const dd_tail_column *c = &k->columns[i];
        int                   w = column_width(k, c);
        bool                  last = i + 1 == k->n;
        p.col = at;
        p.end = last || at + w > k->width ? k->width : at + w;
        if (e)
            put_value(&p, c, e);
        else {
            dd_str name = dd_arena_dupz(&tmp, c->name);
            for (size_t b = 0; b < name.len; b++)
                ((char *)(uintptr_t)name.ptr)[b] = (char)(name.ptr[b] >= 'a' && name.ptr[b] <= 'z' ? name.ptr[b] - 32 : name.ptr[b]);
            put(&p, DD_ROLE_DIM, name);
        }
        if (!k->width && !last)
            dd_buf_pad(out, ' ', (size_t)(p.col < at + w ? at + w - p.col : 0) + 1);
        at = (k->width || p.col < at + w ? at + w : p.col) + 1;
    }
    if (k->width) {
        dd_grid_style style = { k->color, k->ascii, false };
        dd_grid_write(&g, &style, out);
        dd_grid_fini(&g);
    } else
        dd_buf_addc(out, '\n');
    dd_arena_fini(&tmp);
}

void dd_tail_head(const dd_tail_look *look, dd_buf *out) { line(look, NULL, out); }
void dd_tail_line(const dd_tail_look *look, const dd_event *e, dd_buf *out) { line(look, e, out); }

/* ---- CSV ---- */

void dd_tail_csv_head(const dd_tail_look *look, dd_buf *out)
{
    for (size_t i = 0; i < look->n; i++) {
        if (i)
            dd_buf_addc(out, ',');
        dd_csv_text(out, dd_str_z(look->columns[i].name));
    }
    dd_buf_addz(out, "\r\n");
}

static void csv_number(dd_buf *out, dd_tail_kind kind, int64_t v)
{
    char text[32];
    switch (kind) {
    case DD_TAIL_COST: case DD_TAIL_SAVED: dd_csv_money(out, v); break;
    case DD_TAIL_TIME: dd_event_time(v, text), dd_buf_addz(out, text); break;
    case DD_TAIL_ID: dd_event_spell(v, text), dd_buf_addz(out, text); break;
    case DD_TAIL_DAY: dd_day_format((dd_day)v, text), dd_buf_addz(out, text); break;
    case DD_TAIL_BOOL: dd_buf_addz(out, v ? "true" : "false"); break;
    case DD_TAIL_SHARE: dd_buf_printf(out, "%.6g", (double)v / 1e6); break;
    default: dd_csv_number(out, v, true);
    }
}

static void csv_value(const dd_tail_look *look, const dd_tail_column *c, const dd_event *e, dd_buf *out)
{
    bool null = false;
    if (c->kind == DD_TAIL_CLOCK)
        csv_number(out, DD_TAIL_TIME, e->time_ms);
    else if (c->field && c->kind == DD_TAIL_TEXT)
        dd_csv_text(out, look->text(c->field, e));
    else if (c->field) {
        int64_t v = look->number(c->field, e, &null);
        if (!null)
            csv_number(out, c->kind, v);
    }
}

void dd_tail_csv_line(const dd_tail_look *look, const dd_event *e, dd_buf *out)
{
    for (size_t i = 0; i < look->n; i++) {
        if (i)
            dd_buf_addc(out, ',');
        csv_value(look, &look->columns[i], e, out);
    }
    dd_buf_addz(out, "\r\n");
}

/* ---- what they come to ---- */

static void add_money(dd_tail_sum *s, dd_pusd *sum, dd_pusd m)
{
    if (m != DD_PUSD_UNKNOWN && dd_money_add(*sum, m, sum) != DD_OK)
        s->over = true;
}

void dd_tail_add(dd_tail_sum *s, const dd_event *e)
{
    const int64_t in[] = { e->usage.input, e->usage.cache_read, e->usage.cache_write, e->usage.cache_write_1h };
    s->requests++;
    s->errors += e->error != DD_EC_NONE || e->status >= 400;
    s->unpriced += e->cost_actual == DD_PUSD_UNKNOWN;
    add_money(s, &s->cost, e->cost_actual);
    add_money(s, &s->saved, e->cost_saved);
    for (size_t i = 0; i < DD_COUNT(in); i++)
        dd_sum_add(&s->input, in[i] > 0 ? in[i] : 0);
    dd_sum_add(&s->output, e->usage.output > 0 ? e->usage.output : 0);
    if (e->total_us < 0)
        return;
    if (s->all.n < DD_TAIL_EXACT)
        s->took[s->all.n] = e->total_us;
    dd_hist_add(&s->all, e->total_us);
}

static int by_size(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

double dd_tail_quantile_us(const dd_tail_sum *s, double q)
{
    size_t n = (size_t)s->all.n;
    if (n == 0 || n > DD_TAIL_EXACT)
        return dd_hist_quantile_us(&s->all, q);
    int64_t *v = dd_malloc(n * sizeof *v);
    memcpy(v, s->took, n * sizeof *v);
    qsort(v, n, sizeof *v, by_size);
    size_t rank = (size_t)(q * (double)n); /* nearest rank: the smallest that a share q does not pass */
    rank += (double)rank < q * (double)n;
    double found = (double)v[rank > 0 ? rank - 1 : 0];
    free(v);
    return found;
}

typedef struct { dd_role role; dd_str text; } part;

static size_t parts_of(const dd_tail_sum *s, dd_arena *a, part *v)
{
    size_t n = 0;
    double p50 = dd_tail_quantile_us(s, 0.5), p95 = dd_tail_quantile_us(s, 0.95);
    v[n++] = (part){ DD_ROLE_STRONG, dd_fmt_plural(a, (size_t)s->requests, "request", "requests") };
    if (s->errors)
        v[n++] = (part){ DD_ROLE_BAD, dd_fmt_plural(a, (size_t)s->errors, "error", "errors") };
    if (s->over)
        v[n++] = (part){ DD_ROLE_WARN, DD_STR("money: too large a sum") };
    if (!s->over && s->unpriced < s->requests)
        v[n++] = (part){ DD_ROLE_MONEY, dd_fmt_money(a, s->cost) };
    if (!s->over && s->saved)
        v[n++] = (part){ s->saved > 0 ? DD_ROLE_SAVING : DD_ROLE_WARN,
                         dd_arena_printf(a, "saved " DD_STR_FMT, DD_STR_ARG(dd_fmt_money(a, s->saved))) };
    if (s->unpriced)
        v[n++] = (part){ DD_ROLE_WARN, dd_arena_printf(a, DD_STR_FMT " not priced", DD_STR_ARG(dd_fmt_count(a, s->unpriced))) };
    if (s->input || s->output)
        v[n++] = (part){ DD_ROLE_TEXT, dd_arena_printf(a, DD_STR_FMT " tokens in, " DD_STR_FMT " out", DD_STR_ARG(dd_fmt_tokens(a, s->input)),
                                                       DD_STR_ARG(dd_fmt_tokens(a, s->output))) };
    if (p50 >= 0)
        v[n++] = (part){ DD_ROLE_TEXT, dd_arena_printf(a, "p50 " DD_STR_FMT ", p95 " DD_STR_FMT, DD_STR_ARG(dd_fmt_took(a, p50 / 1e3)),
                                                       DD_STR_ARG(dd_fmt_took(a, p95 / 1e3))) };
    return n;
}

static void totals_text(const part *v, size_t n, dd_buf *out)
{
    for (size_t i = 0; i < n; i++)
        dd_buf_printf(out, "%s" DD_STR_FMT, i ? " · " : "", DD_STR_ARG(v[i].text));
    dd_buf_addc(out, '\n');
}

static void totals_grid(const dd_tail_look *k, const part *v, size_t n, dd_buf *out)
{
    dd_grid g;
    int     col = 0;
    dd_grid_init(&g, k->width);
    dd_grid_fill(&g, dd_grid_row(&g), 0, g.width, DD_ROLE_RULE, "─");
    size_t r = dd_grid_row(&g);
    for (size_t i = 0; i < n; i++) {
        int need = (int)dd_utf8_width(v[i].text) + (col ? 3 : 0);
        if (col && col + need > g.width)
            r = dd_grid_row(&g), col = 0;
        if (col)
            col = dd_grid_putz(&g, r, col, DD_ROLE_DIM, " · ");
        col = dd_grid_put(&g, r, col, v[i].role, v[i].text);
    }
    dd_grid_style style = { k->color, k->ascii, false };
    dd_grid_write(&g, &style, out);
    dd_grid_fini(&g);
}

void dd_tail_totals(const dd_tail_look *k, const dd_tail_sum *s, dd_buf *out)
{
    dd_arena a = DD_ARENA_INIT;
    part     v[8];
    size_t   n = parts_of(s, &a, v);
    if (k->width)
        totals_grid(k, v, n, out);
    else
        totals_text(v, n, out);
    dd_arena_fini(&a);
}
