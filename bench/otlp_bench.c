/* What one request's trace costs on its way out, step by step: CPU time of this thread, the best of some rounds. `make bench-otlp`. */
#include <stdio.h>
#include <time.h>

#include "report/otlp.h"
#include "store/record.h"
#include "store/ring.h"

enum { ROUNDS = 7, TIMES = 50000, BATCH = 73 };

static const dd_attempt attempt = { .provider = DD_STR("openai"), .model = DD_STR("gpt-4o-mini"), .status = 200, .start_us = 200, .first_us = 300,
                                    .total_us = 900, .usage = { 100, 0, 0, 0, 50 }, .cost = 10350000 };
static const dd_event event = {
    .id = 123456789012345, .time_ms = 1795132800000, .org = DD_STR("default"), .key_id = DD_STR("k_17"), .team = DD_STR("desk"), .feature = DD_STR("classify"),
    .task = DD_STR("classification"), .strategy = DD_STR("cheapest"), .route = DD_STR("rest"), .endpoint = DD_STR("chat.completions"),
    .requested_model = DD_STR("gpt-4o"), .used_model = DD_STR("gpt-4o-mini"), .provider = DD_STR("openai"), .status = 200, .usage = { 100, 0, 0, 0, 50 },
    .usage_source = DD_USAGE_REPORTED, .cost_original = 100, .cost_actual = 50, .cost_saved = 50, .cost_premium = DD_PUSD_UNKNOWN, .prices = 20000,
    .first_us = 500, .total_us = 1200, .overhead_us = 100, .queue_us = 3, .bytes_in = 1300, .bytes_out = 500, .attempts = &attempt, .n_attempts = 1,
    .complexity = DD_STR("low"), .score = 0.2, .cache = DD_STR("miss"), .finish_reason = DD_STR("stop"),
    .considered = DD_STR("[{\"model\":\"openai/gpt-4o-mini\",\"why\":\"cheapest\",\"cost\":1},{\"model\":\"openai/gpt-4o\",\"why\":\"dearer\"}]"),
    .prompt_hash = DD_STR("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"), .trace_id = DD_STR("4bf92f3577b34da6a3ce929d0e0e4736"),
    .auth_us = 1, .decide_us = 10, .cache_us = 2, .prepare_us = 5, .answer_us = 10,
};

typedef struct {
    dd_ring      *ring;
    dd_buf        frame, out;
    dd_otlp      *otlp;
    dd_arena      arena;
    dd_arena_mark empty;
    dd_event      e;
    dd_attempt    attempts[DD_RECORD_ATTEMPTS];
    dd_trace      trace;
    size_t        bytes;
} work;

static void queue(work *w, int i)
{
    (void)i;
    dd_buf_clear(&w->frame);
    dd_ring_put(w->ring, &event, 2048);
    dd_ring_take(w->ring, &w->frame);
}

static void read_back(work *w, int i)
{
    dd_str   bytes = dd_buf_str(&w->frame);
    dd_frame f;
    (void)i;
    dd_frame_take(&bytes, &f);
    dd_record_read(f.record, &w->e, w->attempts, NULL);
}

static void make_spans(work *w, int i)
{
    (void)i;
    dd_arena_back(&w->arena, w->empty);
    dd_trace_make(&w->e, &w->arena, &w->trace);
}

static void encode(work *w, int i)
{
    if (i % BATCH == 0)
        dd_otlp_begin(w->otlp, &w->out);
    dd_otlp_add(w->otlp, &w->trace, &w->out);
    if (i % BATCH == BATCH - 1)
        w->bytes = dd_otlp_end(w->otlp, &w->out).len / BATCH;
}

static double cpu_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static double best_us(work *w, void (*step)(work *, int))
{
    double best = 1e9;
    for (int r = 0; r < ROUNDS; r++) {
        double from = cpu_s();
        for (int i = 0; i < TIMES; i++)
            step(w, i);
        double took = (cpu_s() - from) / TIMES * 1e6;
        best = took < best ? took : best;
    }
    return best;
}

int main(void)
{
    static const dd_otlp_label label = { DD_STR("service.name"), DD_STR("dd0c") };
    static const struct { const char *name; void (*step)(work *, int); } steps[] = {
        { "queue: in and out", queue }, { "read back", read_back }, { "spans", make_spans },
    };
    work w = { .ring = dd_ring_new(2048) };
    dd_arena_alloc(&w.arena, 1);
    w.empty = dd_arena_here(&w.arena);
    for (size_t i = 0; i < DD_COUNT(steps); i++)
        printf("%-20s %6.2f us\n", steps[i].name, best_us(&w, steps[i].step));
    for (int form = 0; form < 2; form++) {
        w.otlp = dd_otlp_new((dd_otlp_form)form, &label, 1, DD_STR("1"));
        double us = best_us(&w, encode);
        printf("%-20s %6.2f us, %zu spans, %zu bytes\n", form == DD_OTLP_JSON ? "JSON" : "protobuf", us, w.trace.n_spans, w.bytes);
        dd_otlp_free(w.otlp);
    }
    dd_arena_fini(&w.arena);
    dd_ring_free(w.ring);
    dd_buf_free(&w.frame);
    dd_buf_free(&w.out);
    return 0;
}
