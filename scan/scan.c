/* The scan: walk, parse on all cores, then resolve and detect in one thread.
 *
 * What a root needs (texts, lowered files, values) lives in arenas that go when the root is done; sites are copied into the
 * audit's arena first. A syntax tree never outlives the lowering of its file. */
#include "scan/scan.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/pool.h"
#include "scan/detect.h"

#define MAX_WORKERS 64
#ifndef HELD_BYTES
#define HELD_BYTES (16u << 20) /* of values, before they are dropped: most of them serve the files near the one they were found for */
#endif

typedef struct {
    const dd_scan_opts *opts;
    dd_audit           *audit;
    dd_arena            arena;                 /* of the root */
    dd_arena            parse[MAX_WORKERS];    /* one a worker: arenas are not shared */
    dd_arena            found;                 /* of the sites found since values were dropped last */
    dd_walk             walk;
    dd_unit_ir        **units;                 /* beside walk.candidates; NULL: could not be parsed */
    dd_str             *errors;
    DD_VEC(dd_site *)   sites;
    DD_VEC(dd_file_note) skipped, failed;
} scan;

static void parse_one(void *ctx, unsigned worker, size_t i)
{
    scan   *s   = ctx;
    dd_err  err = DD_ERR_INIT;
    dd_arena *arena = &s->parse[worker];
    if (dd_lower(s->walk.candidates[i], arena, &s->units[i], &err) != DD_OK) {
        s->units[i]  = NULL;
        s->errors[i] = dd_arena_dupz(arena, err.msg);
    }
}

/* --- what outlives the root --- */

static const size_t site_texts[] = {
    offsetof(dd_site, id), offsetof(dd_site, path), offsetof(dd_site, sdk), offsetof(dd_site, api), offsetof(dd_site, callee),
    offsetof(dd_site, symbol), offsetof(dd_site, provider), offsetof(dd_site, model), offsetof(dd_site, model_cause),
    offsetof(dd_site, env_var), offsetof(dd_site, system_text), offsetof(dd_site, user_text), offsetof(dd_site, tools_text),
    offsetof(dd_site, reasoning_effort), offsetof(dd_site, label),
};

static dd_str keep_text(dd_arena *to, dd_str s)
{
    return s.ptr ? dd_arena_dup(to, s) : s; /* NULL says "not known", and is not the empty text */
}

static const dd_str *keep_texts(dd_arena *to, const dd_str *v, size_t n)
{
    dd_str *copy = dd_newn(to, dd_str, n);
    for (size_t i = 0; i < n; i++)
        copy[i] = keep_text(to, v[i]);
    return copy;
}

static const dd_step *keep_chain(dd_arena *to, const dd_step *v, size_t n)
{
    dd_step *copy = dd_newn(to, dd_step, n);
    for (size_t i = 0; i < n; i++) {
        copy[i]      = v[i];
        copy[i].path = keep_text(to, v[i].path);
        copy[i].what = keep_text(to, v[i].what);
    }
    return copy;
}

static dd_site *keep_site(dd_arena *to, const dd_site *from)
{
    dd_site *s = dd_new(to, dd_site);
    *s         = *from;
    for (size_t i = 0; i < DD_COUNT(site_texts); i++) {
        dd_str *text = (dd_str *)(void *)((char *)s + site_texts[i]);
        *text        = keep_text(to, *text);
    }
    s->candidates = keep_texts(to, s->candidates, s->n_candidates);
    s->variants   = keep_texts(to, s->variants, s->n_variants);
    s->chain      = keep_chain(to, s->chain, s->n_chain);
    return s;
}

static void keep_note(scan *s, dd_str path, dd_str why, bool failed)
{
    dd_arena    *to = &s->audit->arena;
    dd_file_note n  = { keep_text(to, path), keep_text(to, why) };
    if (failed)
        dd_vec_push(&s->failed, n);
    else
        dd_vec_push(&s->skipped, n);
}

/* --- one root --- */

static void parse_all(scan *s)
{
    size_t   n       = s->walk.n_candidates;
    unsigned workers = s->opts->threads ? s->opts->threads : dd_cores();
    s->units         = dd_newn(&s->arena, dd_unit_ir *, n + 1);
    s->errors        = dd_newn(&s->arena, dd_str, n + 1);
    dd_parallel(workers < MAX_WORKERS ? workers : MAX_WORKERS, n, parse_one, s);
    for (size_t i = 0; i < n; i++) {
        s->audit->bytes_parsed += s->walk.candidates[i]->text.len;
        if (!s->units[i])
            keep_note(s, s->walk.candidates[i]->path, s->errors[i], true);
    }
}

/* What was found no longer needs the values it was found in. */
static void hand_on(scan *s, dd_site_list *from, dd_site_list *to)
{
    for (size_t i = 0; i < from->n; i++) {
        dd_avec_push(&s->arena, to, keep_site(&s->arena, from->v[i]));
        dd_avec_push(&s->arena, &to->calls, from->calls.v[i]);
    }
    for (size_t i = 0; i < from->triggers.n; i++) {
        dd_trigger t = from->triggers.v[i];
        t.sends      = keep_site(&s->arena, t.sends);
        dd_avec_push(&s->arena, &to->triggers, t);
    }
    *from = (dd_site_list){ 0 };
    dd_arena_fini(&s->found);
}

static void detect_all(scan *s, dd_str root)
{
    dd_site_list list = { 0 }, fresh = { 0 };
    dd_project  *p    = dd_project_new(root, s->walk.files, s->walk.n_files, s->opts->walk.max_filesize);
    for (size_t i = 0; i < s->walk.n_candidates; i++)
        if (s->units[i])
            dd_project_add(p, s->units[i]);
    for (size_t i = 0; i < s->walk.n_candidates; i++) {
        if (s->units[i])
            dd_detect_unit(p, s->units[i], &s->found, &fresh);
        if (dd_project_held(p) + s->found.used > HELD_BYTES) {
            hand_on(s, &fresh, &list);
            dd_project_forget(p);
        }
    }
    hand_on(s, &fresh, &list);
    dd_detect_finish(&list);
    for (size_t i = 0; i < list.n; i++)
        dd_vec_push(&s->sites, keep_site(&s->audit->arena, list.v[i]));
    dd_unit_ir *const *units;
    s->audit->files_parsed += dd_project_units(p, &units);
    s->audit->bytes_parsed += dd_project_bytes_parsed(p);
    dd_project_free(p);
}

static void count_root(scan *s)
{
    const dd_walk *w = &s->walk;
    s->audit->files_seen += w->n_files;
    s->audit->files_candidates += w->n_candidates;
    s->audit->files_ignored += w->ignored_files;
    s->audit->bytes_seen += w->bytes_seen;
    for (size_t i = 0; i < w->n_notes; i++)
        keep_note(s, w->notes[i].path, w->notes[i].why, w->notes[i].failed);
}

/* What paths in findings start with: with one folder nothing, with several the way to it from the working directory, for
 * one file its name. */
static dd_str printed_root(dd_arena *a, const char *given, const char *real, bool is_dir, bool several)
{
    dd_str whole = dd_str_z(real), name = dd_str_z(given);
    char   here[PATH_MAX];
    if (!is_dir && !several)
        return dd_arena_dup(a, dd_str_sub(name, (size_t)(dd_str_rchr(name, '/') + 1), name.len));
    if (!several)
        return DD_STR_NULL;
    if (getcwd(here, sizeof here)) {
        dd_str cwd = dd_str_z(here);
        if (dd_str_eq(whole, cwd))
            return DD_STR_NULL;
        if (dd_str_starts(whole, cwd) && cwd.len > 1 && whole.ptr[cwd.len] == '/')
            return dd_arena_printf(a, DD_STR_FMT "%s", DD_STR_ARG(dd_str_sub(whole, cwd.len + 1, whole.len)), is_dir ? "/" : "");
    }
    return dd_arena_printf(a, DD_STR_FMT "%s", DD_STR_ARG(whole), is_dir && whole.len > 1 ? "/" : "");
}

static dd_code scan_root(scan *s, const char *given, bool several, dd_err *err)
{
    struct stat st;
    char       *real = realpath(given, NULL);
    if (!real || stat(real, &st) != 0) {
        int     error = errno;
        dd_code rc    = dd_fail_errno(err, error, "could not read \"%s\"", given);
        free(real);
        if (error == ENOENT || error == ENOTDIR) {
            rc = err->code = DD_ERR_NOT_FOUND;
            dd_hint(err, "Name a folder or a source file that is there.");
        }
        return rc;
    }
    bool    is_dir  = S_ISDIR(st.st_mode);
    dd_str  printed = printed_root(&s->arena, given, real, is_dir, several);
    dd_code rc      = dd_walk_tree(real, printed, &s->opts->walk, &s->arena, &s->walk, err);
    if (rc == DD_OK) {
        dd_str root = dd_arena_dupz(&s->arena, real);
        if (!is_dir)
            root = dd_arena_dup(&s->arena, dd_str_sub(root, 0, (size_t)(dd_str_rchr(root, '/') + 1)));
        count_root(s);
        if (s->walk.n_candidates) {
            parse_all(s);
            detect_all(s, root);
        }
    }
    free(real);
    for (size_t i = 0; i < MAX_WORKERS; i++)
        dd_arena_fini(&s->parse[i]);
    dd_arena_fini(&s->arena);
    return rc;
}

/* --- the audit --- */

static int by_place(const void *a, const void *b)
{
    const dd_site *x = *(dd_site *const *)a, *y = *(dd_site *const *)b;
    int            c = dd_str_cmp(x->path, y->path);
    if (c)
        return c;
    if (x->cell != y->cell)
        return x->cell < y->cell ? -1 : 1;
    if (x->line != y->line)
        return x->line < y->line ? -1 : 1;
    return (x->column > y->column) - (x->column < y->column);
}

/* A place is one site, also when two roots overlap. */
static void hand_over_sites(scan *s)
{
    size_t n = 0;
    qsort(s->sites.v, s->sites.n, sizeof *s->sites.v, by_place);
    dd_site **v = dd_newn(&s->audit->arena, dd_site *, s->sites.n + 1);
    for (size_t i = 0; i < s->sites.n; i++)
        if (n == 0 || by_place(&v[n - 1], &s->sites.v[i]) != 0 || !dd_str_eq(v[n - 1]->callee, s->sites.v[i]->callee))
            v[n++] = s->sites.v[i];
    s->audit->sites   = v;
    s->audit->n_sites = n;
}

static void hand_over_notes(scan *s)
{
    dd_audit *a = s->audit;
    a->skipped  = dd_newn(&a->arena, dd_file_note, s->skipped.n + 1);
    a->failed   = dd_newn(&a->arena, dd_file_note, s->failed.n + 1);
    if (s->skipped.n)
        memcpy(a->skipped, s->skipped.v, s->skipped.n * sizeof *a->skipped);
    if (s->failed.n)
        memcpy(a->failed, s->failed.v, s->failed.n * sizeof *a->failed);
    a->n_skipped = s->skipped.n;
    a->n_failed  = s->failed.n;
}

dd_code dd_scan(const char *const *roots, size_t n_roots, const dd_scan_opts *opts, dd_audit *audit, dd_err *err)
{
    scan   *s  = dd_calloc(1, sizeof *s);
    dd_code rc = DD_OK;
    s->opts    = opts;
    s->audit   = audit;
    for (size_t i = 0; rc == DD_OK && i < n_roots; i++)
        rc = scan_root(s, roots[i], n_roots > 1, err);
    if (rc == DD_OK) {
        hand_over_sites(s);
        hand_over_notes(s);
    }
    dd_vec_free(&s->sites);
    dd_vec_free(&s->skipped);
    dd_vec_free(&s->failed);
    free(s);
    return rc;
}
