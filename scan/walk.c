/* The walk: every folder is listed once, every source file opened once.
 *
 * Workers take folders and stretches of files from one stack, the newest first: so a folder's files are read while its
 * names are warm, and few folders are open at a time. What a worker finds stays in its own arena until the end. Entries of
 * a folder are sorted where they are found; reading the folders off in order then gives all files sorted by path, whichever
 * thread came first. */
#include "scan/walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/pool.h"
#include "scan/scope.h"
#include "scan/skip.h"

#define MAX_WORKERS 64
#define STRETCH 48              /* files a worker takes at a time */
#define LONGEST_PATH 32768
#define LARGEST_RULES (1 << 20) /* bytes of an ignore file that are read */

typedef struct folder folder;

typedef struct {
    union {
        folder         *sub;
        dd_source_file *file;
        size_t          name_at; /* while listing: where its name begins */
    };
    uint32_t name_len;
    uint8_t  type;               /* DT_DIR or DT_REG */
    uint8_t  lang;
    bool     included, candidate;
} entry;

struct folder {
    char           *abs;       /* with "/" behind; freed when its files are read */
    size_t          abs_len;
    const dd_scope *scope;     /* rules that hold in it */
    bool            included;  /* an --include covers all of it */
    DIR            *dir;
    atomic_size_t   unread;    /* stretches that are still to be read */
    entry          *entries;
    size_t          n;
};

typedef struct {
    folder *f;
    size_t  from, to;          /* to 0: list the folder */
} job;

typedef struct walker walker;

typedef struct {
    walker  *w;
    dd_arena arena;
    dd_arena scratch;
    dd_buf   names, path;      /* of the folder that is listed */
    DD_VEC(entry) found;
    DD_VEC(dd_walk_note) notes;
    DD_VEC(dd_scope *) scopes;
    char    *bytes;            /* a file is read into it */
    size_t   cap;
    size_t   ignored;
    uint64_t seen;
} worker;

struct walker {
    const dd_walk_opts *opts;
    dd_str          root;      /* with "/" behind */
    dd_str          printed;
    dd_str          above;     /* path from the top of the repository to the root, "" or with "/" behind */
    dd_rules       *include, *exclude;
    pthread_mutex_t lock;
    pthread_cond_t  wake;
    DD_VEC(job)     jobs;
    size_t          busy;
    atomic_size_t   files;
    atomic_size_t   held;      /* bytes of candidates' texts */
    pthread_mutex_t progress;
    worker          crew[MAX_WORKERS];
};

static dd_str printed_path(worker *k, dd_str abs)
{
    walker *w   = k->w;
    dd_str  rel = dd_str_sub(abs, w->root.len, abs.len);
    if (w->printed.len == 0)
        return rel;
    if (dd_str_ends(w->root, w->printed)) /* one text serves for both */
        return dd_str_sub(abs, w->root.len - w->printed.len, abs.len);
    return dd_arena_printf(&k->arena, DD_STR_FMT DD_STR_FMT, DD_STR_ARG(w->printed), DD_STR_ARG(rel));
}

static void note(worker *k, dd_str abs, bool failed, dd_str why)
{
    dd_str kept = dd_arena_dup(&k->arena, abs);
    dd_walk_note n = { printed_path(k, kept), dd_arena_dup(&k->arena, why), failed };
    dd_vec_push(&k->notes, n);
}

static void note_errno(worker *k, dd_str abs, int error)
{
    char why[128];
    snprintf(why, sizeof why, "could not be read: %s", error == ENOENT ? "it is gone" : error == EINVAL ? "it is not a regular file" : strerror(error));
    note(k, abs, true, dd_str_z(why));
}

static void push(walker *w, job j)
{
    pthread_mutex_lock(&w->lock);
    dd_vec_push(&w->jobs, j);
    pthread_cond_signal(&w->wake);
    pthread_mutex_unlock(&w->lock);
}

/* --- reading files --- */

static void count_file(walker *w)
{
    size_t n = atomic_fetch_add(&w->files, 1) + 1;
    if (!w->opts->progress || n % 256 != 0 || pthread_mutex_trylock(&w->progress) != 0)
        return;
    w->opts->progress(w->opts->progress_ctx, n);
    pthread_mutex_unlock(&w->progress);
}

/* False: *error is set (EINVAL: it is no regular file), or the file is larger than it may be (*error 0). */
static bool read_bytes(worker *k, int fd, dd_lang lang, dd_str *out, int *error)
{
    struct stat st;
    int64_t     limit = dd_source_limit(lang, k->w->opts->max_filesize);
    *error            = 0;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        *error = S_ISDIR(st.st_mode) ? EISDIR : EINVAL;
        return false;
    }
    if (limit > 0 && st.st_size > limit)
        return false;
    size_t size = (size_t)st.st_size, have = 0;
    if (size > k->cap) {
        k->cap   = size < 65536 ? 65536 : size;
        k->bytes = dd_realloc(k->bytes, k->cap);
    }
    while (have < size) {
        ssize_t n = read(fd, k->bytes + have, size - have);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            *error = errno;
            return false;
        }
        if (n == 0)
            break;
        have += (size_t)n;
    }
    *out = (dd_str){ k->bytes, have };
    return true;
}

/* Takes the text over when it is worth a parse; else says why not, if there is something to say. */
static bool take(worker *k, dd_source_file *file, dd_str bytes, dd_arena *arena)
{
    dd_err      err = DD_ERR_INIT;
    dd_code     rc  = dd_source_take(file, bytes, k->w->opts->max_filesize, arena, &err);
    const char *why = rc == DD_OK ? NULL : err.msg;
    if (rc == DD_OK && file->cells && !dd_prefilter(file->text, file->lang))
        return false;
    if (rc == DD_OK)
        why = dd_skip_text(file);
    if (why)
        note(k, file->abs, rc == DD_ERR_PARSE, dd_str_z(why));
    return !why;
}

/* Notebooks are looked at when they are joined: an output full of base64 matches anything. */
static bool is_candidate(worker *k, dd_source_file *file, dd_str bytes)
{
    if (file->lang == DD_LANG_NOTEBOOK) {
        dd_source_file copy = *file;
        bool           yes  = take(k, &copy, bytes, &k->scratch);
        dd_arena_fini(&k->scratch);
        if (!yes)
            return false;
    } else if (!dd_prefilter(bytes, file->lang))
        return false;
    dd_source_file before = *file;
    bool           hold   = atomic_fetch_add(&k->w->held, bytes.len) < DD_WALK_TEXT;
    bool           yes    = take(k, file, bytes, hold ? &k->arena : &k->scratch);
    if (!yes || !hold) {
        uint32_t size = file->size;
        *file         = before;
        file->size    = size;
        dd_arena_fini(&k->scratch);
    }
    return yes;
}

static bool look_at(worker *k, int fd, dd_source_file *file)
{
    dd_str bytes = DD_STR_NULL;
    int    error = errno;
    bool   ok    = fd >= 0 && read_bytes(k, fd, file->lang, &bytes, &error);
    count_file(k->w);
    k->seen += bytes.len;
    if (ok)
        return is_candidate(k, file, bytes);
    char why[96];
    snprintf(why, sizeof why, "larger than %lld bytes", (long long)dd_source_limit(file->lang, k->w->opts->max_filesize));
    if (error)
        note_errno(k, file->abs, error);
    else
        note(k, file->abs, false, dd_str_z(why));
    return false;
}

static void release(folder *f)
{
    if (f->dir)
        closedir(f->dir);
    f->dir = NULL;
    free(f->abs);
    f->abs = NULL;
}

static void read_stretch(worker *k, folder *f, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        entry *e = &f->entries[i];
        if (e->type != DT_REG)
            continue;
        const char *name = e->file->abs.ptr + f->abs_len;
        int         fd   = openat(dirfd(f->dir), name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW);
        e->candidate     = look_at(k, fd, e->file);
        if (fd >= 0)
            close(fd);
    }
    if (atomic_fetch_sub(&f->unread, 1) == 1)
        release(f);
}

/* --- listing folders --- */

static bool read_small(int at, const char *name, dd_buf *out)
{
    int fd = openat(at, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW); /* git takes no link either */
    dd_buf_clear(out);
    if (fd < 0)
        return false;
    char    piece[4096];
    ssize_t n;
    while ((n = read(fd, piece, sizeof piece)) > 0 && out->len < LARGEST_RULES)
        dd_buf_add(out, (dd_str){ piece, (size_t)n });
    close(fd);
    return true;
}

/* Rules that come with this folder, and whether it is a repository of its own. */
static void enter_scope(worker *k, folder *f, bool git, bool own, bool repository)
{
    if (k->w->opts->no_ignore || (!git && !own && !repository))
        return;
    dd_buf    text  = DD_BUF_INIT(LARGEST_RULES);
    dd_scope *scope = dd_calloc(1, sizeof *scope);
    int       at    = dirfd(f->dir);
    *scope = (dd_scope){ .up = f->scope, .base = k->w->above.len + f->abs_len - k->w->root.len, .top = repository };
    if (git && read_small(at, ".gitignore", &text))
        scope->git = dd_rules_new(dd_buf_str(&text));
    if (own && read_small(at, ".dd0cignore", &text))
        scope->own = dd_rules_new(dd_buf_str(&text));
    if (repository && read_small(at, ".git/info/exclude", &text))
        scope->exclude = dd_rules_new(dd_buf_str(&text));
    dd_buf_free(&text);
    dd_vec_push(&k->scopes, scope);
    f->scope = scope;
}

static uint8_t entry_type(int at, const struct dirent *e)
{
    struct stat st;
    if (e->d_type != DT_UNKNOWN)
        return e->d_type;
    if (fstatat(at, e->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return DT_UNKNOWN;
    return S_ISDIR(st.st_mode) ? DT_DIR : S_ISREG(st.st_mode) ? DT_REG : DT_LNK;
}

/* All entries that may be ours by name and type, their names one behind the other in k->names. */
static bool list(worker *k, folder *f)
{
    bool git = false, own = false, repository = false, environment = false;
    struct dirent *d;
    k->found.n = 0;
    dd_buf_clear(&k->names);
    while ((d = readdir(f->dir)) != NULL) {
        dd_str  name = dd_str_z(d->d_name);
        dd_lang lang = DD_LANG_PYTHON;
        if (name.ptr[0] == '.') {
            git        = git || dd_str_eqz(name, ".gitignore");
            own        = own || dd_str_eqz(name, ".dd0cignore");
            repository = repository || dd_str_eqz(name, ".git");
            if (!k->w->opts->hidden || dd_str_eqz(name, ".") || dd_str_eqz(name, ".."))
                continue;
        }
        environment  = environment || dd_str_eqz(name, "pyvenv.cfg");
        uint8_t type = entry_type(dirfd(f->dir), d);
        if (type != DT_DIR && (type != DT_REG || !dd_source_lang(name, &lang)))
            continue;
        if (type == DT_REG && k->w->opts->langs && !(k->w->opts->langs >> lang & 1))
            continue;
        entry e = { .name_at = k->names.len, .name_len = (uint32_t)name.len, .type = type, .lang = (uint8_t)lang };
        dd_vec_push(&k->found, e);
        dd_buf_add(&k->names, name);
        dd_buf_addc(&k->names, type == DT_DIR ? '/' : '\0');
    }
    enter_scope(k, f, git, own, repository);
    if (environment && f->abs_len > k->w->root.len) {
        note(k, (dd_str){ f->abs, f->abs_len }, false, DD_STR("a virtual environment"));
        return false;
    }
    return true;
}

/* By name, folders as if "/" were part of it: that is the order of whole paths. */
static int by_name(const void *a, const void *b, void *names)
{
    const entry *x = a, *y = b;
    const char  *base = names;
    return dd_str_cmp((dd_str){ base + x->name_at, x->name_len + (x->type == DT_DIR) }, (dd_str){ base + y->name_at, y->name_len + (y->type == DT_DIR) });
}

static void insertion_sort(entry *v, size_t n, void *names)
{
    for (size_t i = 1; i < n; i++) {
        entry  e = v[i];
        size_t at = i;
        for (; at > 0 && by_name(&e, &v[at - 1], names) < 0; at--)
            v[at] = v[at - 1];
        v[at] = e;
    }
}

/* Merge sort by hand: qsort_r has another signature on every system. */
static void sort_entries(entry *v, entry *spare, size_t n, void *names)
{
    if (n <= 12) {
        insertion_sort(v, n, names);
        return;
    }
    size_t half = n / 2, a = 0, b = half, out = 0;
    sort_entries(v, spare, half, names);
    sort_entries(v + half, spare, n - half, names);
    memcpy(spare, v, n * sizeof *v);
    while (a < half && b < n)
        v[out++] = by_name(&spare[b], &spare[a], names) < 0 ? spare[b++] : spare[a++];
    while (a < half)
        v[out++] = spare[a++];
    while (b < n)
        v[out++] = spare[b++];
}

/* A folder that holds nothing of the project's own. `name` is NUL-terminated. */
static bool skipped_folder(worker *k, folder *f, dd_str name)
{
    const char *why = dd_skip_folder(name);
    if (!why && dd_skip_maybe_built(name))
        why = dd_skip_built(dirfd(f->dir), name.ptr);
    if (!why || !*why)
        return why != NULL;
    dd_buf abs = DD_BUF_INIT(0);
    dd_buf_printf(&abs, "%s%s/", f->abs, name.ptr);
    note(k, dd_buf_str(&abs), false, dd_str_z(why));
    dd_buf_free(&abs);
    return true;
}

/* True when the entry is in scope; `path` is relative to the top of the rules, and NUL-terminated. */
static bool wanted(worker *k, folder *f, entry *e, dd_str path)
{
    walker *w      = k->w;
    bool    is_dir = e->type == DT_DIR;
    dd_str  rel    = dd_str_sub(path, w->above.len, path.len);
    if (dd_rules_match(w->exclude, rel, is_dir) == 1)
        return false;
    e->included = f->included || !w->include || dd_rules_match(w->include, rel, is_dir) == 1;
    if (!is_dir && !e->included)
        return false;
    bool forced  = false;
    int  verdict = w->opts->no_ignore ? 0 : dd_scope_match(f->scope, path, is_dir, &forced);
    if (verdict == 1) {
        k->ignored += !is_dir;
        return false;
    }
    return !is_dir || forced || !skipped_folder(k, f, dd_str_sub(path, path.len - e->name_len, path.len));
}

static dd_source_file *make_file(worker *k, folder *f, dd_str name, dd_lang lang)
{
    dd_source_file *file = dd_new(&k->arena, dd_source_file);
    char           *abs  = dd_arena_alloc(&k->arena, f->abs_len + name.len + 1);
    memcpy(abs, f->abs, f->abs_len);
    memcpy(abs + f->abs_len, name.ptr, name.len);
    abs[f->abs_len + name.len] = '\0';
    file->abs  = (dd_str){ abs, f->abs_len + name.len };
    file->path = printed_path(k, file->abs);
    file->lang = lang;
    return file;
}

static folder *make_folder(worker *k, const folder *up, dd_str name, bool included)
{
    folder *f  = dd_new(&k->arena, folder);
    f->abs_len = up->abs_len + name.len + 1;
    f->abs     = dd_malloc(f->abs_len + 1);
    memcpy(f->abs, up->abs, up->abs_len);
    memcpy(f->abs + up->abs_len, name.ptr, name.len);
    f->abs[f->abs_len - 1] = '/';
    f->abs[f->abs_len]     = '\0';
    f->scope               = up->scope;
    f->included            = included;
    return f;
}

/* Turns the names that were listed into the folder's entries. */
static void choose(worker *k, folder *f)
{
    entry *spare = dd_malloc((k->found.n + 1) * sizeof *spare);
    sort_entries(k->found.v, spare, k->found.n, k->names.ptr);
    free(spare);
    size_t kept = 0;
    dd_buf_clear(&k->path);
    dd_buf_add(&k->path, k->w->above);
    dd_buf_add(&k->path, (dd_str){ f->abs + k->w->root.len, f->abs_len - k->w->root.len });
    size_t base = k->path.len;
    for (size_t i = 0; i < k->found.n; i++) {
        entry e    = k->found.v[i];
        dd_str name = { k->names.ptr + e.name_at, e.name_len };
        k->path.len = base;
        dd_buf_add(&k->path, name);
        dd_buf_z(&k->path);
        if (!wanted(k, f, &e, dd_buf_str(&k->path)))
            continue;
        if (e.type == DT_DIR && f->abs_len + name.len > LONGEST_PATH) {
            note(k, (dd_str){ f->abs, f->abs_len < 200 ? f->abs_len : 200 }, true, DD_STR("folders nest too deep"));
            continue;
        }
        if (e.type == DT_DIR)
            e.sub = make_folder(k, f, name, e.included);
        else
            e.file = make_file(k, f, name, (dd_lang)e.lang);
        k->found.v[kept++] = e;
    }
    f->n       = kept;
    f->entries = dd_newn(&k->arena, entry, kept);
    if (kept)
        memcpy(f->entries, k->found.v, kept * sizeof *f->entries);
}

static void hand_out(worker *k, folder *f)
{
    size_t files = 0, stretches = 0;
    for (size_t i = f->n; i-- > 0;) {
        files += f->entries[i].type == DT_REG;
        if (f->entries[i].type == DT_DIR)
            push(k->w, (job){ f->entries[i].sub, 0, 0 });
    }
    stretches = files ? (f->n + STRETCH - 1) / STRETCH : 0;
    atomic_store(&f->unread, stretches ? stretches : 1);
    for (size_t i = 1; i < stretches; i++)
        push(k->w, (job){ f, i * STRETCH, (i + 1) * STRETCH < f->n ? (i + 1) * STRETCH : f->n });
    read_stretch(k, f, 0, f->n < STRETCH || !stretches ? f->n : STRETCH);
}

static void visit(worker *k, folder *f)
{
    int fd = dd_open_read(f->abs, O_DIRECTORY | (f->abs_len > k->w->root.len ? O_NOFOLLOW : 0));
    f->dir = fd >= 0 ? fdopendir(fd) : NULL;
    if (!f->dir) {
        note_errno(k, (dd_str){ f->abs, f->abs_len }, errno);
        if (fd >= 0)
            close(fd);
        release(f);
        return;
    }
    if (!list(k, f)) {
        release(f);
        return;
    }
    choose(k, f);
    hand_out(k, f);
}

/* --- workers --- */

static bool next_job(walker *w, job *j)
{
    pthread_mutex_lock(&w->lock);
    while (w->jobs.n == 0 && w->busy > 0)
        pthread_cond_wait(&w->wake, &w->lock);
    bool some = w->jobs.n > 0;
    if (some) {
        *j = w->jobs.v[--w->jobs.n];
        w->busy++;
    }
    pthread_mutex_unlock(&w->lock);
    return some;
}

static void job_done(walker *w)
{
    pthread_mutex_lock(&w->lock);
    if (--w->busy == 0 && w->jobs.n == 0)
        pthread_cond_broadcast(&w->wake);
    pthread_mutex_unlock(&w->lock);
}

static void work(void *ctx, unsigned index, size_t item)
{
    (void)item;
    walker *w = ctx;
    worker *k = &w->crew[index];
    job     j;
    while (next_job(w, &j)) {
        if (j.to == 0)
            visit(k, j.f);
        else
            read_stretch(k, j.f, j.from, j.to);
        job_done(w);
    }
}

/* --- the result --- */

/* Reads the folders off in order, with a stack of its own: trees may be deep. */
static void collect(folder *root, dd_arena *arena, dd_walk *out, size_t n)
{
    DD_VEC(struct place { folder *f; size_t i; }) stack = { 0 };
    DD_VEC(dd_source_file *) candidates = { 0 };
    out->files = dd_newn(arena, dd_source_file *, n + 1);
    dd_vec_push(&stack, ((struct place){ root, 0 }));
    while (stack.n) {
        struct place *top = &stack.v[stack.n - 1];
        if (top->i == top->f->n) {
            stack.n--;
            continue;
        }
        const entry *e = &top->f->entries[top->i++];
        if (e->type == DT_DIR) {
            dd_vec_push(&stack, ((struct place){ e->sub, 0 }));
            continue;
        }
        out->files[out->n_files++] = e->file;
        if (e->candidate)
            dd_vec_push(&candidates, e->file);
    }
    out->n_candidates = candidates.n;
    out->candidates   = dd_newn(arena, dd_source_file *, candidates.n + 1);
    if (candidates.n)
        memcpy(out->candidates, candidates.v, candidates.n * sizeof *candidates.v);
    dd_vec_free(&candidates);
    dd_vec_free(&stack);
}

static int by_path(const void *a, const void *b)
{
    const dd_walk_note *x = a, *y = b;
    return dd_str_cmp(x->path, y->path);
}

static void gather(walker *w, dd_arena *arena, dd_walk *out)
{
    size_t n = 0;
    for (size_t i = 0; i < MAX_WORKERS; i++)
        n += w->crew[i].notes.n;
    out->notes = dd_newn(arena, dd_walk_note, n + 1);
    for (size_t i = 0; i < MAX_WORKERS; i++) {
        worker *k = &w->crew[i];
        if (k->notes.n)
            memcpy(out->notes + out->n_notes, k->notes.v, k->notes.n * sizeof *out->notes);
        out->n_notes += k->notes.n;
        out->ignored_files += k->ignored;
        out->bytes_seen += k->seen;
        for (size_t s = 0; s < k->scopes.n; s++)
            dd_scope_free(k->scopes.v[s]);
        dd_vec_free(&k->scopes);
        dd_vec_free(&k->notes);
        dd_vec_free(&k->found);
        dd_buf_free(&k->names);
        dd_buf_free(&k->path);
        free(k->bytes);
        dd_arena_join(arena, &k->arena);
    }
    qsort(out->notes, out->n_notes, sizeof *out->notes, by_path);
}

static dd_rules *globs(const char *const *v, size_t n)
{
    dd_rules *r = NULL;
    for (size_t i = 0; i < n; i++)
        dd_rules_add(&r, dd_str_z(v[i]));
    return r;
}

/* The file was named by the user: no rule keeps it out. */
static dd_code walk_file(walker *w, const char *root, int fd, dd_arena *arena, dd_walk *out)
{
    worker         *k    = &w->crew[0];
    dd_source_file *file = dd_new(&k->arena, dd_source_file);
    dd_lang         lang;
    file->abs       = dd_arena_dupz(&k->arena, root);
    file->path      = w->printed.len ? w->printed : file->abs;
    w->root         = file->abs;
    out->files      = dd_newn(arena, dd_source_file *, 1);
    out->candidates = dd_newn(arena, dd_source_file *, 1);
    if (!dd_source_lang(file->abs, &lang)) {
        dd_walk_note n = { file->path, DD_STR("not in a language that is read"), false };
        dd_vec_push(&k->notes, n);
        return DD_OK;
    }
    file->lang                 = lang;
    out->files[out->n_files++] = file;
    errno = 0;
    if (look_at(k, fd, file))
        out->candidates[out->n_candidates++] = file;
    for (size_t i = 0; i < k->notes.n; i++)
        k->notes.v[i].path = file->path;
    return DD_OK;
}

static void walk_folder(walker *w, const char *root, dd_arena *arena, dd_walk *out)
{
    dd_scope *above = NULL;
    dd_buf    path  = DD_BUF_INIT(0), abs = DD_BUF_INIT(0);
    if (!w->opts->no_ignore)
        above = dd_scope_above(root, &path);
    w->above = dd_buf_str(&path);
    dd_buf_addz(&abs, root);
    while (abs.len > 1 && abs.ptr[abs.len - 1] == '/')
        abs.len--;
    if (abs.len && abs.ptr[abs.len - 1] != '/')
        dd_buf_addc(&abs, '/');
    w->root   = dd_arena_dup(arena, dd_buf_str(&abs));
    folder *f = dd_new(arena, folder);
    f->abs    = dd_strdup(w->root);
    f->abs_len = w->root.len;
    f->scope   = above;
    push(w, (job){ f, 0, 0 });
    unsigned workers = w->opts->threads ? w->opts->threads : dd_cores();
    workers          = workers > MAX_WORKERS ? MAX_WORKERS : workers;
    dd_parallel(workers, workers, work, w);
    collect(f, arena, out, atomic_load(&w->files));
    dd_scope_free_chain(above);
    dd_buf_free(&path);
    dd_buf_free(&abs);
}

dd_code dd_walk_tree(const char *root, dd_str printed, const dd_walk_opts *opts, dd_arena *arena, dd_walk *out, dd_err *err)
{
    struct stat st;
    *out   = (dd_walk){ 0 };
    int fd = dd_open_read(root, 0);
    if (fd < 0 || fstat(fd, &st) != 0) {
        int     error = errno;
        dd_code rc    = dd_fail_errno(err, error, "could not read \"%s\"", root);
        if (error == ENOENT || error == ENOTDIR)
            err->code = rc = DD_ERR_NOT_FOUND;
        if (fd >= 0)
            close(fd);
        return rc;
    }
    walker *w = dd_calloc(1, sizeof *w);
    w->opts    = opts;
    w->printed = printed;
    w->include = globs(opts->include, opts->n_include);
    w->exclude = globs(opts->exclude, opts->n_exclude);
    pthread_mutex_init(&w->lock, NULL);
    pthread_mutex_init(&w->progress, NULL);
    pthread_cond_init(&w->wake, NULL);
    for (size_t i = 0; i < MAX_WORKERS; i++)
        w->crew[i].w = w;
    dd_code rc = DD_OK;
    if (S_ISDIR(st.st_mode))
        walk_folder(w, root, arena, out);
    else
        rc = walk_file(w, root, fd, arena, out);
    close(fd);
    gather(w, arena, out);
    pthread_cond_destroy(&w->wake);
    pthread_mutex_destroy(&w->progress);
    pthread_mutex_destroy(&w->lock);
    dd_vec_free(&w->jobs);
    dd_rules_free(w->include);
    dd_rules_free(w->exclude);
    free(w);
    return rc;
}
