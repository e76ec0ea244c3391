/* cmd/flags_watch.c - what has tripped: the file that all proxies of a machine share, and the looks at a proxy's guards. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "cmd/flags.h"
#include "cmd/keys.h"

static void path_of(dd_buf *out, const char *ending)
{
    dd_dir_state(out);
    dd_buf_printf(out, "/flags-tripped.json%s", ending);
}

dd_code dd_tripped_read(dd_arena *arena, dd_tripped_list *out, dd_err *err)
{
    dd_buf  path = DD_BUF_INIT(4096), text = DD_BUF_INIT(1 << 20);
    cJSON  *root = NULL;
    *out = (dd_tripped_list){ NULL, 0 };
    path_of(&path, "");
    dd_code rc = dd_file_read(dd_buf_z(&path), &text, err);
    if (rc == DD_ERR_NOT_FOUND)
        rc = DD_OK;
    else if (rc == DD_OK && !(root = dd_json_parse(dd_buf_str(&text), dd_buf_z(&path), err)))
        rc = err->code;
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(root, "tripped"), *one;
    out->v = dd_newn(arena, dd_tripped, (size_t)cJSON_GetArraySize(list) + 2);   /* room for one more */
    cJSON_ArrayForEach(one, list) {
        const cJSON *why = cJSON_GetObjectItemCaseSensitive(one, "why"), *at = cJSON_GetObjectItemCaseSensitive(one, "at");
        if (cJSON_IsObject(list) && one->string)
            out->v[out->n++] = (dd_tripped){ dd_arena_dupz(arena, one->string), dd_arena_dupz(arena, cJSON_GetStringValue(why)),
                                             cJSON_IsNumber(at) ? (int64_t)at->valuedouble : 0 };
    }
    cJSON_Delete(root);
    dd_buf_free(&path);
    dd_buf_free(&text);
    return rc;
}

static dd_code write_list(const dd_tripped_list *list, dd_err *err)
{
    dd_buf  path = DD_BUF_INIT(4096), out = DD_BUF_INIT(0);
    dd_json j    = DD_JSON_INIT(&out, 1);
    path_of(&path, "");
    dd_json_open(&j, '{');
    dd_json_key(&j, "tripped");
    dd_json_open(&j, '{');
    for (size_t i = 0; i < list->n; i++) {
        dd_json_key_str(&j, list->v[i].name);
        dd_json_open(&j, '{');
        dd_json_key(&j, "at");
        dd_json_i64(&j, list->v[i].at_s);
        dd_json_key(&j, "why");
        dd_json_str(&j, list->v[i].why);
        dd_json_close(&j, '}');
    }
    dd_json_close(&j, '}');
    dd_json_close(&j, '}');
    dd_buf_addc(&out, '\n');
    dd_code rc = dd_file_replace(dd_buf_z(&path), dd_buf_str(&out), 0600, err);
    dd_buf_free(&path);
    dd_buf_free(&out);
    return rc;
}

/* Adds (why not NULL) or removes one name, while no other process does. */
static dd_code change(dd_str name, const char *why, int64_t now_s, bool *was, dd_err *err)
{
    dd_arena        a    = DD_ARENA_INIT;
    dd_buf          dir  = DD_BUF_INIT(4096), lock = DD_BUF_INIT(4096);
    dd_tripped_list list = { NULL, 0 };
    size_t          at   = 0;
    dd_dir_state(&dir);
    path_of(&lock, ".lock");
    dd_code rc = dd_dir_make(dd_buf_z(&dir), err);
    int     fd = rc == DD_OK ? open(dd_buf_z(&lock), O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;
    if (fd >= 0)
        flock(fd, LOCK_EX);
    if (rc == DD_OK)
        rc = dd_tripped_read(&a, &list, err);
    if (rc == DD_ERR_PARSE)
        rc = DD_OK;                                /* a damaged file holds nothing worth keeping a flag from going off */
    while (at < list.n && !dd_str_eq(list.v[at].name, name))
        at++;
    *was = at < list.n;
    if (rc == DD_OK && why && list.v) {
        list.v[at] = (dd_tripped){ name, dd_str_z(why), now_s };
        list.n += at == list.n;
    } else if (rc == DD_OK && *was) {
        list.v[at] = list.v[--list.n];
    }
    if (rc == DD_OK && (why || *was))
        rc = write_list(&list, err);
    if (fd >= 0)
        close(fd);
    dd_buf_free(&dir);
    dd_buf_free(&lock);
    dd_arena_fini(&a);
    return rc;
}

dd_code dd_tripped_add(dd_str name, const char *why, int64_t now_s, dd_err *err)
{
    bool was;
    return change(name, why, now_s, &was, err);
}

dd_code dd_tripped_remove(dd_str name, bool *was, dd_err *err) { return change(name, NULL, 0, was, err); }

/* --- in a proxy --- */

struct dd_flag_watch {
    dd_guards      *guards;
    dd_flags       *flags;
    dd_flag_log    *log;
    void           *ctx;
    struct timespec seen;
    ino_t           inode;
};

dd_flag_watch *dd_flag_watch_new(dd_flag_log *log, void *ctx)
{
    dd_flag_watch *w = dd_calloc(1, sizeof *w);
    w->guards        = dd_guards_new();
    w->log           = log;
    w->ctx           = ctx;
    return w;
}

void dd_flag_watch_free(dd_flag_watch *w)
{
    if (w)
        dd_guards_free(w->guards);
    free(w);
}

static void say(dd_flag_watch *w, int level, const char *fmt, const char *name, const char *why)
{
    dd_buf line = DD_BUF_INIT(1024);
    dd_buf_printf(&line, "flag \"%s\" %s%s%s", name, fmt, why[0] ? ": " : "", why);
    w->log(w->ctx, level, dd_buf_z(&line));
    dd_buf_free(&line);
}

/* Each guard as the file has it. */
static void take_over(dd_flag_watch *w, bool tell)
{
    dd_arena        a   = DD_ARENA_INIT;
    dd_err          err = DD_ERR_INIT;
    dd_tripped_list list;
    if (dd_tripped_read(&a, &list, &err) != DD_OK)
        w->log(w->ctx, 1, err.msg);               /* what had tripped stays as it is */
    for (size_t i = 0; err.code == DD_OK && w->flags && i < w->flags->n; i++) {
        dd_flag    *f   = &w->flags->v[i];
        dd_tripped *hit = NULL;
        for (size_t k = 0; k < list.n; k++)
            if (dd_str_eq(list.v[k].name, f->name))
                hit = &list.v[k];
        bool was = atomic_exchange(&f->guard->tripped, hit != NULL);
        if (was && !hit)
            dd_guard_reset(f->guard, dd_mono_now().ns / 1000000);
        if (tell && was != (hit != NULL))
            say(w, hit ? 0 : 2, hit ? "was turned off by another proxy" : "was reset", f->name.ptr, hit ? hit->why.ptr : "");
    }
    dd_arena_fini(&a);
}

static void look_at_file(dd_flag_watch *w, bool always)
{
    dd_buf      path = DD_BUF_INIT(4096);
    struct stat st   = { 0 };
    path_of(&path, "");
    if (stat(dd_buf_z(&path), &st) != 0)
        memset(&st, 0, sizeof st);
    bool changed = memcmp(&st.st_mtim, &w->seen, sizeof w->seen) != 0 || st.st_ino != w->inode;
    w->seen  = st.st_mtim;
    w->inode = st.st_ino;
    if (changed || always)
        take_over(w, !always);
    dd_buf_free(&path);
}

void dd_flag_watch_attach(dd_flag_watch *w, dd_flags *f)
{
    dd_guards_attach(w->guards, f, dd_mono_now().ns / 1000000);
    w->flags = f;
    if (f->n)
        look_at_file(w, true);
}

const dd_flags *dd_flag_watch_flags(const dd_flag_watch *w)
{
    static const dd_flags none = { NULL, 0 };
    return w->flags ? w->flags : &none;
}

void dd_flag_watch_keep(dd_flag_watch *w, dd_arena *arena, dd_flags *out)
{
    const dd_flags *from = dd_flag_watch_flags(w);
    *out                 = (dd_flags){ dd_newn(arena, dd_flag, from->n + 1), from->n };
    for (size_t i = 0; i < from->n; i++) {
        out->v[i]       = from->v[i];
        out->v[i].name  = dd_arena_dup(arena, from->v[i].name);
        out->v[i].owner = dd_arena_dup(arena, from->v[i].owner);
        out->v[i].doc   = dd_arena_dup(arena, from->v[i].doc);
    }
}

static void reason(const dd_guard_look *l, dd_buf *out)
{
    const dd_guard_counts *p = &l->path, *o = &l->beside;
    if (l->slower)
        dd_buf_printf(out, "P99 %.0f ms, %.0f ms beside it", (double)p->p99_us / 1000, (double)o->p99_us / 1000);
    if (l->failing)
        dd_buf_printf(out, "%s%.1f%% of its requests fail, %.1f%% beside it", out->len ? "; " : "", 100.0 * (double)p->failed / (double)p->n,
                      100.0 * (double)o->failed / (double)o->n);
    dd_buf_printf(out, " (%lld and %lld requests)", (long long)p->n, (long long)o->n);
}

static void audit(dd_flag_watch *w, const dd_flag *f, const char *why)
{
    dd_err  err = DD_ERR_INIT;
    dd_db  *db  = NULL;
    dd_buf  now = DD_BUF_INIT(0);
    dd_json j   = DD_JSON_INIT(&now, 0);
    dd_json_open(&j, '{');
    dd_json_key(&j, "tripped");
    dd_json_strz(&j, why);
    dd_json_close(&j, '}');
    dd_actor by = { DD_ORG_DEFAULT, DD_STR("dd0c"), dd_clock() };
    if (dd_config_db_open(true, &db, &err) == DD_OK && db)
        dd_audit_add(db, &by, "flag.trip", f->name, DD_STR(""), dd_buf_str(&now), &err);
    if (err.code != DD_OK)
        w->log(w->ctx, 1, err.msg);
    dd_db_close(db);
    dd_buf_free(&now);
}

static void trip(dd_flag_watch *w, dd_flag *f, const dd_guard_look *l)
{
    dd_err err = DD_ERR_INIT;
    dd_buf why = DD_BUF_INIT(256);
    reason(l, &why);
    atomic_store(&f->guard->tripped, true);
    say(w, 0, "turned itself off", f->name.ptr, dd_buf_z(&why));
    if (dd_tripped_add(f->name, dd_buf_z(&why), dd_clock().s, &err) == DD_OK)
        look_at_file(w, true);
    else
        w->log(w->ctx, 0, err.msg);               /* then it is off here alone */
    audit(w, f, dd_buf_z(&why));
    dd_buf_free(&why);
}

void dd_flag_watch_look(dd_flag_watch *w)
{
    dd_guard_look l;
    if (!w->flags || !w->flags->n)
        return;
    look_at_file(w, false);
    for (size_t i = 0; i < w->flags->n; i++) {
        dd_flag *f = &w->flags->v[i];
        if (f->on && f->guard && !atomic_load(&f->guard->tripped) && dd_guard_check(f->guard, dd_mono_now().ns / 1000000, &l))
            trip(w, f, &l);
    }
}
