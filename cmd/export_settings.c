#include "cmd/export_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "cmd/cmd.h"
#include "cmd/master.h"

enum { LISTED = 128 /* headers, resource attributes */, QUEUE = 2048, BATCH = 512 };
enum { DELAY_MS = 5000, DELAY_CONSOLE_MS = 500, INTERVAL_MS = 60000, TIMEOUT_MS = 10000, GIVE_UP_MS = 60000 };

typedef struct {
    const dd_config *config;
    export_env      *env;
    export_settings *out;
    dd_vault        *vault;
    dd_buf          *notes;
} reader;

static const char *const signals[DD_EXPORT_WAYS]   = { "TRACES", "METRICS" };
static const char *const paths[DD_EXPORT_WAYS]     = { "/v1/traces", "/v1/metrics" };
static const char *const exporters[DD_EXPORT_WAYS] = { "OTEL_TRACES_EXPORTER", "OTEL_METRICS_EXPORTER" };

/* An empty variable is none. */
static const char *var(const reader *r, const char *name)
{
    const char *v = r->env(name);
    return v && *v ? v : NULL;
}

static void note(reader *r, const char *name, const char *why) { dd_buf_printf(r->notes, "%s: %s\n", name, why); }

/* OTEL_EXPORTER_OTLP_TRACES_TIMEOUT, then OTEL_EXPORTER_OTLP_TIMEOUT. */
static const char *signal_var(const reader *r, export_signal s, const char *what)
{
    char name[80];
    snprintf(name, sizeof name, "OTEL_EXPORTER_OTLP_%s_%s", signals[s], what);
    const char *v = var(r, name);
    snprintf(name, sizeof name, "OTEL_EXPORTER_OTLP_%s", what);
    return v ? v : var(r, name);
}

static int64_t number(reader *r, const char *name, const char *text, int64_t least, int64_t most, int64_t standard)
{
    int64_t n;
    if (!text)
        return standard;
    if (dd_parse_i64(dd_str_trim(dd_str_z(text)), &n) && n >= least && n <= most)
        return n;
    dd_buf_printf(r->notes, "%s: not a whole number from %lld to %lld; %lld it is\n", name, (long long)least, (long long)most, (long long)standard);
    return standard;
}

/* --- name=value,name=value, percent-encoded --- */

static dd_str decode(dd_arena *a, dd_str s)
{
    char  *out = dd_arena_alloc(a, s.len + 1);
    size_t n = 0;
    for (size_t i = 0; i < s.len; i++) {
        int hi = s.ptr[i] == '%' && i + 2 < s.len ? dd_hex_digit(s.ptr[i + 1]) : -1, lo = hi < 0 ? -1 : dd_hex_digit(s.ptr[i + 2]);
        out[n++] = lo < 0 ? s.ptr[i] : (char)(hi << 4 | lo);
        i += lo < 0 ? 0 : 2;
    }
    out[n] = '\0';
    return (dd_str){ out, n };
}

static bool take_pair(dd_str *list, dd_str *name, dd_str *value)
{
    dd_str    one = dd_str_cut(list, ',');
    ptrdiff_t eq  = dd_str_chr(one, '=');
    *name         = eq < 0 ? DD_STR("") : dd_str_trim(dd_str_sub(one, 0, (size_t)eq));
    *value        = eq < 0 ? DD_STR("") : dd_str_trim(dd_str_sub(one, (size_t)eq + 1, one.len));
    return name->len > 0;
}

/* --- headers --- */

/* What a header may hold: no control character, which would begin another one. */
static bool fit_header(dd_str name, dd_str value)
{
    for (size_t i = 0; i < name.len; i++)
        if (name.ptr[i] <= ' ' || name.ptr[i] >= 127 || strchr("()<>@,;:\\\"/[]?={}", name.ptr[i]))
            return false;
    for (size_t i = 0; i < value.len; i++)
        if ((unsigned char)value.ptr[i] < ' ' || value.ptr[i] == 127)
            return false;
    return name.len > 0;
}

static void add_header(reader *r, export_way *w, dd_str name, dd_str value)
{
    if (!w->headers)
        w->headers = dd_newn(&r->out->arena, export_header, LISTED);
    if (!fit_header(name, value) || w->n_headers == LISTED) {
        note(r, "OTLP headers", "one has a name or a value that no header can have; it is left out");
        return;
    }
    for (size_t i = 0; i < w->n_headers; i++)
        if (dd_str_eq_nocase(dd_str_z(w->headers[i].name), name)) {
            dd_secret_free(&w->headers[i].value);
            w->headers[i].value = dd_secret_new(value);
            return;
        }
    w->headers[w->n_headers++] = (export_header){ dd_arena_dup(&r->out->arena, name).ptr, dd_secret_new(value) };
}

static void env_headers(reader *r, export_signal s, export_way *w)
{
    dd_str   list = dd_str_z(signal_var(r, s, "HEADERS")), name, value;
    dd_arena a    = DD_ARENA_INIT;
    while (list.len) {
        if (take_pair(&list, &name, &value)) {
            dd_str plain = decode(&a, value);
            add_header(r, w, decode(&a, name), plain);
            dd_wipe((char *)(uintptr_t)plain.ptr, plain.len);
        }
    }
    dd_arena_fini(&a);
}

static bool open_secret(reader *r, dd_str name, dd_secret *out)
{
    dd_err err = DD_ERR_INIT;
    if (!r->vault)
        r->vault = dd_vault_open(&err);
    if (r->vault && dd_vault_get(r->vault, name, out, &err) == DD_OK)
        return true;
    dd_buf_printf(r->notes, "telemetry.otlp.headers: secret \"" DD_STR_FMT "\": %s\n", DD_STR_ARG(name), err.msg);
    return false;
}

static bool look_up(reader *r, dd_str name, dd_buf *out)
{
    char      z[256];
    ptrdiff_t other = dd_str_findz(name, ":-");
    snprintf(z, sizeof z, DD_STR_FMT, DD_STR_ARG(other < 0 ? name : dd_str_sub(name, 0, (size_t)other)));
    const char *v = var(r, z);
    if (v)
        dd_buf_addz(out, v);
    else if (other >= 0)
        dd_buf_add(out, dd_str_sub(name, (size_t)other + 2, name.len));
    else
        dd_buf_printf(r->notes, "telemetry.otlp.headers: the environment has no %s; nothing is sent\n", z);
    return v || other >= 0;
}

/* ${NAME} and ${NAME:-default} within, os.environ/NAME, secret:NAME. */
static bool expand(reader *r, dd_str text, dd_buf *out)
{
    dd_secret secret = DD_SECRET_NONE;
    bool      ok     = true;
    if (dd_str_startsz(text, "secret:")) {
        ok = open_secret(r, dd_str_sub(text, 7, text.len), &secret);
        dd_buf_add(out, dd_secret_reveal(secret));
        dd_secret_free(&secret);
        return ok;
    }
    if (dd_str_startsz(text, "os.environ/"))
        return look_up(r, dd_str_sub(text, 11, text.len), out);
    while (text.len && ok) {
        ptrdiff_t from = dd_str_findz(text, "${"), to = from < 0 ? -1 : dd_str_chr(dd_str_sub(text, (size_t)from, text.len), '}');
        size_t    plain = to < 0 ? text.len : (size_t)from;
        dd_buf_add(out, dd_str_sub(text, 0, plain));
        if (to >= 0)
            ok = look_up(r, dd_str_sub(text, (size_t)from + 2, (size_t)(from + to)), out);
        text = to < 0 ? DD_STR("") : dd_str_sub(text, (size_t)(from + to + 1), text.len);
    }
    return ok;
}

static bool config_headers(reader *r, export_way *w)
{
    const dd_config_otlp *o = &r->config->telemetry.otlp;
    bool ok = true;
    for (size_t i = 0; i < o->n_headers && ok; i++) {
        dd_buf value = DD_BUF_INIT(64 << 10);
        dd_buf_reserve(&value, 64 << 10);   /* growing would leave copies of a key behind */
        ok = expand(r, o->headers[i].model, &value);
        if (ok)
            add_header(r, w, o->headers[i].name, dd_str_trim(dd_buf_str(&value)));
        dd_wipe_buf(&value);
    }
    return ok;
}

/* --- where to, and how --- */

static const char *join(reader *r, const char *base, const char *path)
{
    dd_str b = dd_str_trim(dd_str_z(base));
    while (b.len && b.ptr[b.len - 1] == '/')
        b.len--;
    return dd_arena_printf(&r->out->arena, DD_STR_FMT "%s", DD_STR_ARG(b), path).ptr;
}

/* NULL: none is named. A signal's own address is taken as it stands; to the common one the signal's path is added. */
static const char *endpoint(reader *r, export_signal s)
{
    char name[80];
    snprintf(name, sizeof name, "OTEL_EXPORTER_OTLP_%s_ENDPOINT", signals[s]);
    const char *own = var(r, name), *all = var(r, "OTEL_EXPORTER_OTLP_ENDPOINT");
    if (own)
        return dd_arena_dup(&r->out->arena, dd_str_trim(dd_str_z(own))).ptr;
    if (!all)
        all = r->config->telemetry.otlp.endpoint;
    return all && *all ? join(r, all, paths[s]) : NULL;
}

static bool read_protocol(reader *r, export_signal s, export_way *w)
{
    const char *v = signal_var(r, s, "PROTOCOL");
    if (!v)
        v = r->config->telemetry.otlp.protocol;
    w->form = v && strcmp(v, "http/json") == 0 ? DD_OTLP_JSON : DD_OTLP_PROTOBUF;
    if (!v || strcmp(v, "http/protobuf") == 0 || w->form == DD_OTLP_JSON)
        return true;
    note(r, "OTEL_EXPORTER_OTLP_PROTOCOL", strcmp(v, "grpc") == 0
         ? "grpc is not spoken here, nothing is sent; say http/protobuf, and the collector's port for it (4318 in place of 4317)"
         : "neither http/protobuf nor http/json; nothing is sent");
    return false;
}

static const char *own(reader *r, const char *text) { return text ? dd_arena_dup(&r->out->arena, dd_str_z(text)).ptr : NULL; }

static bool read_otlp(reader *r, export_signal s, export_way *w)
{
    const dd_config_otlp *o = &r->config->telemetry.otlp;
    const char *packed = signal_var(r, s, "COMPRESSION"), *cert = signal_var(r, s, "CERTIFICATE");
    const char *sums = var(r, "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE");
    if (!read_protocol(r, s, w))
        return false;
    w->url = endpoint(r, s);
    if (!w->url) {
        if (var(r, exporters[s]))
            note(r, exporters[s], "it says otlp, and no endpoint is named; nothing is sent");
        return false;
    }
    if (strncasecmp(w->url, "http://", 7) != 0 && strncasecmp(w->url, "https://", 8) != 0) {
        note(r, "OTLP endpoint", "it begins with neither http:// nor https://; nothing is sent");
        return false;
    }
    if (s == EXPORT_METRICS && sums && strcasecmp(sums, "cumulative") != 0)
        note(r, "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "all sums are cumulative here");
    if (!packed)
        packed = o->compression;
    w->gzip               = packed && strcmp(packed, "gzip") == 0;
    if (packed && !w->gzip && strcmp(packed, "none") != 0)
        note(r, "OTEL_EXPORTER_OTLP_COMPRESSION", "neither gzip nor none; none it is");
    w->certificate        = own(r, cert ? cert : o->certificate);
    w->client_certificate = own(r, signal_var(r, s, "CLIENT_CERTIFICATE"));
    w->client_key         = own(r, signal_var(r, s, "CLIENT_KEY"));
    w->timeout_ms         = number(r, "OTEL_EXPORTER_OTLP_TIMEOUT", signal_var(r, s, "TIMEOUT"), 1, 600000, o->timeout > 0 ? o->timeout : TIMEOUT_MS);
    bool ok = config_headers(r, w);
    env_headers(r, s, w);
    return ok;
}

static export_to wanted(reader *r, export_signal s)
{
    int         configured = s == EXPORT_TRACES ? r->config->telemetry.otlp.traces : r->config->telemetry.otlp.metrics;
    const char *v = var(r, exporters[s]);
    if (!v)
        return configured == 0 ? EXPORT_NOWHERE : EXPORT_OTLP;
    if (strcmp(v, "otlp") == 0)
        return EXPORT_OTLP;
    if (strcmp(v, "console") == 0)
        return EXPORT_CONSOLE;
    if (strcmp(v, "none") != 0)
        note(r, exporters[s], "none of otlp, console, none; nothing is sent");
    return EXPORT_NOWHERE;
}

static void read_way(reader *r, export_signal s)
{
    export_way *w = &r->out->ways[s];
    w->to = wanted(r, s);
    if (w->to == EXPORT_CONSOLE)
        w->form = DD_OTLP_JSON;
    if (w->to == EXPORT_OTLP && !read_otlp(r, s, w))
        w->to = EXPORT_NOWHERE;
}

/* --- which traces --- */

static void read_ratio(reader *r, const char *name, const char *text)
{
    char  *end = NULL;
    double d   = text ? strtod(text, &end) : 1;
    bool   ok  = !text || (end != text && *end == '\0' && d >= 0 && d <= 1);
    if (!ok)
        note(r, name, "not a number from 0 to 1; all traces are sent");
    r->out->ratio = ok ? d : 1;
}

static void read_sampler(reader *r)
{
    static const struct { const char *name; export_sampler sampler; bool by_parent; } known[] = {
        { "always_on", SAMPLE_ON, false },              { "always_off", SAMPLE_OFF, false },
        { "traceidratio", SAMPLE_RATIO, false },        { "parentbased_always_on", SAMPLE_ON, true },
        { "parentbased_always_off", SAMPLE_OFF, true }, { "parentbased_traceidratio", SAMPLE_RATIO, true },
    };
    const char *v = var(r, "OTEL_TRACES_SAMPLER");
    double      share = r->config->telemetry.otlp.sample;
    r->out->sampler   = share >= 0 && share < 1 ? SAMPLE_RATIO : SAMPLE_ON;
    r->out->ratio     = share;
    r->out->by_parent = true;
    for (size_t i = 0; v && i < DD_COUNT(known); i++)
        if (strcmp(v, known[i].name) == 0) {
            r->out->sampler   = known[i].sampler;
            r->out->by_parent = known[i].by_parent;
            if (known[i].sampler == SAMPLE_RATIO)
                read_ratio(r, "OTEL_TRACES_SAMPLER_ARG", var(r, "OTEL_TRACES_SAMPLER_ARG"));
            return;
        }
    if (v)
        note(r, "OTEL_TRACES_SAMPLER", "not a sampler that is known here; all traces are sent that a client does not exclude");
}

/* The last 16 digits as a number; as the SDKs do, so that a trace is sampled whole by all who see it. */
static uint64_t trace_number(const dd_event *e)
{
    uint64_t n = 0;
    if (e->trace_id.len != 32)
        return dd_str_hash((dd_str){ (const char *)&e->id, sizeof e->id });
    for (size_t i = 16; i < 32; i++)
        n = n << 4 | (unsigned)(dd_hex_digit(e->trace_id.ptr[i]) & 15);
    return n;
}

bool export_sampled(const export_settings *s, const dd_event *e)
{
    if (s->by_parent && (e->parent_span.len || e->unsampled))
        return !e->unsampled;
    if (s->sampler == SAMPLE_RATIO)
        return s->ratio >= 1 || (double)(trace_number(e) >> 1) < s->ratio * 9223372036854775808.0;
    return s->sampler == SAMPLE_ON;
}

/* --- whose telemetry --- */

static void add_resource(reader *r, dd_str name, dd_str value, bool again)
{
    export_settings *o = r->out;
    for (size_t i = 0; i < o->n_resource; i++)
        if (dd_str_eq(o->resource[i].name, name)) {
            if (again)
                o->resource[i].value = value;
            return;
        }
    if (o->n_resource < LISTED && name.len && value.len)
        o->resource[o->n_resource++] = (dd_otlp_label){ name, value };
}

static dd_str random_uuid(dd_arena *a)
{
    unsigned char b[16];
    char         *p = dd_arena_alloc(a, 37);
    dd_random_bytes(b, sizeof b);
    b[6] = (b[6] & 0x0f) | 0x40;       /* RFC 9562: version 4, variant 10 */
    b[8] = (b[8] & 0x3f) | 0x80;
    for (size_t i = 0, n = 0; i < sizeof b; i++)
        n += (size_t)snprintf(p + n, 37 - n, i == 4 || i == 6 || i == 8 || i == 10 ? "-%02x" : "%02x", b[i]);
    return (dd_str){ p, 36 };
}

static void read_resource(reader *r)
{
    dd_arena   *a    = &r->out->arena;
    dd_str      list = dd_str_z(var(r, "OTEL_RESOURCE_ATTRIBUTES")), name, value;
    const char *service = own(r, var(r, "OTEL_SERVICE_NAME"));
    r->out->resource    = dd_newn(a, dd_otlp_label, LISTED);
    add_resource(r, DD_STR("service.name"), dd_str_z(service), true);
    while (list.len)
        if (take_pair(&list, &name, &value))
            add_resource(r, decode(a, name), decode(a, value), !(service && dd_str_eqz(name, "service.name")));
    add_resource(r, DD_STR("service.name"), DD_STR("dd0c"), false);
    add_resource(r, DD_STR("service.version"), DD_STR(DD_VERSION), false);
    add_resource(r, DD_STR("service.instance.id"), random_uuid(a), false);
}

void export_settings_read(const dd_config *c, export_env *env, export_settings *out, dd_buf *notes)
{
    reader r = { c, env, out, NULL, notes };
    *out     = (export_settings){ 0 };
    const char *disabled = var(&r, "OTEL_SDK_DISABLED");
    if (disabled && strcasecmp(disabled, "true") == 0)
        return;
    for (int s = 0; s < DD_EXPORT_WAYS; s++)
        read_way(&r, (export_signal)s);
    bool console = out->ways[EXPORT_TRACES].to == EXPORT_CONSOLE;
    read_sampler(&r);
    read_resource(&r);
    out->give_up_ms  = c->telemetry.otlp.retry >= 0 ? c->telemetry.otlp.retry : GIVE_UP_MS;
    out->delay_ms    = number(&r, "OTEL_BSP_SCHEDULE_DELAY", var(&r, "OTEL_BSP_SCHEDULE_DELAY"), 1, 3600000, console ? DELAY_CONSOLE_MS : DELAY_MS);
    out->interval_ms = number(&r, "OTEL_METRIC_EXPORT_INTERVAL", var(&r, "OTEL_METRIC_EXPORT_INTERVAL"), 10, 86400000,
                              c->telemetry.otlp.interval > 0 ? c->telemetry.otlp.interval : INTERVAL_MS);
    out->queue = (size_t)number(&r, "OTEL_BSP_MAX_QUEUE_SIZE", var(&r, "OTEL_BSP_MAX_QUEUE_SIZE"), 1, 1 << 20,
                                c->telemetry.otlp.queue > 0 && c->telemetry.otlp.queue <= 1 << 20 ? c->telemetry.otlp.queue : QUEUE);
    out->batch = (size_t)number(&r, "OTEL_BSP_MAX_EXPORT_BATCH_SIZE", var(&r, "OTEL_BSP_MAX_EXPORT_BATCH_SIZE"), 1, 1 << 16, BATCH);
    dd_vault_close(r.vault);
}

void export_settings_fini(export_settings *s)
{
    for (int i = 0; i < DD_EXPORT_WAYS; i++)
        for (size_t h = 0; h < s->ways[i].n_headers; h++)
            dd_secret_free(&s->ways[i].headers[h].value);
    dd_arena_fini(&s->arena);
}
