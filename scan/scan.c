/* The scan: walk, parse, then resolve and detect, all cores at work in each.
 *
 * What a root needs (texts, lowered files, values) lives in arenas that go when the root is done; sites are copied into the
 * audit's arena first. A syntax tree never outlives the lowering of its file. Lowered files are only read once they are
 * made; values are not shared, so each detector resolves with a project of its own, over a stretch of neighbouring files.
 * Several roots are scanned side by side instead. */
#include "scan/scan.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/map.h"
#include "base/pool.h"
#include "scan/detect.h"

#define MAX_WORKERS 64
/* What a scan may take up at a time, besides what one question needs. */
#define HELD_BYTES  (12u << 20) /* of values, before they are dropped: most of them serve the files near the one they were found for */
#define CODE_BYTES  (40u << 20) /* of files that were parsed on demand, likewise */
#define WHOLE_BYTES (10u << 20) /* of candidates' texts: so many are kept lowered, at seven to nine times that */
#define KEPT_BYTES  (8u << 20)  /* of lowered candidates otherwise; what comes behind is parsed again when it is its turn */
#define WORTH_SHARING 24       /* candidates a detector should have */

/* Resolves and detects in the candidates from `from` to `to`. */
typedef struct {
    struct scan    *s;
    size_t          from, to;
    dd_project     *project;
    dd_arena        kept, found;               /* of the list; of the sites found since values were dropped last */
    dd_site_list    list;
} detector;

typedef struct scan {
    const dd_scan_opts *opts;
    unsigned            workers;
    dd_str              root;
    dd_audit           *audit;                 /* what this root adds to it */
    dd_arena            arena;                 /* of the root */
    dd_arena            parse[MAX_WORKERS];    /* one a worker: arenas are not shared. Lowered files */
    dd_arena            notes[MAX_WORKERS];    /* what is known of each of them */
    atomic_size_t       kept;                  /* bytes of lowered files */
    size_t              keep;                  /* so many of them, of what may hold a site */
    dd_walk             walk;
    dd_unit_ir        **units;                 /* beside walk.candidates; NULL: not kept */
    bool               *worth;                 /* beside: something in it may be a site */
    dd_str             *errors;                /* beside: why it could not be parsed, NULL: it could */
    dd_use_list        *calls, *bases;         /* beside */
    dd_use_index        call_index, base_index;
    dd_parsed           parsed;
    dd_tree            *tree;                  /* of the projects */
    dd_map              counted;               /* paths of files that were parsed */
    detector            detectors[MAX_WORKERS];
    unsigned            n_detectors;
    DD_VEC(dd_site *)   sites;
    DD_VEC(dd_file_note) skipped, failed;
} scan;

static void parse_one(void *ctx, unsigned worker, size_t i)
{
    scan         *s     = ctx;
    dd_err        err   = DD_ERR_INIT;
    dd_arena     *arena = &s->parse[worker];
    dd_arena_mark before = dd_arena_here(arena);
    dd_unit_ir   *unit  = NULL;
    dd_source_file *file = s->walk.candidates[i];
    dd_code         rc   = DD_OK;
    if (!file->text.ptr) {
        file  = dd_new(arena, dd_source_file);
        *file = *s->walk.candidates[i];
        rc    = dd_source_load(file, s->opts->walk.max_filesize, arena, &err);
    }
    if (rc != DD_OK || dd_lower(file, arena, &unit, &err) != DD_OK) {
        dd_arena_back(arena, before);
        s->errors[i] = dd_arena_dupz(&s->notes[worker], err.msg);
        return;
    }
    s->worth[i] = dd_detect_worth(unit);
    dd_uses_calls(unit, &s->notes[worker], &s->calls[i]);
    dd_uses_bases(unit, &s->notes[worker], &s->bases[i]);
    size_t bytes = arena->used - before.used, kept = atomic_fetch_add(&s->kept, bytes);
    if (kept < (s->worth[i] ? s->keep : KEPT_BYTES)) {
        s->units[i] = unit;
        return;
    }
    atomic_fetch_sub(&s->kept, bytes);
    dd_arena_back(arena, before);
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

/* A candidate, or a file that was parsed because others import from it; each counts once. */
static void count_parsed(void *ctx, const dd_source_file *file, size_t bytes)
{
    scan  *s  = ctx;
    void **at = dd_map_at(&s->counted, file->path);
    if (*at)
        return;
    *at = s;
    s->audit->files_parsed++;
    s->audit->bytes_parsed += bytes;
}

static void parse_all(scan *s)
{
    size_t n  = s->walk.n_candidates;
    s->units  = dd_newn(&s->arena, dd_unit_ir *, n + 1);
    s->worth  = dd_newn(&s->arena, bool, n + 1);
    s->errors = dd_newn(&s->arena, dd_str, n + 1);
    s->calls  = dd_newn(&s->arena, dd_use_list, n + 1);
    s->bases  = dd_newn(&s->arena, dd_use_list, n + 1);
    uint64_t bytes = 0;
    for (size_t i = 0; i < n; i++)
        bytes += s->walk.candidates[i]->size;
    s->keep = bytes <= WHOLE_BYTES ? SIZE_MAX : KEPT_BYTES;
    dd_parallel(s->workers, n, parse_one, s);
    for (size_t i = 0; i < n; i++) {
        if (s->errors[i].ptr)
            keep_note(s, s->walk.candidates[i]->path, s->errors[i], true);
        else
            count_parsed(s, s->walk.candidates[i], s->walk.candidates[i]->size);
    }
    dd_uses_index(&s->call_index, s->calls, n, &s->arena);
    dd_uses_index(&s->base_index, s->bases, n, &s->arena);
    s->parsed = (dd_parsed){ s->walk.candidates, s->units, n, &s->call_index, &s->base_index };
}

/* What was found no longer needs the values it was found in. */
static void hand_on(detector *d, dd_site_list *from)
{
    dd_site_list *to = &d->list;
    for (size_t i = 0; i < from->n; i++) {
        dd_avec_push(&d->kept, to, keep_site(&d->kept, from->v[i]));
        dd_avec_push(&d->kept, &to->calls, from->calls.v[i]);
    }
    for (size_t i = 0; i < from->triggers.n; i++) {
        dd_trigger t = from->triggers.v[i];
        t.sends      = keep_site(&d->kept, t.sends);
        dd_avec_push(&d->kept, &to->triggers, t);
    }
    *from = (dd_site_list){ 0 };
    dd_arena_fini(&d->found);
}

static dd_project *make_project(detector *d)
{
    scan       *s = d->s;
    dd_project *p = dd_project_in(s->tree, s->root, s->opts->walk.max_filesize);
    dd_project_share(p, &s->parsed);
    return p;
}

static void detect_file(detector *d, uint32_t file, dd_site_list *fresh)
{
    size_t held = HELD_BYTES / d->s->n_detectors, code = CODE_BYTES / d->s->n_detectors;
    for (uint32_t next = 0;;) {
        dd_unit_ir *unit = dd_project_parsed(d->project, file);
        if (unit)
            next = dd_detect_unit(d->project, unit, next, held, &d->found, fresh);
        bool much = dd_project_code(d->project) > code, done = !unit || next >= unit->n_calls;
        if (much || dd_project_held(d->project) + d->found.used > held) {
            hand_on(d, fresh);
            if (much)
                dd_project_forget_code(d->project);
            else
                dd_project_forget(d->project);
        }
        if (done)
            return;
    }
}

static void detect_some(void *ctx, unsigned worker, size_t item)
{
    scan        *s     = ctx;
    detector    *d     = &s->detectors[item];
    dd_site_list fresh = { 0 };
    (void)worker;
    for (size_t i = d->from; i < d->to; i++)
        if (s->worth[i])
            detect_file(d, (uint32_t)i, &fresh);
    hand_on(d, &fresh);
}

/* Neighbouring files resolve to the same places, so each detector has one stretch, all about as many bytes. */
static void share_out(scan *s)
{
    uint64_t bytes = 0, seen = 0;
    size_t   most  = s->walk.n_candidates / WORTH_SHARING;
    for (size_t i = 0; i < s->walk.n_candidates; i++)
        bytes += s->walk.candidates[i]->size + 1;
    s->n_detectors = most < 1 ? 1 : most < s->workers ? (unsigned)most : s->workers;
    for (size_t i = 0; i < s->walk.n_candidates; i++) {
        detector *d = &s->detectors[seen * s->n_detectors / bytes];
        if (!d->s)
            *d = (detector){ .s = s, .from = i };
        d->to = i + 1;
        seen += s->walk.candidates[i]->size + 1;
    }
    for (unsigned k = 0; k < s->n_detectors; k++) {
        s->detectors[k].s       = s;
        s->detectors[k].project = make_project(&s->detectors[k]);
    }
}

static void detect_all(scan *s)
{
    dd_site_list list = { 0 };
    s->tree = dd_tree_new(s->walk.files, s->walk.n_files);
    share_out(s);
    dd_parallel(s->n_detectors, s->n_detectors, detect_some, s);
    for (unsigned k = 0; k < s->n_detectors; k++) {
        const dd_site_list *part = &s->detectors[k].list;
        for (size_t i = 0; i < part->n; i++) {
            dd_avec_push(&s->arena, &list, part->v[i]);
            dd_avec_push(&s->arena, &list.calls, part->calls.v[i]);
        }
        for (size_t i = 0; i < part->triggers.n; i++)
            dd_avec_push(&s->arena, &list.triggers, part->triggers.v[i]);
    }
    dd_detect_finish(&list, &s->arena);
    for (size_t i = 0; i < list.n; i++)
        dd_vec_push(&s->sites, keep_site(&s->audit->arena, list.v[i]));
    for (unsigned k = 0; k < s->n_detectors; k++) {
        dd_project_each_parsed(s->detectors[k].project, count_parsed, s);
        dd_project_free(s->detectors[k].project);
        dd_arena_fini(&s->detectors[k].kept);
        dd_arena_fini(&s->detectors[k].found);
    }
    dd_tree_free(s->tree);
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
        s->root = dd_arena_dupz(&s->arena, real);
        if (!is_dir)
            s->root = dd_arena_dup(&s->arena, dd_str_sub(s->root, 0, (size_t)(dd_str_rchr(s->root, '/') + 1)));
        count_root(s);
        if (s->walk.n_candidates) {
            parse_all(s);
            detect_all(s);
        }
    }
    free(real);
    for (size_t i = 0; i < MAX_WORKERS; i++) {
        dd_arena_fini(&s->parse[i]);
        dd_arena_fini(&s->notes[i]);
    }
    dd_map_free(&s->counted);
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
static void hand_over_sites(dd_audit *a, scan *const *parts, size_t n_parts)
{
    DD_VEC(dd_site *) all = { 0 };
    size_t n = 0;
    for (size_t p = 0; p < n_parts; p++)
        for (size_t i = 0; i < parts[p]->sites.n; i++)
            dd_vec_push(&all, parts[p]->sites.v[i]);
    if (all.n)
        qsort(all.v, all.n, sizeof *all.v, by_place);
    a->sites = dd_newn(&a->arena, dd_site *, all.n + 1);
    for (size_t i = 0; i < all.n; i++)
        if (n == 0 || by_place(&a->sites[n - 1], &all.v[i]) != 0 || !dd_str_eq(a->sites[n - 1]->callee, all.v[i]->callee))
            a->sites[n++] = all.v[i];
    a->n_sites = n;
    dd_vec_free(&all);
}

static void hand_over_notes(dd_audit *a, scan *const *parts, size_t n_parts)
{
    size_t skipped = 0, failed = 0;
    for (size_t p = 0; p < n_parts; p++) {
        skipped += parts[p]->skipped.n;
        failed += parts[p]->failed.n;
    }
    a->skipped = dd_newn(&a->arena, dd_file_note, skipped + 1);
    a->failed  = dd_newn(&a->arena, dd_file_note, failed + 1);
    for (size_t p = 0; p < n_parts; p++) {
        for (size_t i = 0; i < parts[p]->skipped.n; i++)
            a->skipped[a->n_skipped++] = parts[p]->skipped.v[i];
        for (size_t i = 0; i < parts[p]->failed.n; i++)
            a->failed[a->n_failed++] = parts[p]->failed.v[i];
    }
}

static void add_up(dd_audit *a, const dd_audit *part)
{
    a->files_seen += part->files_seen;
    a->files_candidates += part->files_candidates;
    a->files_parsed += part->files_parsed;
    a->files_ignored += part->files_ignored;
    a->bytes_seen += part->bytes_seen;
    a->bytes_parsed += part->bytes_parsed;
}

typedef struct {
    const char *const *roots;
    scan             **parts;
    dd_err            *errors;     /* beside the roots */
    dd_scan_opts       opts;       /* of each */
    const dd_walk_opts *asked;
    size_t             n;
    pthread_mutex_t    progress;
} crowd;

/* The count of one root; with several it jumps, which a reader of a progress line can stand. */
static void pass_progress(void *ctx, size_t files)
{
    crowd *c = ctx;
    if (pthread_mutex_trylock(&c->progress) != 0)
        return;
    c->asked->progress(c->asked->progress_ctx, files);
    pthread_mutex_unlock(&c->progress);
}

static void run_root(void *ctx, unsigned worker, size_t i)
{
    crowd *c = ctx;
    scan  *s = dd_calloc(1, sizeof *s);
    (void)worker;
    s->opts     = &c->opts;
    s->workers  = c->opts.threads;
    s->audit    = dd_calloc(1, sizeof *s->audit);
    c->parts[i] = s;
    scan_root(s, c->roots[i], c->n > 1, &c->errors[i]);
}

static dd_code gather(crowd *c, dd_audit *audit, dd_err *err)
{
    dd_code rc = DD_OK;
    for (size_t i = 0; rc == DD_OK && i < c->n; i++)
        if (c->errors[i].code != DD_OK) {
            *err = c->errors[i];
            rc   = err->code;
        }
    for (size_t i = 0; i < c->n; i++) {
        add_up(audit, c->parts[i]->audit);
        dd_arena_join(&audit->arena, &c->parts[i]->audit->arena);
    }
    hand_over_sites(audit, c->parts, c->n);
    hand_over_notes(audit, c->parts, c->n);
    for (size_t i = 0; i < c->n; i++) {
        dd_vec_free(&c->parts[i]->sites);
        dd_vec_free(&c->parts[i]->skipped);
        dd_vec_free(&c->parts[i]->failed);
        free(c->parts[i]->audit);
        free(c->parts[i]);
    }
    return rc;
}

dd_code dd_scan(const char *const *roots, size_t n_roots, const dd_scan_opts *opts, dd_audit *audit, dd_err *err)
{
    unsigned all  = opts->threads ? opts->threads : dd_cores();
    all           = all < MAX_WORKERS ? all : MAX_WORKERS;
    unsigned side = n_roots < all ? (unsigned)n_roots : all; /* roots at a time */
    crowd    c    = { .roots = roots, .n = n_roots, .opts = *opts, .asked = &opts->walk };
    c.opts.threads = c.opts.walk.threads = side ? all / side : 1;
    if (opts->walk.progress) {
        c.opts.walk.progress     = pass_progress;
        c.opts.walk.progress_ctx = &c;
    }
    pthread_mutex_init(&c.progress, NULL);
    c.parts  = dd_calloc(n_roots + 1, sizeof *c.parts);
    c.errors = dd_calloc(n_roots + 1, sizeof *c.errors);
    dd_parallel(side, n_roots, run_root, &c);
    dd_code rc = gather(&c, audit, err);
    free(c.parts);
    free(c.errors);
    pthread_mutex_destroy(&c.progress);
    return rc;
}
