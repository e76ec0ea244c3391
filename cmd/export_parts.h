/* cmd/export_parts.h - what the environment and dd0c.yaml say of an export. Names: https://opentelemetry.io/docs/specs/otel/protocol/exporter/ and
 * .../configuration/sdk-environment-variables/, read 2026-11-20. */
#ifndef DD_CMD_EXPORT_PARTS_H
#define DD_CMD_EXPORT_PARTS_H
#include "base/secret.h"
#include "cmd/export.h"

typedef enum { EXPORT_TRACES, EXPORT_METRICS } export_signal;
typedef enum { EXPORT_NOWHERE, EXPORT_OTLP, EXPORT_CONSOLE } export_to;
typedef struct { const char *name; dd_secret value; } export_header;

typedef struct {                       /* of a signal */
    export_to      to;
    const char    *url, *certificate, *client_certificate, *client_key;   /* NULL: none */
    dd_otlp_form   form;
    bool           gzip;
    int64_t        timeout_ms;
    export_header *headers; size_t n_headers;
} export_way;

typedef enum { SAMPLE_ON, SAMPLE_OFF, SAMPLE_RATIO } export_sampler;

typedef struct {
    dd_arena       arena;
    export_way     ways[DD_EXPORT_WAYS];
    export_sampler sampler;
    bool           by_parent;          /* a client's traceparent decides, where there is one */
    double         ratio;
    int64_t        delay_ms, interval_ms, give_up_ms;
    size_t         queue, batch;       /* traces; spans of a message */
    dd_otlp_label *resource; size_t n_resource;
} export_settings;

typedef const char *export_env(const char *name);   /* getenv */
/* `notes`: a line for each setting that is not understood, with no word of a header's value. */
void export_settings_read(const dd_config *c, export_env *env, export_settings *out, dd_buf *notes);
void export_settings_fini(export_settings *s);
/* Whether an event's trace is sent. */
bool export_sampled(const export_settings *s, const dd_event *e);
#endif
