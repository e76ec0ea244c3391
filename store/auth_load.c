/* store/auth_load.c - from the database to a snapshot, and last uses back. */
#include "store/auth_parts.h"

#include <string.h>

/* A row of the database, borrowed until the next one. */
enum { T_ID, T_ORG, T_NAME, T_USER, T_TEAM, T_FEATURE, T_TAGS, T_MODELS, T_SCOPES, T_HASH, N_TEXTS };
enum { I_CREATED, I_EXPIRES, I_ROTATED, I_REVOKED, I_ROTATIONS, I_USED, N_INTS };
typedef struct {
    dd_str  text[N_TEXTS];
    int64_t i[N_INTS];
} row;

static const char select_rows[] =
    "SELECT k.id, k.org, k.name, k.user, k.team, k.feature, k.tags, k.models, k.scopes, k.hash, k.created_s, k.expires_s, k.rotated_s, k.revoked_s, "
    "k.rotations, coalesce(u.last_used_s, 0) FROM keys k LEFT JOIN key_use u ON u.key_id = k.id";

static void read_row(dd_sql *s, row *r)
{
    for (int i = 0; i < N_TEXTS; i++)
        r->text[i] = dd_sql_get_text(s, i);
    for (int i = 0; i < N_INTS; i++)
        r->i[i] = dd_sql_get_i64(s, N_TEXTS + i);
}

/* Last use is left out: it changes all the time and decides nothing. */
static bool same(const dd_auth_record *r, const row *w)
{
    const dd_key *k                = &r->key;
    const dd_str  texts[N_TEXTS]   = { k->id,      k->org,  k->name,        k->user,        k->team,
                                       k->feature, k->tags, r->models_text, r->scopes_text, dd_str_z(r->hash) };
    const int64_t ints[N_INTS - 1] = { k->created_s, k->expires_s, k->rotated_s, k->revoked_s, k->rotations };
    for (int i = 0; i < N_TEXTS; i++)
        if (!dd_str_eq(texts[i], w->text[i]))
            return false;
    return memcmp(ints, w->i, sizeof ints) == 0;
}

static size_t count_lines(dd_str text)
{
    size_t n = text.len != 0;
    for (size_t i = 0; i < text.len; i++)
        n += text.ptr[i] == '\n';
    return n;
}

/* One piece of memory: the record, the globs, the texts. */
static dd_auth_record *record_new(const row *w)
{
    size_t n_models = count_lines(w->text[T_MODELS]), bytes = sizeof(dd_auth_record) + n_models * sizeof(dd_str);
    for (int i = 0; i < N_TEXTS; i++)
        bytes += w->text[i].len + 1;
    dd_auth_record *r      = dd_calloc(1, bytes);
    dd_str         *models = (dd_str *)(void *)(r + 1);
    char           *at     = (char *)(models + n_models);
    dd_str          text[N_TEXTS];
    for (int i = 0; i < N_TEXTS; i++) {
        if (w->text[i].len)
            memcpy(at, w->text[i].ptr, w->text[i].len);
        text[i] = (dd_str){ at, w->text[i].len };
        at += w->text[i].len + 1;
    }
    r->key = (dd_key){ .id = text[T_ID], .org = text[T_ORG], .name = text[T_NAME], .user = text[T_USER], .team = text[T_TEAM],
                       .feature = text[T_FEATURE], .tags = text[T_TAGS], .models = models, .n_models = n_models, .created_s = w->i[I_CREATED], .expires_s = w->i[I_EXPIRES],
                       .rotated_s = w->i[I_ROTATED], .revoked_s = w->i[I_REVOKED], .last_used_s = w->i[I_USED], .rotations = w->i[I_ROTATIONS] };
    dd_str rest = text[T_MODELS];
    for (size_t i = 0; i < n_models; i++)
        models[i] = dd_str_cut(&rest, '\n');
    unsigned bit;
    for (rest = text[T_SCOPES]; rest.len;)
        if (dd_key_scope_find(dd_str_cut(&rest, ' '), &bit))
            r->key.scopes |= bit;
    r->models_text = text[T_MODELS];
    r->scopes_text = text[T_SCOPES];
    r->hash        = text[T_HASH].ptr;
    r->flushed_s   = w->i[I_USED];
    atomic_store(&r->used_s, w->i[I_USED]);
    return r;
}

/* What the old record learned stays true of the new one: its digest while the hash is the same. */
static void inherit(dd_auth_record *r, dd_auth_record *old)
{
    atomic_store(&r->used_s, atomic_load(&old->used_s));
    r->flushed_s = old->flushed_s;
    if (strcmp(r->hash, old->hash) == 0 && atomic_load(&old->verified)) {
        r->digest = old->digest;
        atomic_store(&r->verified, true);
    }
}

void dd_auth_snapshot_free(dd_auth_snapshot *s)
{
    for (size_t i = 0; i <= s->mask; i++)
        if (s->slots[i])
            dd_auth_unref(s->slots[i]);
    free(s->slots);
    free(s);
}

static dd_auth_snapshot *snapshot_of(dd_auth_record **records, size_t n)
{
    dd_auth_snapshot *s   = dd_calloc(1, sizeof *s);
    size_t            cap = 8;
    while (cap < n * 2)
        cap *= 2;
    s->slots = dd_calloc(cap, sizeof *s->slots);
    s->mask  = cap - 1;
    s->n     = n;
    for (size_t i = 0; i < n; i++) {
        size_t at = dd_str_hash(records[i]->key.id) & s->mask;
        while (s->slots[at])
            at = (at + 1) & s->mask;
        s->slots[at] = records[i];
    }
    return s;
}

static void publish(dd_auth *a, dd_auth_snapshot *next)
{
    if (next->n)
        atomic_store(&a->had_keys, true); /* before the snapshot: nobody sees keys in open mode */
    atomic_store(&a->n_keys, next->n);
    dd_auth_snapshot *old = atomic_exchange(&a->now, next);
    dd_auth_wait_readers(a);
    dd_auth_snapshot_free(old);
    for (size_t i = 0; i < DD_AUTH_REFUSED; i++)
        atomic_store_explicit(&a->refused[i].until, 0, memory_order_relaxed);
    atomic_fetch_add(&a->reloads, 1);
}

static dd_code load(dd_auth *a, dd_err *err)
{
    DD_VEC(dd_auth_record *) records = { 0 };
    dd_auth_snapshot        *old     = atomic_load(&a->now);
    dd_sql                   s       = dd_sql_prepare(a->db, select_rows, err);
    while (dd_sql_row(&s)) {
        row w;
        read_row(&s, &w);
        dd_auth_record *was = dd_auth_lookup(old, w.text[T_ID]), *r = was;
        if (!was || !same(was, &w)) {
            r = record_new(&w);
            if (was)
                inherit(r, was);
        }
        atomic_fetch_add(&r->refs, 1);
        dd_vec_push(&records, r);
    }
    dd_code rc = dd_sql_end(&s);
    if (rc == DD_OK)
        publish(a, snapshot_of(records.v, records.n));
    else
        for (size_t i = 0; i < records.n; i++)
            dd_auth_unref(records.v[i]);
    dd_vec_free(&records);
    return rc;
}

enum { WATCH_BUSY_MS = 20 };   /* the watcher has other things to do than to wait for a lock; a start has not */

/* The connection follows the name: a file that was put in its place is opened anew. DD_ERR_NOT_FOUND: there is none. */
static dd_code connect_db(dd_auth *a, dd_err *err)
{
    if (a->db && dd_db_moved(a->db)) {
        dd_db_close(a->db);
        a->db = NULL;
    }
    if (a->db)
        return DD_OK;
    a->version = -1;
    a->db      = dd_db_open(DD_DB_CONFIG, &(dd_db_opts){ .dir = a->dir, .busy_ms = a->started ? WATCH_BUSY_MS : 0 }, err);
    return a->db ? DD_OK : err->code;
}

dd_code dd_auth_refresh(dd_auth *a, dd_err *err)
{
    dd_err  own = DD_ERR_INIT, *e = err ? err : &own;
    int64_t version = -1;
    pthread_mutex_lock(&a->db_lock);
    dd_code rc = connect_db(a, e);
    if (rc == DD_OK)
        rc = dd_db_commits(a->db, &version, e);
    if (rc == DD_OK && version != a->version && (rc = load(a, e)) == DD_OK)
        a->version = version;
    if (!a->started && a->db)
        sqlite3_busy_timeout(dd_db_sqlite(a->db), WATCH_BUSY_MS);
    a->started = true;
    atomic_store(&a->gone, rc != DD_OK);
    pthread_mutex_unlock(&a->db_lock);
    return rc == DD_ERR_NOT_FOUND ? DD_OK : rc;
}

static dd_code flush_one(dd_auth *a, const dd_auth_record *r, int64_t used, dd_err *err)
{
    dd_sql s = dd_sql_prepare(a->db, "INSERT INTO key_use (key_id, last_used_s) VALUES (?, ?) "
                                     "ON CONFLICT (key_id) DO UPDATE SET last_used_s = max(last_used_s, excluded.last_used_s)", err);
    dd_sql_text(&s, r->key.id);
    dd_sql_i64(&s, used);
    return dd_sql_run(&s);
}

void dd_auth_flush_uses(dd_auth *a)
{
    dd_err  err = DD_ERR_INIT;
    bool    any = false;
    dd_code rc  = DD_OK;
    pthread_mutex_lock(&a->db_lock);
    dd_auth_snapshot *now = atomic_load(&a->now);
    for (size_t i = 0; a->db && rc == DD_OK && i <= now->mask; i++) {
        dd_auth_record *r    = now->slots[i];
        int64_t         used = r ? atomic_load_explicit(&r->used_s, memory_order_relaxed) : 0;
        if (!r || used <= r->flushed_s)
            continue;
        if (!any && (rc = dd_db_begin(a->db, &err)) != DD_OK)
            break;
        any = true;
        rc  = flush_one(a, r, used, &err);
    }
    if (any && dd_sql_finish(a->db, rc, &err) == DD_OK) /* else again next time */
        for (size_t i = 0; i <= now->mask; i++)
            if (now->slots[i])
                now->slots[i]->flushed_s = atomic_load_explicit(&now->slots[i]->used_s, memory_order_relaxed);
    pthread_mutex_unlock(&a->db_lock);
}
