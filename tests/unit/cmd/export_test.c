#include <stdlib.h>

#include "cmd/export_parts.h"
#include "tests/unit/test.h"

static const char *const *given;       /* name, value, name, value, NULL */

static const char *env(const char *name)
{
    for (const char *const *p = given; p && p[0]; p += 2)
        if (strcmp(p[0], name) == 0)
            return p[1];
    return NULL;
}

typedef struct { dd_config config; export_settings set; dd_buf notes; } fixture;

static void read_all(fixture *f, const char *yaml, const char *const *variables)
{
    dd_err err = DD_ERR_INIT;
    given    = variables;
    f->notes = (dd_buf)DD_BUF_INIT(0);
    dd_config_init(&f->config);
    CHECK_OK(dd_config_parse(&f->config, dd_str_z(yaml), "config", &err));
    export_settings_read(&f->config, env, &f->set, &f->notes);
}

static void drop(fixture *f)
{
    export_settings_fini(&f->set);
    dd_config_fini(&f->config);
    dd_buf_free(&f->notes);
}

static const char *header(const export_way *w, const char *name)
{
    for (size_t i = 0; i < w->n_headers; i++)
        if (strcmp(w->headers[i].name, name) == 0)
            return dd_secret_reveal(w->headers[i].value).ptr;
    return "";
}

TEST(export_without_an_endpoint_sends_nothing)
{
    fixture f;
    read_all(&f, "", NULL);
    CHECK(f.set.ways[EXPORT_TRACES].to == EXPORT_NOWHERE && f.set.ways[EXPORT_METRICS].to == EXPORT_NOWHERE && f.notes.len == 0);
    drop(&f);
    static const char *const disabled[] = { "OTEL_SDK_DISABLED", "True", "OTEL_TRACES_EXPORTER", "console", NULL };
    read_all(&f, "telemetry: {otlp: {endpoint: 'http://h'}}", disabled);
    CHECK(f.set.ways[EXPORT_TRACES].to == EXPORT_NOWHERE && f.set.ways[EXPORT_METRICS].to == EXPORT_NOWHERE);
    drop(&f);
}

/* The specification's own examples of how a signal's address is made. */
TEST(export_endpoints)
{
    static const struct { const char *all, *own, *want; } cases[] = {
        { "http://collector:4318", NULL, "http://collector:4318/v1/traces" },
        { "http://collector:4318/", NULL, "http://collector:4318/v1/traces" },
        { "http://collector:4318/mycollector/", NULL, "http://collector:4318/mycollector/v1/traces" },
        { "http://collector:4318", "http://other:4318", "http://other:4318" },
        { "http://collector:4318", "https://other/v1/anything?x", "https://other/v1/anything?x" },
    };
    for (size_t i = 0; i < DD_COUNT(cases); i++) {
        fixture f;
        const char *const variables[] = { "OTEL_EXPORTER_OTLP_ENDPOINT", cases[i].all, cases[i].own ? "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT" : NULL,
                                          cases[i].own, NULL };
        read_all(&f, "telemetry: {otlp: {endpoint: 'http://of-the-file'}}", variables);
        CHECK_STR(dd_str_z(f.set.ways[EXPORT_TRACES].url), cases[i].want);
        CHECK_STR(dd_str_sub(dd_str_z(f.set.ways[EXPORT_METRICS].url), 0, 17), "http://collector:");
        drop(&f);
    }
}

TEST(export_the_environment_wins_and_a_signal_s_own)
{
    fixture f;
    static const char *const variables[] = {
        "OTEL_EXPORTER_OTLP_HEADERS", "a=1, b = two%20words%2C%3D ,bad name=x,C=3%0d%0aX: y,nothing", "OTEL_EXPORTER_OTLP_METRICS_HEADERS", "a=2",
        "OTEL_EXPORTER_OTLP_TIMEOUT", "250", "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "many", "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", "http/json",
        "OTEL_EXPORTER_OTLP_COMPRESSION", "gzip", "OTEL_BSP_MAX_QUEUE_SIZE", "7", "TOKEN", "t0ken", NULL };
    read_all(&f, "telemetry: {otlp: {endpoint: 'http://h', queue: 9, timeout: 3s, interval: 5s, "
                 "headers: {A: zero, d: 'Bearer ${TOKEN}', e: '${NONE:-x}y'}}}", variables);
    const export_way *t = &f.set.ways[EXPORT_TRACES], *m = &f.set.ways[EXPORT_METRICS];
    CHECK_STR(dd_str_z(header(t, "A")), "1");               /* one header, whatever its letters' case */
    CHECK_STR(dd_str_z(header(m, "A")), "2");
    CHECK_STR(dd_str_z(header(t, "b")), "two words,=");
    CHECK_STR(dd_str_z(header(t, "d")), "Bearer t0ken");
    CHECK_STR(dd_str_z(header(t, "e")), "xy");
    CHECK_EQ(t->n_headers, 4, "a name with a space and a value with a line break are no headers");
    CHECK(t->form == DD_OTLP_PROTOBUF && m->form == DD_OTLP_JSON && t->gzip && m->gzip);
    CHECK_EQ(t->timeout_ms, 3000, "not understood: the file's");
    CHECK_EQ(m->timeout_ms, 250, "ms");
    CHECK_EQ(f.set.queue, 7, "the environment's");
    CHECK_EQ(f.set.interval_ms, 5000, "the file's");
    dd_str notes = dd_buf_str(&f.notes);
    CHECK(dd_str_has(notes, "TIMEOUT: not a whole number") && dd_str_has(notes, "left out"));
    CHECK(!dd_str_has(notes, "X: y") && !dd_str_has(notes, "t0ken"));
    drop(&f);
}

TEST(export_refuses_what_it_cannot_do)
{
    static const struct { const char *name, *value, *note; } cases[] = {
        { "OTEL_EXPORTER_OTLP_PROTOCOL", "grpc", "4318" },
        { "OTEL_EXPORTER_OTLP_PROTOCOL", "smoke", "neither" },
        { "OTEL_EXPORTER_OTLP_ENDPOINT", "h:4318", "http://" },
        { "OTEL_TRACES_EXPORTER", "zipkin", "console" },
    };
    for (size_t i = 0; i < DD_COUNT(cases); i++) {
        fixture f;
        const char *const variables[] = { cases[i].name, cases[i].value, NULL };
        read_all(&f, "telemetry: {otlp: {endpoint: 'http://h'}}", variables);
        CHECK_EQ(f.set.ways[EXPORT_TRACES].to, EXPORT_NOWHERE, cases[i].value);
        CHECK(dd_str_has(dd_buf_str(&f.notes), cases[i].note));
        drop(&f);
    }
    fixture f;
    read_all(&f, "telemetry: {otlp: {endpoint: 'http://h', headers: {k: '${NOT_THERE}'}}}", NULL);
    CHECK_EQ(f.set.ways[EXPORT_TRACES].to, EXPORT_NOWHERE, "without its key it would only be refused");
    CHECK(dd_str_has(dd_buf_str(&f.notes), "NOT_THERE"));
    drop(&f);
}

TEST(export_resource)
{
    fixture f;
    static const char *const variables[] = { "OTEL_RESOURCE_ATTRIBUTES", "service.name=first,k=%C3%A4,service.instance.id=mine",
                                             "OTEL_SERVICE_NAME", "second", NULL };
    read_all(&f, "", variables);
    CHECK_EQ(f.set.n_resource, 4, "name, k, instance, version");
    CHECK_STR(f.set.resource[0].value, "second");
    CHECK_STR(f.set.resource[1].value, "\xc3\xa4");
    CHECK_STR(f.set.resource[2].value, "mine");
    drop(&f);
}

/* ids whose last 16 digits are 0x4000..., a quarter, and 0xC000..., three quarters of all. */
TEST(export_samples)
{
    static const dd_str quarter = { "4bf92f3577b34da64000000000000000", 32 }, most = { "4bf92f3577b34da6c000000000000000", 32 };
    static const struct { const char *sampler, *arg; dd_event e; bool want; const char *why; } cases[] = {
        { NULL, NULL, { 0 }, true, "all" },
        { NULL, NULL, { .parent_span = { "00f067aa0ba902b7", 16 }, .unsampled = true }, false, "the client says no" },
        { "always_on", NULL, { .parent_span = { "00f067aa0ba902b7", 16 }, .unsampled = true }, true, "and is not asked" },
        { "always_off", NULL, { 0 }, false, "none" },
        { "parentbased_always_off", NULL, { .parent_span = { "00f067aa0ba902b7", 16 } }, true, "the client says yes" },
        { "parentbased_always_off", NULL, { 0 }, false, "no client says anything" },
        { "traceidratio", "0.5", { .trace_id = quarter }, true, "0.25 < 0.5" },
        { "traceidratio", "0.5", { .trace_id = most }, false, "0.75 > 0.5" },
        { "traceidratio", "0.5", { .trace_id = most, .parent_span = { "00f067aa0ba902b7", 16 } }, false, "no parent is asked" },
        { "parentbased_traceidratio", "0.5", { .trace_id = most, .parent_span = { "00f067aa0ba902b7", 16 } }, true, "the parent is" },
        { "traceidratio", "0", { .trace_id = quarter }, false, "none" },
        { "traceidratio", "1", { .trace_id = most }, true, "all" },
        { "traceidratio", "half", { .trace_id = most }, true, "not understood: all" },
    };
    for (size_t i = 0; i < DD_COUNT(cases); i++) {
        fixture f;
        const char *const variables[] = { cases[i].sampler ? "OTEL_TRACES_SAMPLER" : NULL, cases[i].sampler,
                                          cases[i].arg ? "OTEL_TRACES_SAMPLER_ARG" : NULL, cases[i].arg, NULL };
        read_all(&f, "", variables);
        CHECK_EQ(export_sampled(&f.set, &cases[i].e), cases[i].want, cases[i].why);
        drop(&f);
    }
    fixture f;
    read_all(&f, "telemetry: {otlp: {sample: 50%}}", NULL);
    CHECK(export_sampled(&f.set, &(dd_event){ .trace_id = quarter }) && !export_sampled(&f.set, &(dd_event){ .trace_id = most }));
    drop(&f);
}
