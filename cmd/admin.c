#include "cmd/admin.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "cmd/dashboard.h"
#include "cmd/keys.h"

enum { QUEUE = 64 };

static const struct { const char *what; dd_answer_fn *answer; bool admin; } answers[] = {
    { "metrics", dd_answer_metrics, true },
    { "usage", dd_answer_usage, false },
    { "dashboard/summary", dd_answer_summary, true },
    { "dashboard/treemap", dd_answer_treemap, true },
    { "requests", dd_answer_requests, true },
    { "request", dd_answer_request, true },
};

typedef struct waiting {
    struct waiting *next;
    const dd_ask   *ask;
    dd_admin_done  *done;
    void           *arg;
} waiting;

struct dd_admin {
    dd_admin_opts   opts;
    char           *dir;
    pthread_t       thread;
    pthread_mutex_t lock;
    pthread_cond_t  changed;
    waiting        *first, **last;
    size_t          n;
    bool            closed;
    dd_snapshot    *snapshot;
    struct dd_dashboard *dashboard;
};

/* --- errors --- */

static void error_json(dd_buf *out, int status, const char *param, const char *code, const char *message)
{
    dd_json j = DD_JSON_INIT(out, 0);
    dd_buf_clear(out);
    dd_json_open(&j, '{');
    dd_json_key(&j, "error");
    dd_json_open(&j, '{');
    dd_json_key(&j, "message");
    dd_json_strz(&j, message);
    dd_json_key(&j, "type");
    dd_json_strz(&j, status == 403 ? "permission_error" : status < 500 ? "invalid_request_error" : "server_error");
    dd_json_key(&j, "param");
    dd_json_strz(&j, param);
    dd_json_key(&j, "code");
    dd_json_strz(&j, code);
    dd_json_close(&j, '}');
    dd_json_close(&j, '}');
}

int dd_answer_error(dd_question *q, int status, const char *param, const char *code, const char *fmt, ...)
{
    dd_buf  text = DD_BUF_INIT(2048);
    char    message[1024];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(message, sizeof message, fmt, ap);
    va_end(ap);
    dd_buf_add_line(&text, dd_str_z(message));
    error_json(q->out, status, param, code, dd_buf_z(&text));
    dd_buf_free(&text);
    return status;
}

void dd_answer_time(dd_json *j, const char *name, int64_t s)
{
    dd_json_key(j, name);
    dd_json_time(j, s);
}

dd_str dd_question_org(const dd_question *q) { return q->ask->org.len ? q->ask->org : DD_ORG_DEFAULT; }

static void refuse(dd_admin_done *done, void *arg, const char *code, const char *message)
{
    dd_buf b = DD_BUF_INIT(0);
    error_json(&b, 503, NULL, code, message);
    done(arg, 503, dd_buf_str(&b));
    dd_buf_free(&b);
}

static void refuse_closed(dd_admin_done *done, void *arg) { refuse(done, arg, "stopping", "the proxy is about to stop"); }

/* --- answers --- */

static int choose(dd_question *q)
{
    for (size_t i = 0; i < DD_COUNT(answers); i++) {
        if (strcmp(q->ask->what, answers[i].what) != 0)
            continue;
        if (answers[i].admin && !q->ask->admin)
            return dd_answer_error(q, 403, NULL, NULL, "an admin's key is needed");
        return answers[i].answer(q);
    }
    return dd_answer_error(q, 404, NULL, "unknown_url", "nothing answers here");
}

static int64_t now(const dd_admin *a) { return a->opts.now_s ? a->opts.now_s() : dd_clock().s; }

static void answer(dd_admin *a, const waiting *w, dd_snapshot *s)
{
    dd_arena    arena = DD_ARENA_INIT;
    dd_buf      out   = DD_BUF_INIT(0);
    dd_question q     = { .ask = w->ask, .s = s, .dir = a->dir, .ledger = a->opts.ledger, .dashboard = a->dashboard, .arena = &arena, .out = &out };
    q.now_s           = now(a);
    int status        = choose(&q);
    w->done(w->arg, status, dd_buf_str(&out));
    dd_buf_free(&out);
    dd_arena_fini(&arena);
}

static waiting *take(dd_admin *a)
{
    waiting *w = a->first;
    if (w) {
        a->first = w->next;
        a->n--;
        if (!a->first)
            a->last = &a->first;
    }
    return w;
}

/* Nobody asks: until somebody does there may be something to read ahead. */
static void rest(dd_admin *a)
{
    bool more = false;
    if (dd_dashboard_wants(a->dashboard)) {
        pthread_mutex_unlock(&a->lock);
        more = dd_dashboard_ahead(a->dashboard, now(a));
        pthread_mutex_lock(&a->lock);
    }
    if (!more && !a->first && !a->closed)
        pthread_cond_wait(&a->changed, &a->lock);
}

static void *run(void *arg)
{
    dd_admin *a = arg;
    dd_dashboard_start(a->dashboard);
    pthread_mutex_lock(&a->lock);
    while (!a->closed) {
        waiting *w = take(a);
        if (!w) {
            rest(a);
            continue;
        }
        dd_snapshot *s = a->snapshot ? dd_snapshot_hold(a->snapshot) : NULL;
        pthread_mutex_unlock(&a->lock);
        answer(a, w, s);
        if (s)
            dd_snapshot_drop(s);
        free(w);
        pthread_mutex_lock(&a->lock);
    }
    pthread_mutex_unlock(&a->lock);
    return NULL;
}

/* --- from outside --- */

dd_admin *dd_admin_open(const dd_admin_opts *opts, dd_err *err)
{
    dd_admin *a   = dd_calloc(1, sizeof *a);
    a->opts       = *opts;
    a->opts.queue = opts->queue ? opts->queue : QUEUE;
    a->dir        = dd_strdup(dd_str_z(opts->dir));
    a->last       = &a->first;
    a->dashboard  = dd_dashboard_new(a->dir);
    pthread_mutex_init(&a->lock, NULL);
    pthread_cond_init(&a->changed, NULL);
    int rc = pthread_create(&a->thread, NULL, run, a);
    if (!rc)
        return a;
    dd_fail_errno(err, rc, "could not start a thread");
    pthread_cond_destroy(&a->changed);
    pthread_mutex_destroy(&a->lock);
    dd_dashboard_free(a->dashboard);
    free(a->dir);
    free(a);
    return NULL;
}

void dd_admin_use(dd_admin *a, dd_snapshot *s)
{
    dd_snapshot *next = dd_snapshot_hold(s);
    pthread_mutex_lock(&a->lock);
    dd_snapshot *old = a->snapshot;
    a->snapshot      = next;
    pthread_mutex_unlock(&a->lock);
    if (old)
        dd_snapshot_drop(old);
}

void dd_admin_ask(dd_admin *a, const dd_ask *ask, dd_admin_done *done, void *arg)
{
    if (!a) {
        refuse_closed(done, arg);
        return;
    }
    waiting *w = dd_malloc(sizeof *w);
    *w         = (waiting){ NULL, ask, done, arg };
    pthread_mutex_lock(&a->lock);
    bool closed = a->closed, full = a->n >= a->opts.queue;
    if (!closed && !full) {
        *a->last = w;
        a->last  = &w->next;
        a->n++;
        pthread_cond_signal(&a->changed);
    }
    pthread_mutex_unlock(&a->lock);
    if (!closed && !full)
        return;
    free(w);
    if (closed)
        refuse_closed(done, arg);
    else
        refuse(done, arg, "busy", "too many questions wait for an answer; ask again in a moment");
}

void dd_admin_close(dd_admin *a)
{
    if (!a)
        return;
    pthread_mutex_lock(&a->lock);
    a->closed = true;
    pthread_cond_signal(&a->changed);
    pthread_mutex_unlock(&a->lock);
    pthread_join(a->thread, NULL);
    for (waiting *w; (w = take(a));) {
        refuse_closed(w->done, w->arg);
        free(w);
    }
    if (a->snapshot)
        dd_snapshot_drop(a->snapshot);
    pthread_cond_destroy(&a->changed);
    pthread_mutex_destroy(&a->lock);
    dd_dashboard_free(a->dashboard);
    free(a->dir);
    free(a);
}
