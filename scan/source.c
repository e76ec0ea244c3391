#include "scan/source.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Outputs make a notebook many times as large as its code. */
#define NOTEBOOK_FACTOR 32

static const struct { const char *ending; dd_lang lang; } endings[] = {
    { ".py", DD_LANG_PYTHON },      { ".pyw", DD_LANG_PYTHON },     { ".ipynb", DD_LANG_NOTEBOOK },
    { ".js", DD_LANG_JAVASCRIPT },  { ".jsx", DD_LANG_JAVASCRIPT }, { ".mjs", DD_LANG_JAVASCRIPT }, { ".cjs", DD_LANG_JAVASCRIPT },
    { ".ts", DD_LANG_TYPESCRIPT },  { ".mts", DD_LANG_TYPESCRIPT }, { ".cts", DD_LANG_TYPESCRIPT }, { ".tsx", DD_LANG_TSX },
};

bool dd_source_lang(dd_str path, dd_lang *out)
{
    size_t dot = path.len;
    while (dot > 0 && path.len - dot < 7 && path.ptr[dot - 1] != '.')
        dot--;
    if (dot == 0 || path.ptr[dot - 1] != '.')
        return false;
    dd_str ending = dd_str_sub(path, dot - 1, path.len), stem = dd_str_sub(path, 0, dot - 1);
    for (size_t i = 0; i < DD_COUNT(endings); i++) {
        if (!dd_str_eqz(ending, endings[i].ending))
            continue;
        if (endings[i].lang == DD_LANG_JAVASCRIPT && dd_str_endsz(stem, ".min"))
            return false;
        if (endings[i].lang == DD_LANG_TYPESCRIPT && dd_str_endsz(stem, ".d"))
            return false;
        *out = endings[i].lang;
        return true;
    }
    return false;
}

int dd_open_read(const char *path, int extra_flags)
{
    const int flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | extra_flags;
    int       fd    = open(path, flags);
    if (fd >= 0 || errno != ENAMETOOLONG)
        return fd;
    /* Folder by folder, in pieces that the system takes. */
    int  at = AT_FDCWD;
    char piece[PATH_MAX];
    while (strlen(path) >= sizeof piece) {
        size_t cut = sizeof piece - 1;
        while (cut > 0 && path[cut] != '/')
            cut--;
        if (cut == 0) {
            errno = ENAMETOOLONG;
            break;
        }
        memcpy(piece, path, cut);
        piece[cut] = 0;
        fd         = openat(at, piece, O_RDONLY | O_CLOEXEC | O_DIRECTORY);
        if (at != AT_FDCWD)
            close(at);
        if (fd < 0)
            return -1;
        at = fd;
        path += cut + 1;
    }
    fd = strlen(path) < sizeof piece ? openat(at, path, flags) : -1;
    if (at != AT_FDCWD) {
        int keep = errno;
        close(at);
        errno = keep;
    }
    return fd;
}

void dd_source_index(dd_source_file *f, dd_arena *arena)
{
    DD_VEC(uint32_t) rows = { 0 };
    const char *p = f->text.ptr, *end = f->text.ptr + f->text.len;
    dd_vec_push(&rows, 0);
    while (p < end && (p = memchr(p, '\n', (size_t)(end - p))) != NULL) {
        p++;
        dd_vec_push(&rows, (uint32_t)(p - f->text.ptr));
    }
    f->n_rows = (uint32_t)rows.n;
    f->rows   = dd_arena_alloc(arena, rows.n * sizeof *f->rows);
    memcpy(f->rows, rows.v, rows.n * sizeof *f->rows);
    dd_vec_free(&rows);
}

/* The last row that starts at or before `offset`. */
static uint32_t row_of(const dd_source_file *f, uint32_t offset)
{
    uint32_t low = 0, high = f->n_rows;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (f->rows[middle] <= offset)
            low = middle;
        else
            high = middle;
    }
    return low;
}

dd_place dd_source_place(const dd_source_file *f, uint32_t offset)
{
    dd_place at = { 1, -1, 1 };
    if (f->n_rows == 0)
        return at;
    if (offset > f->text.len)
        offset = (uint32_t)f->text.len;
    uint32_t row = row_of(f, offset);
    /* Columns count characters: bytes that continue one are passed over. */
    for (uint32_t i = f->rows[row]; i < offset; i++)
        at.column += ((unsigned char)f->text.ptr[i] & 0xC0) != 0x80;
    at.line = row + 1;
    for (uint32_t low = 0, high = f->n_cells; low < high;) {
        uint32_t middle = low + (high - low) / 2;
        if (f->cells[middle].first_row <= row) {
            at.cell = f->cells[middle].cell;
            at.line = row - f->cells[middle].first_row + 1;
            low     = middle + 1;
        } else
            high = middle;
    }
    return at;
}

int64_t dd_source_limit(dd_lang lang, int64_t max_bytes)
{
    bool notebook = lang == DD_LANG_NOTEBOOK && max_bytes < INT64_MAX / NOTEBOOK_FACTOR;
    return notebook ? max_bytes * NOTEBOOK_FACTOR : max_bytes;
}

/* `bytes` stay where they are. */
static dd_code settle(dd_source_file *f, dd_str bytes, int64_t max_bytes, dd_arena *arena, dd_err *err)
{
    if (dd_str_startsz(bytes, "\xEF\xBB\xBF"))
        bytes = dd_str_sub(bytes, 3, bytes.len);
    f->text = bytes;
    if (f->lang == DD_LANG_NOTEBOOK) {
        dd_code rc = dd_notebook_join(f, bytes, arena, err);
        if (rc != DD_OK) {
            f->text = DD_STR_NULL;
            return rc;
        }
    }
    if ((max_bytes > 0 && f->text.len > (size_t)max_bytes) || f->text.len > INT32_MAX) {
        f->text = DD_STR_NULL;
        return dd_fail(err, DD_ERR_LIMIT, "its code is larger than %lld bytes", (long long)max_bytes);
    }
    f->size = (uint32_t)f->text.len;
    dd_source_index(f, arena);
    return DD_OK;
}

dd_code dd_source_take(dd_source_file *f, dd_str bytes, int64_t max_bytes, dd_arena *arena, dd_err *err)
{
    if (f->lang != DD_LANG_NOTEBOOK)       /* of a notebook nothing but its joined cells is kept */
        bytes = dd_arena_dup(arena, bytes);
    return settle(f, bytes, max_bytes, arena, err);
}

static dd_str read_all(int fd, char *to, size_t size)
{
    size_t have = 0;
    while (have < size) {
        ssize_t n = read(fd, to + have, size - have);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        have += (size_t)n;
    }
    return (dd_str){ to, have };
}

static dd_code read_open(int fd, dd_source_file *f, int64_t max_bytes, dd_arena *arena, dd_err *err)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return dd_fail_errno(err, errno, "could not read \"" DD_STR_FMT "\"", DD_STR_ARG(f->path));
    if (!S_ISREG(st.st_mode))
        return dd_fail(err, DD_ERR_IO, "\"" DD_STR_FMT "\" is not a regular file", DD_STR_ARG(f->path));
    int64_t limit = dd_source_limit(f->lang, max_bytes);
    if (limit > 0 && st.st_size > limit)
        return dd_fail(err, DD_ERR_LIMIT, "\"" DD_STR_FMT "\" is larger than %lld bytes", DD_STR_ARG(f->path), (long long)limit);
    size_t size = (size_t)st.st_size;
    if (f->lang != DD_LANG_NOTEBOOK)
        return settle(f, read_all(fd, dd_arena_alloc(arena, size + 1), size), max_bytes, arena, err);
    char   *bytes = dd_malloc(size + 1);
    dd_code rc    = settle(f, read_all(fd, bytes, size), max_bytes, arena, err);
    free(bytes);
    return rc;
}

dd_code dd_source_load(dd_source_file *f, int64_t max_bytes, dd_arena *arena, dd_err *err)
{
    int fd = dd_open_read(f->abs.ptr, 0);
    if (fd < 0)
        return dd_fail_errno(err, errno, "could not read \"" DD_STR_FMT "\"", DD_STR_ARG(f->path));
    dd_code rc = read_open(fd, f, max_bytes, arena, err);
    close(fd);
    return rc;
}
