#include "scan/skip.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "scan/walk.h"

static const char installed[] = "installed packages";

static const struct { const char *name, *why; } folders[] = {
    { ".git", "" },       { ".venv", installed },         { ".next", "built files" },
    { "__pycache__", "" },    { "bower_components", installed }, { "dist-packages", installed },
    { "jspm_packages", installed },      { "node_modules", installed },  { "site-packages", installed },
    { "third_party", "third-party code" }, { "venv", installed },
};

const char *dd_skip_folder(dd_str name)
{
    for (size_t i = 0; i < DD_COUNT(folders); i++)
        if (dd_str_eqz(name, folders[i].name))
            return folders[i].why;
    return NULL;
}

bool dd_skip_maybe_built(dd_str name)
{
    return dd_str_eqz(name, "dist") || dd_str_eqz(name, "build") || dd_str_eqz(name, "out") || dd_str_eqz(name, "vendor");
}

static bool exists(int at, const char *folder, dd_str stem, const char *ending)
{
    char path[512];
    int  n = snprintf(path, sizeof path, "%s/" DD_STR_FMT "%s", folder, DD_STR_ARG(stem), ending);
    return n > 0 && (size_t)n < sizeof path && faccessat(at, path, F_OK, 0) == 0;
}

static DIR *open_folder(int at, const char *name)
{
    int  fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    DIR *d  = fd >= 0 ? fdopendir(fd) : NULL;
    if (fd >= 0 && !d)
        close(fd);
    return d;
}

/* A folder, or one of its first folders two levels down, holds a file that is ours. */
static bool holds_source(int at, const char *name, int depth)
{
    DIR *d     = open_folder(at, name);
    bool found = false;
    struct dirent *e;
    for (int n = 0; d && !found && n < 200 && (e = readdir(d)) != NULL; n++) {
        dd_lang lang;
        if (e->d_name[0] == '.')
            continue;
        found = dd_source_lang(dd_str_z(e->d_name), &lang) ||
                (depth > 0 && e->d_type == DT_DIR && holds_source(dirfd(d), e->d_name, depth - 1));
    }
    if (d)
        closedir(d);
    return found;
}

/* `dist/run.js` and `src/run.ts`: one is made of the other. */
static bool has_counterparts(int at, const char *name)
{
    static const char *const sources[] = { "src", ".", "lib", "source" };
    static const char *const endings[] = { ".ts", ".tsx", ".mts", ".cts", ".jsx" };
    DIR *d     = open_folder(at, name);
    bool found = false;
    struct dirent *e;
    for (int n = 0; d && !found && n < 64 && (e = readdir(d)) != NULL; n++) {
        dd_str  file = dd_str_z(e->d_name);
        dd_lang lang;
        if (!dd_source_lang(file, &lang) || lang != DD_LANG_JAVASCRIPT)
            continue;
        dd_str stem = dd_str_sub(file, 0, (size_t)dd_str_rchr(file, '.'));
        for (size_t i = 0; i < DD_COUNT(sources) && !found; i++)
            for (size_t k = 0; k < DD_COUNT(endings) && !found; k++)
                found = exists(at, sources[i], stem, endings[k]);
    }
    if (d)
        closedir(d);
    return found;
}

static bool is_packaging_output(int at, const char *name)
{
    bool project = exists(at, ".", DD_STR("setup"), ".py") || exists(at, ".", DD_STR("setup"), ".cfg") || exists(at, ".", DD_STR("pyproject"), ".toml");
    return project && (exists(at, name, DD_STR("lib"), "") || exists(at, name, DD_STR("bdist"), ".linux-x86_64"));
}

static bool is_vendored(int at, const char *name)
{
    return exists(at, name, DD_STR("modules"), ".txt") || exists(at, name, DD_STR("autoload"), ".php") || exists(at, ".", DD_STR("go"), ".mod") ||
           exists(at, ".", DD_STR("composer"), ".json") || exists(at, ".", DD_STR("Gemfile"), "");
}

/* An unpacked npm package: npm leaves .gitignore and .git out. What it ships built is what runs, also beside its sources. */
static bool is_published(int at)
{
    return exists(at, ".", DD_STR("package"), ".json") && !exists(at, ".", DD_STR(".gitignore"), "") && !exists(at, ".", DD_STR(".git"), "");
}

const char *dd_skip_built(int at, const char *name)
{
    static const char *const sources[] = { "src", "source", "sources", "app", "lib", "packages" };
    if (strcmp(name, "vendor") == 0)
        return is_vendored(at, name) ? "vendored packages" : NULL;
    if (is_published(at))
        return NULL;
    if (has_counterparts(at, name) || is_packaging_output(at, name))
        return "built from sources beside it";
    /* A folder named `build` may as well hold the scripts that build. */
    for (size_t i = 0; strcmp(name, "build") != 0 && i < DD_COUNT(sources); i++)
        if (holds_source(at, sources[i], 2))
            return "built from sources beside it";
    return NULL;
}

#define LONG_LINE 1000

/* True when lines of a length that people write hold a trigger too. */
static bool written_part(const dd_source_file *f)
{
    uint32_t from = 0;
    for (uint32_t row = 0; row < f->n_rows; row++) {
        uint32_t start = f->rows[row], end = row + 1 < f->n_rows ? f->rows[row + 1] : (uint32_t)f->text.len;
        if (end - start <= LONG_LINE && row + 1 < f->n_rows)
            continue;
        uint32_t to = end - start <= LONG_LINE ? end : start;
        if (to > from && dd_prefilter(dd_str_sub(f->text, from, to), f->lang))
            return true;
        from = end;
    }
    return false;
}

const char *dd_skip_text(const dd_source_file *f)
{
    if (f->n_cells || f->lang == DD_LANG_NOTEBOOK)
        return NULL;
    if (f->text.len > 4096 && f->text.len / f->n_rows > 300 && !written_part(f))
        return "minified or generated";
    if (f->lang == DD_LANG_JAVASCRIPT && (dd_str_has(f->text, "\n// node_modules/") || dd_str_has(f->text, "\"./node_modules/")))
        return "bundled with its packages";
    return NULL;
}
