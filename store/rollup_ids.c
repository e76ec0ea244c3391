/* store/rollup_ids.c - which ids the events of an hour and of a day have: what store/skip.h looks by. */
#include "store/rollup_parts.h"

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }
static int64_t most(int64_t a, int64_t b) { return a > b ? a : b; }

void rollup_ids_add(dd_rollup *r, const dd_event *e, dd_str org, int64_t hour)
{
    bool     fresh;
    int64_t  cost = e->cost_actual == DD_PUSD_UNKNOWN ? -1 : e->cost_actual;
    int64_t *c = dd_tally_counters(&r->ids, dd_tally_find(&r->ids, (dd_tally_key){ hour, 0, 0 }, &org, &fresh));
    c[IDS_FIRST] = fresh ? e->id : least(c[IDS_FIRST], e->id);
    c[IDS_LAST] = fresh ? e->id : most(c[IDS_LAST], e->id);
    c[IDS_MOST] = most(fresh ? -1 : c[IDS_MOST], cost);
    c[IDS_REQUESTS]++;
}

int rollup_ids_open(dd_rollup *r, sqlite3 *db)
{
    static const char put[] =
        "INSERT INTO id_summary (org, unit, start, first_id, last_id, request_count, most_cost) VALUES (?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (org, unit, start) DO UPDATE SET first_id = min(first_id, excluded.first_id), last_id = max(last_id, excluded.last_id),"
        " request_count = request_count + excluded.request_count, most_cost = max(most_cost, excluded.most_cost)";
    static const char old[] = "DELETE FROM id_summary WHERE org = ?2 AND unit = 3600 AND start < ?1 AND start ="
                              " (SELECT min(start) FROM id_summary WHERE org = ?2 AND unit = 3600)";
    int code = sqlite3_prepare_v3(db, put, -1, SQLITE_PREPARE_PERSISTENT, &r->put_ids, NULL);
    return code == SQLITE_OK ? sqlite3_prepare_v3(db, old, -1, SQLITE_PREPARE_PERSISTENT, &r->old_ids, NULL) : code;
}

void rollup_ids_close(dd_rollup *r)
{
    sqlite3_finalize(r->put_ids);
    sqlite3_finalize(r->old_ids);
    r->put_ids = r->old_ids = NULL;
}

static int step(sqlite3_stmt *stmt)
{
    int code = sqlite3_step(stmt);
    sqlite3_reset(stmt);
    return code == SQLITE_DONE ? SQLITE_OK : code;
}

static void bind_org(sqlite3_stmt *stmt, int at, dd_str org) { sqlite3_bind_text(stmt, at, org.ptr, (int)org.len, SQLITE_STATIC); }

static int put(dd_rollup *r, dd_tally_row *row, int64_t unit)
{
    const int64_t *c = dd_tally_counters(&r->ids, row);
    bind_org(r->put_ids, 1, dd_tally_texts(row)[0]);
    sqlite3_bind_int64(r->put_ids, 2, unit);
    sqlite3_bind_int64(r->put_ids, 3, start_of(row->key.period, unit));
    sqlite3_bind_int64(r->put_ids, 4, c[IDS_FIRST]);
    sqlite3_bind_int64(r->put_ids, 5, c[IDS_LAST]);
    sqlite3_bind_int64(r->put_ids, 6, c[IDS_REQUESTS]);
    sqlite3_bind_int64(r->put_ids, 7, c[IDS_MOST]);
    return step(r->put_ids);
}

int rollup_ids_write(dd_rollup *r)
{
    int code = SQLITE_OK;
    for (size_t i = 0; i < r->ids.n && code == SQLITE_OK; i++) {
        dd_tally_row *row = dd_tally_at(&r->ids, i);
        code = put(r, row, HOUR_S);
        if (code == SQLITE_OK)
            code = put(r, row, DAY_S);
    }
    return code;
}

int rollup_ids_tidy(dd_rollup *r, dd_str org, int64_t before_s)
{
    sqlite3_bind_int64(r->old_ids, 1, before_s);
    bind_org(r->old_ids, 2, org);
    return step(r->old_ids);
}
