/* cmd/admin: a queue with an end, answers in order, and what stands behind a question mark. */
#include <pthread.h>
#include <stdlib.h>

#include "cmd/admin.h"
#include "route/budget.h"
#include "tests/unit/store/sample.h"
#include "tests/unit/test.h"

/* --- parameters --- */

static const struct { const char *why, *query, *want; } queries[] = {
    { "nothing", "", "" },
    { "two", "from=1&to=2", "from=1;to=2;" },
    { "escaped", "a%20b=%2B%26%3d", "a b=+&=;" },
    { "empty parts", "&&a=&b&", "a=;b=;" },
    { "a plus stays", "from=2026-11-20T08:00:00+01:00", "from=2026-11-20T08:00:00+01:00;" },
    { "a zero byte is a byte", "a=%00", "a=\\0;" },
};

TEST(parameters_are_decoded)
{
    for (size_t i = 0; i < DD_COUNT(queries); i++) {
        dd_arena a   = DD_ARENA_INIT;
        dd_buf   got = DD_BUF_INIT(0);
        dd_param p[4];
        size_t   n;
        CHECK(dd_params_read(dd_str_z(queries[i].query), &a, p, DD_COUNT(p), &n));
        for (size_t k = 0; k < n; k++) {
            dd_buf_printf(&got, DD_STR_FMT "=", DD_STR_ARG(p[k].name));
            if (p[k].value.len == 1 && p[k].value.ptr[0] == '\0')
                dd_buf_addz(&got, "\\0");
            else
                dd_buf_add(&got, p[k].value);
            dd_buf_addc(&got, ';');
        }
        CHECK_STR(dd_buf_str(&got), queries[i].want);
        dd_buf_free(&got);
        dd_arena_fini(&a);
    }
}

TEST(parameters_that_cannot_be_are_refused)
{
    static const char *const bad[] = { "a=%", "a=%4", "a=%g0", "%zz=1", "a=1&b=2&c=3&d=4&e=5" };
    for (size_t i = 0; i < DD_COUNT(bad); i++) {
        dd_arena a = DD_ARENA_INIT;
        dd_param p[4];
        size_t   n;
        CHECK(!dd_params_read(dd_str_z(bad[i]), &a, p, DD_COUNT(p), &n));
        dd_arena_fini(&a);
    }
}

/* date -u -d 2026-11-20 +%s: 1795132800 */
static const struct { const char *why, *text; bool last; int64_t want; } moments[] = {
    { "a day begins", "2026-11-20", false, 1795132800 },
    { "a day ends", "2026-11-20", true, 1795132800 + 86400 },
    { "UTC", "2026-11-20T08:30:15Z", false, 1795132800 + 8 * 3600 + 30 * 60 + 15 },
    { "small letters", "2026-11-20t08:30:15z", true, 1795132800 + 8 * 3600 + 30 * 60 + 15 },
    { "east", "2026-11-20T08:30:15+01:00", false, 1795132800 + 7 * 3600 + 30 * 60 + 15 },
    { "a plus that a form sent", "2026-11-20T08:30:15 01:00", false, 1795132800 + 7 * 3600 + 30 * 60 + 15 },
    { "west", "2026-11-20T08:30:15.123-00:30", false, 1795132800 + 9 * 3600 + 15 },
    { "seconds since 1970", "1795132801", false, 1795132801 },
    { "1970", "0", false, 0 },
    { "not", "", false, -1 }, { "not", "today", false, -1 }, { "not", "2026-11-20T08:30:15", false, -1 }, { "not", "2026-11-20T08:30Z", false, -1 },
    { "not", "2026-02-30", false, -1 }, { "not", "2026-11-20T24:00:00Z", false, -1 }, { "not", "2026-11-20T08:30:15+1:00", false, -1 },
    { "not", "-1", false, -1 }, { "not", "+1", false, -1 }, { "not", "1795132800123456", false, -1 }, { "not", "1e9", false, -1 },
    { "before 1970", "1969-12-31", false, -1 },
};

TEST(moments_are_days_rfc_3339_or_seconds)
{
    for (size_t i = 0; i < DD_COUNT(moments); i++) {
        int64_t got = -2;
        bool    ok  = dd_moment_read(dd_str_z(moments[i].text), NULL, moments[i].last, &got);
        CHECK_EQ(ok, moments[i].want >= 0, moments[i].text);
        if (ok)
            CHECK_EQ(got, moments[i].want, moments[i].why);
    }
}

/* Berlin's 25 October 2026 has 25 hours: 24 October 22:00 UTC to 25 October 23:00 UTC. date -u -d '2026-10-25 01:00' +%s: 1792890000 */
TEST(days_are_those_of_the_zone)
{
    static const int64_t from[]    = { 1774746000 /* 2026-03-29 01:00 */, 1792890000 };
    static const int32_t offsets[] = { 7200, 3600 };
    const dd_zone        berlin    = { from, offsets, 2, 3600 };
    int64_t              begin, end;
    CHECK(dd_moment_read(DD_STR("2026-10-25"), &berlin, false, &begin) && dd_moment_read(DD_STR("2026-10-25"), &berlin, true, &end));
    CHECK_EQ(begin, 1792890000 - 3 * 3600, "midnight there");
    CHECK_EQ(end - begin, 25 * 3600, "the clocks are changed");
}

/* --- the queue --- */

typedef struct { pthread_mutex_t lock; pthread_cond_t changed; bool held, entered; dd_buf log; int done; } scene;
static scene now_playing = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false, false, DD_BUF_INIT(0), 0 };

/* The helper stands here as long as the scene is held. */
static int64_t clock_that_waits(void)
{
    scene *s = &now_playing;
    pthread_mutex_lock(&s->lock);
    s->entered = true;
    pthread_cond_broadcast(&s->changed);
    while (s->held)
        pthread_cond_wait(&s->changed, &s->lock);
    pthread_mutex_unlock(&s->lock);
    return 1795132800;
}

static void answered(void *arg, int status, dd_str json)
{
    scene *s = &now_playing;
    pthread_mutex_lock(&s->lock);
    dd_buf_printf(&s->log, "%s:%d ", (const char *)arg, status);
    if (!dd_str_has(json, status == 200 ? "\"object\":\"usage\"" : "\"error\":{\"message\":"))
        dd_buf_addz(&s->log, "(not so) ");
    s->done++;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
}

static void set_scene(bool held)
{
    scene *s = &now_playing;
    pthread_mutex_lock(&s->lock);
    s->held    = held;
    s->entered = s->entered && !held;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
}

static void wait_for(bool entered, int done)
{
    scene *s = &now_playing;
    pthread_mutex_lock(&s->lock);
    while ((entered && !s->entered) || s->done < done)
        pthread_cond_wait(&s->changed, &s->lock);
    pthread_mutex_unlock(&s->lock);
}

static dd_admin *begin(size_t queue)
{
    dd_err err = DD_ERR_INIT;
    dd_buf_clear(&now_playing.log);
    now_playing.done = 0;
    set_scene(true);
    dd_admin *a = dd_admin_open(&(dd_admin_opts){ .dir = sample_dir("admin"), .queue = queue, .now_s = clock_that_waits }, &err);
    CHECK(a != NULL);
    return a;
}

static const dd_ask usage = { .what = "usage", .admin = true }, wrong = { .what = "usage", .query = DD_STR("by=x"), .admin = true },
                    unknown = { .what = "nothing" };

TEST(questions_are_answered_in_order_and_too_many_at_once_refused)
{
    static char names[] = "a\0b\0c\0d";
    dd_admin   *a = begin(2);
    dd_admin_ask(a, &usage, answered, names);
    wait_for(true, 0);                       /* it is being answered, and waits no more */
    dd_admin_ask(a, &wrong, answered, names + 2);
    dd_admin_ask(a, &unknown, answered, names + 4);
    dd_admin_ask(a, &usage, answered, names + 6);
    CHECK_STR(dd_buf_str(&now_playing.log), "d:503 ");
    set_scene(false);
    wait_for(false, 4);
    CHECK_STR(dd_buf_str(&now_playing.log), "d:503 a:200 b:400 c:404 ");
    dd_admin_close(a);
    dd_buf_free(&now_playing.log);
}

static void *close_it(void *a)
{
    dd_admin_close(a);
    return NULL;
}

/* Asked by one who learns of the end by an answer of it: while the helper stands still, closing waits for it. */
TEST(at_the_end_everyone_gets_an_answer)
{
    static char names[] = "a\0b\0c";
    pthread_t   closer;
    dd_admin   *a = begin(8);
    dd_admin_ask(a, &usage, answered, names);
    wait_for(true, 0);
    dd_admin_ask(a, &usage, answered, names + 2);
    CHECK(pthread_create(&closer, NULL, close_it, a) == 0);
    set_scene(false);
    pthread_join(closer, NULL);
    CHECK_EQ(now_playing.done, 2, "each once");
    dd_admin_ask(NULL, &usage, answered, names + 4);
    CHECK(dd_str_startsz(dd_buf_str(&now_playing.log), "a:200 b:") && dd_str_endsz(dd_buf_str(&now_playing.log), "c:503 "));
    dd_buf_free(&now_playing.log);
}
