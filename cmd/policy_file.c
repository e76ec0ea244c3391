/* cmd/policy_file.c - policy.json and governance.json, read and replaced. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/jspan.h"
#include "cmd/keys.h"
#include "cmd/policy.h"

enum { KEPT = 200 };               /* changes of the past whose word still counts */

void dd_policy_path(const dd_config *c, dd_buf *out)
{
    if (c && c->governance.file) {
        dd_buf_addz(out, c->governance.file);
        return;
    }
    dd_dir_state(out);
    dd_buf_addz(out, "/policy.json");
}

void dd_waiting_path(dd_buf *out)
{
    dd_dir_state(out);
    dd_buf_addz(out, "/governance.json");
}

/* *root NULL with DD_OK: there is no such file. */
static dd_code read_json(const char *path, cJSON **root, dd_err *err)
{
    dd_buf  text = DD_BUF_INIT(1 << 20), what = DD_BUF_INIT(4200);
    dd_code rc   = dd_file_read(path, &text, err);
    *root        = NULL;
    dd_buf_printf(&what, "policy \"%s\"", path);
    if (rc == DD_ERR_NOT_FOUND)
        rc = DD_OK;
    else if (rc == DD_OK && !(*root = dd_json_parse(dd_buf_str(&text), dd_buf_z(&what), err)))
        rc = err->code;
    if (*root && !cJSON_IsObject(*root)) {
        cJSON_Delete(*root);
        *root = NULL;
        rc    = dd_fail(err, DD_ERR_PARSE, "%s: an object is needed", dd_buf_z(&what));
    }
    dd_buf_free(&text);
    dd_buf_free(&what);
    return rc;
}

static dd_code bad(const char *path, const char *why, dd_err *err) { return dd_fail(err, DD_ERR_PARSE, "policy \"%s\": %s", path, why); }

dd_code dd_policy_read(const char *path, dd_policy_file *out, dd_err *err)
{
    cJSON         *root;
    dd_policy_file f  = { .mode = DD_GOVERN_AUDIT };
    dd_code        rc = read_json(path, &root, err);
    const cJSON   *mode = cJSON_GetObjectItemCaseSensitive(root, "governance_mode"), *panic = cJSON_GetObjectItemCaseSensitive(root, "panic_mode");
    const cJSON   *to   = cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(root, "panic"), "provider");
    f.there             = root != NULL;
    if (rc == DD_OK && mode && !(cJSON_IsString(mode) && dd_govern_mode_find(dd_str_z(mode->valuestring), &f.mode)))
        rc = bad(path, "governance_mode is strict or audit", err);
    if (rc == DD_OK && panic && !cJSON_IsBool(panic))
        rc = bad(path, "panic_mode is true or false", err);
    if (rc == DD_OK && to && !cJSON_IsNull(to) && !(cJSON_IsString(to) && strlen(to->valuestring) < sizeof f.provider))
        rc = bad(path, "panic.provider names a provider", err);
    f.panic = cJSON_IsTrue(panic);
    if (to && cJSON_IsString(to))
        snprintf(f.provider, sizeof f.provider, "%s", to->valuestring);
    if (rc == DD_OK)
        *out = f;
    cJSON_Delete(root);
    return rc;
}

/* Of the text's panic.provider; 0: it is not there any more. */
static int line_of_provider(const char *path)
{
    dd_arena a    = DD_ARENA_INIT;
    dd_buf   text = DD_BUF_INIT(1 << 20);
    dd_err   err  = DD_ERR_INIT;
    dd_jspan d    = { .n = 0 };
    int      line = 0;
    if (dd_file_read(path, &text, &err) == DD_OK && dd_jspan_parse(&d, &a, dd_buf_str(&text), &err) == DD_OK) {
        uint32_t at = dd_jspan_member(&d, dd_jspan_member(&d, 0, "panic", NULL), "provider", NULL);
        for (size_t i = 0; at != DD_J_NONE && i <= d.v[at].start; i++)
            line += i == 0 || text.ptr[i - 1] == '\n';
    }
    dd_buf_free(&text);
    dd_arena_fini(&a);
    return line;
}

dd_code dd_policy_check(const char *path, const dd_policy_file *f, const dd_str *names, size_t n, dd_err *err)
{
    enum { NEAR = 3 };
    dd_str name = dd_str_z(f->provider), near = DD_STR("");
    size_t best = NEAR;
    for (size_t i = 0; i < n; i++) {
        size_t d = dd_str_distance(names[i], name, NEAR);
        if (d < best) {
            best = d;
            near = names[i];
        }
    }
    if (!name.len || best == 0)
        return DD_OK;
    dd_fail(err, DD_ERR_NOT_FOUND, "policy \"%s\", line %d: panic: there is no provider \"%s\"", path, line_of_provider(path), f->provider);
    if (near.len)
        dd_hint(err, "Did you mean \"" DD_STR_FMT "\"?", DD_STR_ARG(near));
    else
        dd_hint(err, "One of providers: is needed.");
    return DD_ERR_NOT_FOUND;
}

/* Held until the descriptor is closed; -1: there is none, and the file is changed all the same. */
static int lock(void)
{
    dd_buf path = DD_BUF_INIT(4096);
    dd_err err  = DD_ERR_INIT;
    dd_dir_state(&path);
    dd_dir_make(dd_buf_z(&path), &err);
    dd_buf_addz(&path, "/governance.lock");
    int fd = open(dd_buf_z(&path), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd >= 0)
        flock(fd, LOCK_EX);
    dd_buf_free(&path);
    return fd;
}

static void unlock(int fd)
{
    if (fd >= 0)
        close(fd);
}

static dd_code write_json(const char *path, const cJSON *root, dd_err *err)
{
    char  *text = cJSON_Print(root);
    dd_buf out  = DD_BUF_INIT(0);
    dd_buf_addz(&out, text);
    dd_buf_addc(&out, '\n');
    dd_code rc = dd_file_replace(path, dd_buf_str(&out), 0644, err);
    cJSON_free(text);
    dd_buf_free(&out);
    return rc;
}

dd_code dd_policy_set_panic(const char *path, bool on, dd_err *err)
{
    cJSON  *root;
    int     fd = lock();
    dd_code rc = read_json(path, &root, err);
    if (rc == DD_ERR_PARSE && on)
        rc = DD_OK;                /* whatever stands there, panic is heard */
    if (rc == DD_OK) {
        if (!root)
            root = cJSON_CreateObject();
        cJSON_DeleteItemFromObjectCaseSensitive(root, "panic_mode");
        cJSON_AddBoolToObject(root, "panic_mode", on);
        rc = write_json(path, root, err);
    }
    cJSON_Delete(root);
    unlock(fd);
    return rc;
}

/* --- changes that wait, and words on them --- */

static const char *const words[] = { [DD_WORD_NONE] = "waits", [DD_WORD_APPROVED] = "approved", [DD_WORD_REJECTED] = "rejected" };

static dd_str text_of(dd_arena *a, const cJSON *o, const char *name)
{
    const char *z = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(o, name));
    return dd_arena_dupz(a, z ? z : "");
}

dd_code dd_waiting_read(dd_arena *a, dd_waiting_list *out, dd_err *err)
{
    cJSON  *root;
    dd_buf  path = DD_BUF_INIT(4096);
    dd_waiting_path(&path);
    dd_code      rc   = read_json(dd_buf_z(&path), &root, err);
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(root, "changes"), *one;
    *out = (dd_waiting_list){ dd_newn(a, dd_waiting, (size_t)cJSON_GetArraySize(list) + 2), 0 };
    cJSON_ArrayForEach(one, list) {
        dd_waiting  *w  = &out->v[out->n++];
        const cJSON *at = cJSON_GetObjectItemCaseSensitive(one, "at");
        dd_str       s  = text_of(a, one, "state");
        *w = (dd_waiting){ .id = dd_arena_dupz(a, one->string ? one->string : ""), .what = text_of(a, one, "what"), .who = text_of(a, one, "who"),
                           .at_s = cJSON_IsNumber(at) ? (int64_t)at->valuedouble : 0 };
        for (size_t i = 0; i < DD_COUNT(words); i++)
            if (dd_str_eqz(s, words[i]))
                w->word = (dd_govern_word)i;
    }
    cJSON_Delete(root);
    dd_buf_free(&path);
    return rc;
}

static dd_code write_list(const dd_waiting_list *list, dd_err *err)
{
    dd_buf  path = DD_BUF_INIT(4096), out = DD_BUF_INIT(0);
    dd_json j    = DD_JSON_INIT(&out, 1);
    dd_waiting_path(&path);
    dd_json_open(&j, '{');
    dd_json_key(&j, "changes");
    dd_json_open(&j, '{');
    for (size_t i = list->n > KEPT ? list->n - KEPT : 0; i < list->n; i++) {
        const dd_waiting *w = &list->v[i];
        dd_json_key_str(&j, w->id);
        dd_json_open(&j, '{');
        dd_json_key(&j, "state");
        dd_json_strz(&j, words[w->word]);
        dd_json_key(&j, "what");
        dd_json_str(&j, w->what);
        dd_json_key(&j, "who");
        dd_json_str(&j, w->who);
        dd_json_key(&j, "at");
        dd_json_i64(&j, w->at_s);
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

/* Takes the id out if it (still) waits, or whatever its word is. */
static bool take_out(dd_waiting_list *list, dd_str id, bool any)
{
    for (size_t i = 0; i < list->n; i++) {
        if (!dd_str_eq(list->v[i].id, id) || (!any && list->v[i].word != DD_WORD_NONE))
            continue;
        memmove(&list->v[i], &list->v[i + 1], (list->n - i - 1) * sizeof *list->v);
        list->n--;
        return true;
    }
    return false;
}

static dd_code change(const dd_waiting *w, dd_str drop, dd_err *err)
{
    dd_arena        a    = DD_ARENA_INIT;
    dd_waiting_list list = { NULL, 0 };
    int             fd   = lock();
    dd_code         rc   = dd_waiting_read(&a, &list, err);
    bool            any  = take_out(&list, drop, false);
    if (rc == DD_OK && w) {
        take_out(&list, w->id, true);
        list.v[list.n++] = *w;
    }
    if (rc == DD_OK && (any || w))
        rc = write_list(&list, err);
    unlock(fd);
    dd_arena_fini(&a);
    return rc;
}

dd_code dd_waiting_put(const dd_waiting *w, dd_str replaces, dd_err *err) { return change(w, replaces, err); }
dd_code dd_waiting_drop(dd_str id, dd_err *err) { return change(NULL, id, err); }

/* --- the audit log --- */

dd_code dd_govern_audit(const dd_actor *by, const char *action, dd_str object, dd_str old_value, dd_str new_value, dd_err *err)
{
    dd_db  *db = NULL;
    dd_code rc = dd_config_db_open(true, &db, err);
    if (rc == DD_OK)
        rc = dd_audit_add(db, by, action, object, old_value, new_value, err);
    dd_db_close(db);
    return rc;
}

static void count(void *ctx, const dd_audit_row *row)
{
    dd_govern_week   *w = ctx;
    dd_govern_verdict v;
    if (!dd_str_eqz(row->action, "governance.check"))
        return;
    cJSON      *o      = cJSON_ParseWithLength(row->new_value.ptr, row->new_value.len);
    const char *result = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(o, "result"));
    const char *mode   = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(o, "mode"));
    if (dd_govern_find(dd_str_z(result), &v)) {
        w->alone += v == DD_GOVERN_ALLOWED;
        w->alone_strict += v == DD_GOVERN_ALLOWED && mode && strcmp(mode, "strict") == 0;
        w->approved += v == DD_GOVERN_APPROVED || v == DD_GOVERN_OWN;
        w->blocked += v == DD_GOVERN_BLOCKED;
        w->frozen += v == DD_GOVERN_FROZEN;
    }
    cJSON_Delete(o);
}

dd_code dd_govern_count(dd_db *db, int64_t now_s, dd_govern_week *out, dd_err *err)
{
    *out = (dd_govern_week){ 0 };
    return db ? dd_audit_each(db, DD_ORG_DEFAULT, (now_s - 7 * 86400) * 1000, count, out, err) : DD_OK;
}
