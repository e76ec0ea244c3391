#include "store/cache.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/time.h"
#include "tests/unit/store/sample.h"
#include "tests/unit/test.h"

enum { NOW_S = 1000000, BIG = 10000 };

static dd_str secret_of(unsigned char first)
{
    static unsigned char bytes[4][DD_CACHE_SECRET];
    for (int i = 0; i < DD_CACHE_SECRET; i++)
        bytes[first & 3][i] = (unsigned char)(first + i);
    return (dd_str){ (const char *)bytes[first & 3], DD_CACHE_SECRET };
}

static dd_cache *open_with(dd_cache_opts o)
{
    dd_err    err = DD_ERR_INIT;
    if (!o.secret.len)
        o.secret = secret_of(0);
    dd_cache *c = dd_cache_open(&o, &err);
    if (!c) {
        dd_test_fail(__FILE__, __LINE__, "%s", err.msg);
        abort();
    }
    return c;
}

static dd_cache_key key_of(const dd_cache *c, const char *text)
{
    dd_str part = dd_str_z(text);
    return dd_cache_hash(c, &part, 1);
}

static dd_cached answer_of(const char *body)
{
    return (dd_cached){ .status = 200, .content_type = DD_STR("application/json"), .body = dd_str_z(body), .model = DD_STR("gpt-4o-mini"), .provider = DD_STR("openai"),
                        .org = DD_STR("default"), .key_id = DD_STR("k1"), .tags = DD_STR("team=search\nfeature=faq"), .cost = 42, .input_tokens = 7, .output_tokens = 3,
                        .stored_s = NOW_S, .expires_s = INT64_C(1) << 40 };
}

static void put(dd_cache *c, const char *key, const char *body)
{
    dd_cache_key k = key_of(c, key);
    dd_cached    a = answer_of(body);
    dd_cache_put(c, &k, &a);
}

/* --- one who may have to wait --- */

typedef struct { pthread_mutex_t lock; pthread_cond_t changed; int calls; } bell;
#define BELL { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0 }

static void ring(void *arg)
{
    bell *b = arg;
    pthread_mutex_lock(&b->lock);
    b->calls++;
    pthread_cond_broadcast(&b->changed);
    pthread_mutex_unlock(&b->lock);
}

static int calls_of(bell *b)
{
    pthread_mutex_lock(&b->lock);
    int n = b->calls;
    pthread_mutex_unlock(&b->lock);
    return n;
}

static void await(bell *b, int calls)
{
    pthread_mutex_lock(&b->lock);
    while (b->calls < calls)
        pthread_cond_wait(&b->changed, &b->lock);
    pthread_mutex_unlock(&b->lock);
}

static dd_cache_verdict find(dd_cache *c, const char *key, bell *b)
{
    dd_arena     a = DD_ARENA_INIT;
    dd_cached    out;
    dd_cache_key k = key_of(c, key);
    dd_cache_verdict v = dd_cache_find(c, &k, NOW_S, &a, &out, ring, b);
    dd_arena_fini(&a);
    return v;
}

/* As a request does it: asks again when it is told to. */
static dd_cache_verdict ask(dd_cache *c, const char *key, dd_arena *a, dd_cached *out)
{
    bell         b = BELL;
    dd_cache_key k = key_of(c, key);
    int          n = 0;
    dd_cache_verdict v;
    while ((v = dd_cache_find(c, &k, NOW_S, a, out, ring, &b)) == DD_CACHE_WAIT)
        await(&b, ++n);
    return v;
}

static void give_up(dd_cache *c, const char *key)
{
    dd_cache_key k = key_of(c, key);
    dd_cache_give_up(c, &k);
}

static bool forget(dd_cache *c, const char *key, bell *b)
{
    dd_cache_key k = key_of(c, key);
    return dd_cache_forget(c, &k, b);
}

static bool has(dd_cache *c, const char *key)
{
    dd_arena  a = DD_ARENA_INIT;
    dd_cached out;
    bool      hit = ask(c, key, &a, &out) == DD_CACHE_HIT;
    if (!hit)
        give_up(c, key);
    dd_arena_fini(&a);
    return hit;
}

static dd_cache_counts counts_of(const dd_cache *c)
{
    dd_cache_counts n;
    dd_cache_count(c, &n);
    return n;
}

/* --- what is known by --- */

/* python3: k = hmac.new(bytes(range(32)), b"dd0c cache hash", sha256).digest(); each part behind its length, eight bytes, little end first */
TEST(a_key_is_a_keyed_hash_of_its_parts_RC_4)
{
    static const unsigned char want[] = {
        0xc6, 0x75, 0x8a, 0x32, 0xae, 0x5e, 0x82, 0x92, 0x0a, 0x8c, 0x08, 0xe7, 0x9d, 0xd2, 0x4e, 0x78,
        0x87, 0x30, 0x38, 0xfe, 0xd9, 0x1e, 0x54, 0xc3, 0x4f, 0x9d, 0xa5, 0xce, 0x8e, 0x9d, 0x88, 0xd8,
    };
    dd_cache    *c       = open_with((dd_cache_opts){ 0 });
    dd_cache    *other   = open_with((dd_cache_opts){ .secret = secret_of(1) });
    dd_str       parts[] = { DD_STR("default"), DD_STR(""), DD_STR("{\"model\":\"m\"}") }, ab[] = { DD_STR("a"), DD_STR("b") }, one[] = { DD_STR("ab"), DD_STR("") };
    dd_cache_key k = dd_cache_hash(c, parts, 3), x = dd_cache_hash(c, ab, 2), y = dd_cache_hash(c, one, 2), z = dd_cache_hash(other, parts, 3);
    CHECK(memcmp(&k, want, sizeof want) == 0);
    CHECK(memcmp(&x, &y, sizeof x) != 0);
    CHECK(memcmp(&k, &z, sizeof k) != 0);
    dd_cache_close(c);
    dd_cache_close(other);
}

TEST(an_answer_comes_back_as_it_was_put_RC_4)
{
    dd_cache *c = open_with((dd_cache_opts){ 0 });
    dd_arena  a = DD_ARENA_INIT;
    dd_cached out;
    CHECK_EQ(ask(c, "q", &a, &out), DD_CACHE_MISS, "nobody asked before");
    put(c, "q", "{\"hi\":1}");
    CHECK_EQ(ask(c, "q", &a, &out), DD_CACHE_HIT, "it is there");
    CHECK_STR(out.body, "{\"hi\":1}");
    CHECK_STR(out.content_type, "application/json");
    CHECK_STR(out.model, "gpt-4o-mini");
    CHECK_STR(out.provider, "openai");
    CHECK_EQ(out.cost, 42, "what a hit saves");
    CHECK_EQ(out.status, 200, "status");
    CHECK_EQ(out.input_tokens + out.output_tokens, 10, "tokens");
    CHECK_EQ(out.stored_s, NOW_S, "age");
    put(c, "q", "newer");
    CHECK_EQ(ask(c, "q", &a, &out), DD_CACHE_HIT, "put again");
    CHECK_STR(out.body, "newer");
    CHECK_EQ(counts_of(c).entries, 1, "in the place of the first");
    dd_arena_fini(&a);
    dd_cache_close(c);
}

TEST(an_answer_past_its_time_is_none_RC_4)
{
    dd_cache    *c = open_with((dd_cache_opts){ 0 });
    dd_arena     a = DD_ARENA_INIT;
    dd_cache_key k = key_of(c, "q");
    dd_cached    in = answer_of("x"), out;
    bell         b  = BELL;
    in.expires_s = NOW_S + 10;
    dd_cache_put(c, &k, &in);
    CHECK_EQ(dd_cache_find(c, &k, NOW_S + 9, &a, &out, ring, &b), DD_CACHE_HIT, "a second before");
    CHECK_EQ(dd_cache_find(c, &k, NOW_S + 10, &a, &out, ring, &b), DD_CACHE_MISS, "then");
    CHECK_EQ(counts_of(c).entries, 0, "and gone");
    dd_arena_fini(&a);
    dd_cache_close(c);
}

static const char *big_text(char fill)
{
    static char text[BIG + 1];
    memset(text, fill, BIG);
    return text;
}

TEST(memory_is_bounded_and_the_longest_unused_go_RC_4)
{
    dd_cache *c = open_with((dd_cache_opts){ .max_bytes = 10 * (BIG + 1000), .max_entry_bytes = 2 * BIG });   /* two shards would hold too few: one */
    char      key[20];
    for (int i = 0; i < 10; i++) {
        snprintf(key, sizeof key, "q%d", i);
        put(c, key, big_text('a'));
    }
    CHECK_EQ(counts_of(c).evicted, 0, "ten fit");
    CHECK(has(c, "q0"));                 /* used: q1 is the oldest now */
    put(c, "q10", big_text('b'));
    CHECK(has(c, "q0"));
    CHECK(!has(c, "q1"));
    for (int i = 0; i < 1000; i++) {
        snprintf(key, sizeof key, "r%d", i);
        put(c, key, big_text('c'));
        CHECK(counts_of(c).bytes <= 10 * (BIG + 1000));
    }
    dd_cache_close(c);
}

TEST(an_answer_that_is_too_large_is_not_kept_RC_4)
{
    dd_cache *c = open_with((dd_cache_opts){ .max_entry_bytes = BIG / 2 });
    bell      b = BELL;
    CHECK_EQ(find(c, "q", &b), DD_CACHE_MISS, "leads");
    CHECK_EQ(find(c, "q", &b), DD_CACHE_WAIT, "waits");
    put(c, "q", big_text('x'));
    CHECK_EQ(calls_of(&b), 1, "who waited goes on in its place");
    CHECK_EQ(find(c, "q", &b), DD_CACHE_MISS, "and asks upstream");
    CHECK_EQ(counts_of(c).entries, 0, "nothing is kept");
    dd_cache_close(c);
}

/* --- equal requests under way --- */

TEST(equal_requests_wait_for_the_first_RC_4)
{
    dd_cache *c = open_with((dd_cache_opts){ 0 });
    bell      b[100], first = BELL;
    CHECK_EQ(find(c, "q", &first), DD_CACHE_MISS, "the first goes on");
    CHECK_EQ(find(c, "other", &first), DD_CACHE_MISS, "another question is another request");
    for (int i = 0; i < 100; i++) {
        b[i] = (bell)BELL;
        CHECK_EQ(find(c, "q", &b[i]), DD_CACHE_WAIT, "the others wait");
    }
    CHECK_EQ(counts_of(c).waiting, 100, "so many");
    put(c, "q", "x");
    for (int i = 0; i < 100; i++) {
        CHECK_EQ(calls_of(&b[i]), 1, "woken once");
        CHECK_EQ(find(c, "q", &b[i]), DD_CACHE_HIT, "by an answer");
    }
    CHECK_EQ(counts_of(c).waiting, 0, "nobody is left");
    dd_cache_close(c);
}

TEST(who_gives_up_is_followed_by_exactly_one_RC_4)
{
    dd_cache *c = open_with((dd_cache_opts){ 0 });
    bell      first = BELL, b[3] = { BELL, BELL, BELL };
    find(c, "q", &first);
    for (int i = 0; i < 3; i++)
        find(c, "q", &b[i]);
    give_up(c, "q");
    CHECK_EQ(calls_of(&b[0]) * 100 + calls_of(&b[1]) * 10 + calls_of(&b[2]), 100, "the one that came first");
    give_up(c, "q");
    CHECK_EQ(calls_of(&b[1]), 0, "nobody leads: there is nothing to give up");
    CHECK_EQ(find(c, "q", &b[0]), DD_CACHE_MISS, "it goes on");
    CHECK_EQ(find(c, "q", &first), DD_CACHE_WAIT, "who comes now waits for it");
    put(c, "q", "x");
    CHECK_EQ(calls_of(&b[1]) + calls_of(&b[2]) + calls_of(&first), 3, "then all are woken");
    give_up(c, "q");
    CHECK_EQ(find(c, "q", &first), DD_CACHE_HIT, "a late give-up takes no answer away");
    dd_cache_close(c);
}

TEST(when_no_answer_can_be_kept_nobody_waits_in_line_RC_4)
{
    enum { ALL = 20 };
    dd_cache *c = open_with((dd_cache_opts){ 0 });
    bell      b[ALL];
    int       woken = 0;
    for (int i = 0; i < ALL; i++) {
        b[i] = (bell)BELL;
        find(c, "q", &b[i]);
    }
    for (int i = 0; i < DD_CACHE_TRIES; i++) {
        if (i)
            CHECK_EQ(find(c, "q", &b[i]), DD_CACHE_MISS, "one after the other");
        give_up(c, "q");
    }
    for (int i = DD_CACHE_TRIES; i < ALL; i++)
        woken += calls_of(&b[i]);
    CHECK_EQ(woken, ALL - DD_CACHE_TRIES, "four had no answer: the others go on");
    for (int i = DD_CACHE_TRIES; i < ALL; i++)
        CHECK_EQ(find(c, "q", &b[i]), DD_CACHE_MISS, "each alone");
    CHECK_EQ(find(c, "q", &b[0]), DD_CACHE_MISS, "afterwards it is as ever: one goes on");
    CHECK_EQ(find(c, "q", &b[1]), DD_CACHE_WAIT, "and one waits");
    dd_cache_close(c);
}

TEST(who_leaves_is_never_called_RC_4)
{
    dd_cache *c = open_with((dd_cache_opts){ 0 });
    bell      first = BELL, b[3] = { BELL, BELL, BELL };
    find(c, "q", &first);
    for (int i = 0; i < 3; i++)
        find(c, "q", &b[i]);
    CHECK(forget(c, "q", &b[0]));
    CHECK(!forget(c, "q", &b[0]));
    give_up(c, "q");
    CHECK_EQ(calls_of(&b[0]), 0, "it left");
    CHECK_EQ(calls_of(&b[1]), 1, "the next goes on");
    CHECK(!forget(c, "q", &b[1]));       /* told to, and left without asking */
    CHECK_EQ(calls_of(&b[2]), 1, "so the one behind it does");
    CHECK_EQ(find(c, "q", &b[2]), DD_CACHE_MISS, "goes on");
    CHECK(!forget(c, "q", &b[2]));
    put(c, "q", "x");
    CHECK_EQ(calls_of(&b[0]) + calls_of(&b[1]) + calls_of(&b[2]), 2, "nobody is called twice");
    dd_cache_close(c);
}

TEST(a_request_that_never_ends_blocks_nobody_for_ever_RC_4)
{
    dd_cache *c = open_with((dd_cache_opts){ .leader_ms = 20 });
    bell      lost = BELL, b = BELL, next = BELL;
    CHECK_EQ(find(c, "q", &lost), DD_CACHE_MISS, "leads");
    CHECK_EQ(find(c, "q", &b), DD_CACHE_WAIT, "waits");
    await(&b, 1);                        /* the thread notices */
    await(&b, 1);
    CHECK(find(c, "q", &b) == DD_CACHE_MISS);
    CHECK_EQ(find(c, "q", &next), DD_CACHE_WAIT, "the next waits for that one");
    put(c, "q", "x");
    CHECK(calls_of(&next) >= 1);
    dd_cache_close(c);
}

TEST(closing_wakes_who_waits_RC_4)
{
    dd_cache *c = open_with((dd_cache_opts){ .dir = sample_dir("close") });
    bell      first = BELL, b = BELL;
    dd_arena  a = DD_ARENA_INIT;
    dd_cached out;
    ask(c, "q", &a, &out);
    CHECK_EQ(find(c, "q", &b), DD_CACHE_WAIT, "waits");
    CHECK_EQ(calls_of(&first), 0, "");
    dd_cache_close(c);
    CHECK_EQ(calls_of(&b), 1, "woken");
    dd_arena_fini(&a);
}

/* --- disk --- */

static bool file_holds(const char *dir, const char *file, const char *text)
{
    char   path[600];
    dd_buf bytes = DD_BUF_INIT(0);
    dd_err err   = DD_ERR_INIT;
    snprintf(path, sizeof path, "%s/%s", dir, file);
    bool found = dd_file_read(path, &bytes, &err) == DD_OK && dd_str_has(dd_buf_str(&bytes), text);
    dd_buf_free(&bytes);
    return found;
}

TEST(answers_outlive_the_process_and_the_disk_tells_nothing_RC_4)
{
    static const char *const secrets[] = { "a rare answer", "gpt-4o-mini", "team=search", "a rare question", "application/json" };
    const char  *dir = sample_dir("outlive");
    dd_cache    *c   = open_with((dd_cache_opts){ .dir = dir });
    dd_arena     a   = DD_ARENA_INIT;
    dd_cached    out;
    struct stat  st;
    char         path[600];
    put(c, "a rare question", "a rare answer");
    dd_cache_close(c);
    c = open_with((dd_cache_opts){ .dir = dir });
    CHECK_EQ(ask(c, "a rare question", &a, &out), DD_CACHE_HIT, "after a restart");
    CHECK_STR(out.body, "a rare answer");
    CHECK_STR(out.tags, "team=search\nfeature=faq");
    CHECK_EQ(out.cost, 42, "cost");
    CHECK_EQ(counts_of(c).disk_hits, 1, "from the disk");
    CHECK_EQ(ask(c, "a rare question", &a, &out), DD_CACHE_HIT, "and again");
    CHECK_EQ(counts_of(c).disk_hits, 1, "from memory now");
    CHECK_EQ(ask(c, "another", &a, &out), DD_CACHE_MISS, "what was never asked");
    dd_cache_close(c);
    for (size_t i = 0; i < DD_COUNT(secrets); i++)
        CHECK(!file_holds(dir, "cache.db", secrets[i]) && !file_holds(dir, "cache.db-wal", secrets[i]));
    CHECK_EQ(sample_number(dir, "cache.db", "SELECT count(*) FROM answers"), 1, "a row");
    snprintf(path, sizeof path, "%s/cache.db", dir);
    CHECK(stat(path, &st) == 0 && (st.st_mode & 077) == 0);
    dd_arena_fini(&a);
}

static void run_sql(const char *dir, const char *sql)
{
    sqlite3 *db = NULL;
    char     path[600];
    snprintf(path, sizeof path, "%s/cache.db", dir);
    CHECK_EQ(sqlite3_open(path, &db), SQLITE_OK, "open");
    CHECK_EQ(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK, sql);
    sqlite3_close(db);
}

TEST(a_row_opens_under_its_own_key_alone_RC_4)
{
    const char *dir = sample_dir("swap");
    dd_cache   *c   = open_with((dd_cache_opts){ .dir = dir });
    put(c, "a", "of a");
    put(c, "b", "of b");
    dd_cache_close(c);
    c = open_with((dd_cache_opts){ .dir = dir, .secret = secret_of(1) });
    CHECK(!has(c, "a"));                 /* another installation's */
    dd_cache_close(c);
    run_sql(dir, "UPDATE answers SET answer = (SELECT answer FROM answers WHERE id = 1), about = (SELECT about FROM answers WHERE id = 1) WHERE id = 2");
    c = open_with((dd_cache_opts){ .dir = dir });
    CHECK(has(c, "a"));
    CHECK(!has(c, "b"));                 /* a's answer is none to b */
    dd_cache_close(c);
}

TEST(the_disk_is_bounded_and_the_oldest_go_RC_4)
{
    enum { ROWS = 600, LIMIT = 2 << 20 };
    const char *dir = sample_dir("bound");
    dd_cache   *c   = open_with((dd_cache_opts){ .dir = dir, .max_disk_bytes = LIMIT });
    char        key[20];
    for (int i = 0; i < ROWS; i++) {
        snprintf(key, sizeof key, "q%d", i);
        dd_cache_key k = key_of(c, key);
        dd_cached    a = answer_of(big_text('x'));
        a.stored_s     = NOW_S + i;
        dd_cache_put(c, &k, &a);
    }
    dd_cache_invalidate(c, &(dd_cache_match){ .key_id = DD_STR("nobody") });   /* all is written before that is answered */
    dd_cache_close(c);
    int64_t rows = sample_number(dir, "cache.db", "SELECT count(*) FROM answers");
    CHECK(rows > 100 && rows < 200);     /* 2 MiB hold at most 174 of three pages each */
    CHECK_EQ(sample_number(dir, "cache.db", "SELECT max(stored_s) FROM answers"), NOW_S + ROWS - 1, "the newest is there");
    CHECK(sample_number(dir, "cache.db", "SELECT min(stored_s) FROM answers") >= NOW_S + ROWS - 200);
    CHECK(sample_number(dir, "cache.db", "PRAGMA page_count") * 4096 <= LIMIT + LIMIT / 4 + (1 << 20) + 4096);
}

TEST(expired_rows_are_removed_RC_4)
{
    const char  *dir = sample_dir("expired");
    dd_cache    *c   = open_with((dd_cache_opts){ .dir = dir });
    dd_cache_key k   = key_of(c, "old");
    dd_cached    old = answer_of("x");
    old.expires_s    = NOW_S;
    dd_cache_put(c, &k, &old);
    put(c, "new", "y");
    dd_cache_close(c);
    CHECK_EQ(sample_number(dir, "cache.db", "SELECT count(*) FROM answers"), 2, "both were written");
    c = open_with((dd_cache_opts){ .dir = dir });
    dd_cache_invalidate(c, &(dd_cache_match){ .key_id = DD_STR("nobody") });
    dd_cache_close(c);
    CHECK_EQ(sample_number(dir, "cache.db", "SELECT count(*) FROM answers"), 1, "one is past its time");
}

TEST(a_folder_that_is_none_is_told_RC_4)
{
    dd_err     err = DD_ERR_INIT;
    const char *dir = sample_dir("file");
    char        path[600];
    snprintf(path, sizeof path, "%s/cache.db", dir);
    CHECK_OK(dd_file_replace(path, DD_STR("this is not a database at all, it is text that goes on and on and on for a while and then ends."), 0600, &err));
    CHECK(!dd_cache_open(&(dd_cache_opts){ .dir = dir, .secret = secret_of(0) }, &err));
    CHECK(err.msg[0] != '\0');
    CHECK(!dd_cache_open(&(dd_cache_opts){ .secret = DD_STR("short") }, &err));
}

/* --- invalidating --- */

static void fill(dd_cache *c)
{
    static const struct { const char *key, *model, *org, *key_id, *tags; } rows[] = {
        { "1", "gpt-4o", "default", "k1", "team=search\nfeature=faq" }, { "2", "gpt-4o-mini", "default", "k1", "team=research" },
        { "3", "claude-opus-4-5", "default", "k2", "team=search" },    { "4", "gpt-4o", "acme", "k3", "team=search" },
    };
    for (size_t i = 0; i < DD_COUNT(rows); i++) {
        dd_cache_key k = key_of(c, rows[i].key);
        dd_cached    a = answer_of("x");
        a.model        = dd_str_z(rows[i].model);
        a.org          = dd_str_z(rows[i].org);
        a.key_id       = dd_str_z(rows[i].key_id);
        a.tags         = dd_str_z(rows[i].tags);
        dd_cache_put(c, &k, &a);
    }
}

/* As another process has it: another connection to the file, another memory. */
TEST(what_one_invalidates_the_others_with_the_file_forget_RC_4)
{
    enum { LOOK_MS = 20, TRIES = 1000 };
    const char *dir   = sample_dir("others");
    dd_cache   *one   = open_with((dd_cache_opts){ .dir = dir, .leader_ms = LOOK_MS });
    dd_cache   *other = open_with((dd_cache_opts){ .dir = dir, .leader_ms = LOOK_MS });
    dd_cache   *alone = open_with((dd_cache_opts){ 0 });
    dd_cache_counts n;
    put(other, "a", "of a");
    put(other, "b", "of b");
    put(alone, "a", "of a");
    dd_cache_invalidate(other, &(dd_cache_match){ .key_id = DD_STR("nobody") });   /* all is written before that is answered */
    CHECK_EQ(dd_cache_invalidate(one, &(dd_cache_match){ .tag = DD_STR("team=research") }), 0, "nobody's");
    CHECK_EQ(dd_cache_invalidate(one, &(dd_cache_match){ .tag = DD_STR("team=search") }), 2, "out of the file");
    dd_cache_count(other, &n);
    for (int i = 0; n.entries && i < TRIES; i++) {
        usleep(LOOK_MS * 1000 / 4);      /* it looks by itself: there is nothing to wait for but that */
        dd_cache_count(other, &n);
    }
    CHECK_EQ(n.entries, 0, "forgotten");
    dd_cache_count(one, &n);
    CHECK_EQ(n.entries, 0, "and here");
    CHECK(has(alone, "a"));              /* without the file nobody tells it */
    CHECK_EQ(sample_number(dir, "cache.db", "SELECT count(*) FROM gone WHERE match LIKE '%team%'"), 0, "sealed");
    CHECK(sample_number(dir, "cache.db", "SELECT count(*) FROM gone") >= 3);
    dd_cache_close(one);
    dd_cache_close(other);
    dd_cache_close(alone);
}

TEST(answers_go_by_model_tag_and_key_RC_4)
{
    static const struct { const char *why; dd_cache_match m; int64_t n; const char *left; } cases[] = {
        { "a glob of models",        { .model = { "gpt-4o*", 7 }, .org = { "default", 7 } }, 2, "34" },
        { "a tag is a whole line",   { .tag = { "team=search", 11 }, .org = { "default", 7 } }, 2, "24" },
        { "a key",                   { .key_id = { "k1", 2 }, .org = { "default", 7 } }, 2, "34" },
        { "another org's is not ours", { .key_id = { "k3", 2 }, .org = { "default", 7 } }, 0, "1234" },
        { "all of an org",           { .org = { "default", 7 } }, 3, "4" },
        { "two at once",             { .model = { "gpt*", 4 }, .tag = { "team=research", 13 } }, 1, "134" },
        { "all",                     { .org = { NULL, 0 } }, 4, "" },
    };
    for (size_t i = 0; i < 2 * DD_COUNT(cases); i++) {
        bool      disk = i % 2;
        char      left[8], dir[600];
        snprintf(dir, sizeof dir, "%s", sample_dir("match"));
        dd_cache *c = open_with((dd_cache_opts){ .dir = disk ? dir : NULL });
        size_t    n = 0;
        fill(c);
        if (i % 4 == 1) {                /* some in memory, all on disk */
            dd_cache_close(c);
            c = open_with((dd_cache_opts){ .dir = dir });
            has(c, "1");
        }
        CHECK_EQ(dd_cache_invalidate(c, &cases[i / 2].m), cases[i / 2].n, cases[i / 2].why);
        for (const char *k = "1234"; *k; k++)
            if (has(c, (const char[]){ *k, 0 }))
                left[n++] = *k;
        left[n] = '\0';
        CHECK_STR(dd_str_z(left), cases[i / 2].left);
        dd_cache_close(c);
    }
}

/* --- threads --- */

enum { THREADS = 8, TURNS = 4000, QUESTIONS = 50 };
typedef struct { dd_cache *c; unsigned seed; atomic_int *upstream; } hammer;

static void *work(void *arg)
{
    hammer  *h = arg;
    uint64_t r = h->seed;
    for (int i = 0; i < TURNS; i++) {
        dd_arena  a = DD_ARENA_INIT;
        dd_cached out;
        char      key[24], body[48];
        r = r * UINT64_C(6364136223846793005) + 1442695040888963407u;
        unsigned dice = (unsigned)(r >> 33) % 100;
        snprintf(key, sizeof key, "q%u", (unsigned)(r >> 40) % QUESTIONS);
        snprintf(body, sizeof body, "answer to %s", key);
        if (dice < 3) {
            bell         b = BELL;
            dd_cache_key k = key_of(h->c, key);
            if (dd_cache_find(h->c, &k, NOW_S, &a, &out, ring, &b) == DD_CACHE_WAIT) {
                if (!dd_cache_forget(h->c, &k, &b))
                    await(&b, 1);        /* its memory may go only then */
            } else {
                dd_cache_give_up(h->c, &k);
            }
        } else if (dice == 3) {
            dd_cache_invalidate(h->c, &(dd_cache_match){ .model = DD_STR("gpt-4o*") });
        } else if (ask(h->c, key, &a, &out) == DD_CACHE_MISS) {
            atomic_fetch_add(h->upstream, 1);
            if (dice < 20)
                give_up(h->c, key);
            else
                put(h->c, key, body);
        } else if (!dd_str_eq(out.body, dd_str_z(body))) {
            dd_test_fail(__FILE__, __LINE__, "another question's answer");
        }
        dd_arena_fini(&a);
    }
    return NULL;
}

static void hammer_on(dd_cache_opts o)
{
    dd_cache  *c = open_with(o);
    pthread_t  t[THREADS];
    hammer     h[THREADS];
    atomic_int upstream = 0;
    for (unsigned i = 0; i < THREADS; i++) {
        h[i] = (hammer){ c, i + 1, &upstream };
        CHECK_EQ(pthread_create(&t[i], NULL, work, &h[i]), 0, "a thread");
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(t[i], NULL);
    CHECK_EQ(counts_of(c).waiting, 0, "nobody is left behind");
    CHECK(counts_of(c).hits > 0);
    dd_cache_close(c);
}

TEST(eight_threads_on_fifty_questions_RC_4) { hammer_on((dd_cache_opts){ 0 }); }
TEST(eight_threads_with_a_disk_and_little_memory_RC_4)
{
    hammer_on((dd_cache_opts){ .dir = sample_dir("hammer"), .max_bytes = 4096, .max_entry_bytes = 1024, .max_disk_bytes = 1 << 20 });
}
