/* store/cache_gone.c - what one process invalidates, the others that use the file forget, too: a row each in cache.db, sealed as answers are. */
#include <time.h>

#include "base/secret.h"
#include "store/cache_parts.h"
#include "store/seal.h"
#include "store/sql.h"

enum { KEPT_S = 3600, TEXTS = 4 };
#define ABOUT DD_STR("dd0c cache gone")

static void write_match(const dd_cache_match *m, dd_buf *out)
{
    const dd_str texts[TEXTS] = { m->model, m->tag, m->key_id, m->org };
    for (size_t i = 0; i < TEXTS; i++) {
        uint32_t len = (uint32_t)texts[i].len;
        dd_buf_add(out, (dd_str){ (const char *)&len, sizeof len });
        dd_buf_add(out, texts[i]);
    }
}

static bool read_match(dd_str rest, dd_cache_match *out)
{
    dd_str *const texts[TEXTS] = { &out->model, &out->tag, &out->key_id, &out->org };
    for (size_t i = 0; i < TEXTS; i++) {
        uint32_t len;
        if (rest.len < sizeof len)
            return false;
        memcpy(&len, rest.ptr, sizeof len);
        rest = dd_str_sub(rest, sizeof len, rest.len);
        if (rest.len < len)
            return false;
        *texts[i] = dd_str_sub(rest, 0, len);
        rest      = dd_str_sub(rest, len, rest.len);
    }
    return !rest.len;
}

dd_code cache_gone_put(dd_db *db, dd_str seal_key, int64_t by, const dd_cache_match *m, dd_err *err)
{
    dd_buf  plain = DD_BUF_INIT(0), sealed = DD_BUF_INIT(0);
    write_match(m, &plain);
    dd_code rc = dd_seal(seal_key, ABOUT, dd_buf_str(&plain), &sealed, err);
    if (rc == DD_OK) {
        dd_sql s = dd_sql_prepare(db, "INSERT INTO gone (by, at_s, match) VALUES (?, ?, ?)", err);
        dd_sql_i64(&s, by);
        dd_sql_i64(&s, (int64_t)time(NULL));
        dd_sql_blob(&s, sealed.ptr, sealed.len);
        rc = dd_sql_run(&s);
    }
    dd_buf_free(&plain);
    dd_buf_free(&sealed);
    return rc;
}

int64_t cache_gone_last(dd_db *db)
{
    dd_err  err = DD_ERR_INIT;
    dd_sql  s   = dd_sql_prepare(db, "SELECT max(id) FROM gone", &err);
    int64_t n   = dd_sql_row(&s) ? dd_sql_get_i64(&s, 0) : 0;
    return dd_sql_end(&s) == DD_OK ? n : 0;
}

dd_code cache_gone_each(dd_db *db, dd_str seal_key, int64_t by, int64_t *last, cache_gone_fn *fn, void *ctx, dd_err *err)
{
    dd_sql s = dd_sql_prepare(db, "SELECT id, by, at_s, match FROM gone WHERE id > ? ORDER BY id", err);
    dd_sql_i64(&s, *last);
    while (dd_sql_row(&s)) {
        dd_secret      plain = DD_SECRET_NONE;
        dd_err         none  = DD_ERR_INIT;
        dd_cache_match m     = { .stored_until = dd_sql_get_i64(&s, 2) };
        *last = dd_sql_get_i64(&s, 0);
        if (dd_sql_get_i64(&s, 1) != by && dd_unseal(seal_key, ABOUT, dd_sql_get_text(&s, 3), &plain, &none) == DD_OK &&
            read_match(dd_secret_reveal(plain), &m))
            fn(ctx, &m);
        dd_secret_free(&plain);
    }
    return dd_sql_end(&s);
}

dd_code cache_gone_tidy(dd_db *db, int64_t now_s, dd_err *err)
{
    dd_sql s = dd_sql_prepare(db, "DELETE FROM gone WHERE at_s < ?", err);
    dd_sql_i64(&s, now_s - KEPT_S);
    return dd_sql_run(&s);
}

/* --- what is on disk, for who only looks --- */

dd_code dd_cache_look(const char *dir, int64_t now_s, dd_cache_disk_state *out, dd_err *err)
{
    static const char sql[] = "SELECT (SELECT count(*) FROM answers), (SELECT count(*) FROM answers WHERE expires_s <= ?), "
                              "(SELECT stored_s FROM answers ORDER BY id LIMIT 1), (SELECT stored_s FROM answers ORDER BY id DESC LIMIT 1), "
                              "(SELECT page_count FROM pragma_page_count()), (SELECT freelist_count FROM pragma_freelist_count()), "
                              "(SELECT page_size FROM pragma_page_size())";
    dd_db *db = dd_db_open(DD_DB_CACHE, &(dd_db_opts){ .dir = dir }, err);
    *out      = (dd_cache_disk_state){ .there = db != NULL };
    if (!db)
        return err->code == DD_ERR_NOT_FOUND ? DD_OK : err->code;
    dd_sql s = dd_sql_prepare(db, sql, err);
    dd_sql_i64(&s, now_s);
    if (dd_sql_row(&s)) {
        out->entries  = dd_sql_get_i64(&s, 0);
        out->expired  = dd_sql_get_i64(&s, 1);
        out->oldest_s = dd_sql_get_i64(&s, 2);
        out->newest_s = dd_sql_get_i64(&s, 3);
        out->bytes    = (dd_sql_get_i64(&s, 4) - dd_sql_get_i64(&s, 5)) * dd_sql_get_i64(&s, 6);
    }
    dd_code rc = dd_sql_end(&s);
    dd_db_close(db);
    return rc;
}
