/* The files of one scan by path, parsed when first needed, and the texts and data that code names. */
#include "base/file.h"
#include "scan/eval.h"

enum { MAX_TEXT = 4 << 20, PROMPT_BYTES = 16 << 20 };

static const char absent;      /* stands in a map for "looked for, not there" */

static void note_dirs(dd_tree *t, dd_str path)
{
    uintptr_t kind = dd_str_endsz(path, ".py") ? DD_DIR_PYTHON : DD_DIR_PLAIN;
    for (dd_str dir = dd_path_dir(path);; dir = dd_path_dir(dir)) {
        void **at = dd_map_at(&t->dirs, dir);
        if ((uintptr_t)*at >= kind)
            return;
        *at = (void *)kind;
        if (!dir.len)
            return;
    }
}

static void tree_add(dd_tree *t, dd_source_file *file)
{
    dd_vec_push(&t->all, file);
    dd_map_put(&t->files, file->path, (void *)(uintptr_t)t->all.n);
    if (dd_str_endsz(file->path, ".ipynb"))
        dd_vec_push(&t->notebooks, file);
    note_dirs(t, file->path);
}

dd_tree *dd_tree_new(dd_source_file *const *files, size_t n_files)
{
    dd_tree *t = dd_calloc(1, sizeof *t);
    for (size_t i = 0; i < n_files; i++)
        tree_add(t, files[i]);
    return t;
}

void dd_tree_free(dd_tree *t)
{
    if (!t)
        return;
    dd_map_free(&t->files);
    dd_map_free(&t->dirs);
    dd_vec_free(&t->all);
    dd_vec_free(&t->notebooks);
    free(t);
}

static dd_file_slot *slot_at(dd_project *p, size_t i)
{
    if (!p->slots[i]) {
        p->slots[i]       = dd_new(dd_keep(p), dd_file_slot);
        p->slots[i]->file = p->tree->all.v[i];
    }
    return p->slots[i];
}

/* NULL: no such file. */
static dd_file_slot *slot_of(dd_project *p, dd_str path)
{
    uintptr_t at = (uintptr_t)dd_map_get(&p->tree->files, path);
    return at ? slot_at(p, at - 1) : NULL;
}

/* Printed paths may start with the root as the user wrote it: what they are relative to is found from a file that has both. */
static dd_str disk_root(dd_project *p, dd_str root_abs, dd_source_file *const *files, size_t n)
{
    if (n && files[0]->abs.len > files[0]->path.len && dd_str_ends(files[0]->abs, files[0]->path))
        root_abs = dd_str_sub(files[0]->abs, 0, files[0]->abs.len - files[0]->path.len);
    while (root_abs.len > 1 && dd_str_endsz(root_abs, "/"))
        root_abs = dd_str_sub(root_abs, 0, root_abs.len - 1);
    return dd_arena_dup(dd_keep(p), root_abs);
}

dd_project *dd_project_in(dd_tree *tree, dd_str root_abs, int64_t max_bytes)
{
    dd_project *p = dd_calloc(1, sizeof *p);
    p->tree = tree;
    p->n_slots = tree->all.n;
    p->slots = dd_calloc(p->n_slots + 1, sizeof *p->slots);
    p->root = disk_root(p, root_abs, tree->all.v, tree->all.n);
    p->max_bytes = max_bytes;
    return p;
}

dd_project *dd_project_new(dd_str root_abs, dd_source_file *const *files, size_t n_files, int64_t max_bytes)
{
    dd_tree    *tree = dd_tree_new(files, n_files);
    dd_project *p = dd_project_in(tree, root_abs, max_bytes);
    p->own_tree = tree;
    return p;
}

void dd_project_free(dd_project *p)
{
    if (!p)
        return;
    free(p->parsed_at);
    free(p->slots);
    dd_tree_free(p->own_tree);
    dd_map *maps[] = { &p->imports, &p->tails, &p->data, &p->texts, &p->js_configs, &p->js_packages, &p->workspaces,
                       &p->frame_map, &p->calls_by_name, &p->classes_by_base, &p->callers };
    for (size_t i = 0; i < DD_COUNT(maps); i++)
        dd_map_free(maps[i]);
    dd_vec_free(&p->units);
    dd_vec_free(&p->demanded);
    dd_vec_free(&p->frames);
    free(p->memo);
    dd_arena_fini(&p->arena);
    dd_arena_fini(&p->code);
    dd_arena_fini(&p->keep);
    free(p);
}

static void change_places(dd_project *p)
{
    dd_arena values = p->arena;
    p->arena = p->keep;
    p->keep = values;
    p->keeping = !p->keeping;
}

bool dd_project_keep(dd_project *p)
{
    if (p->keeping)
        return false;
    change_places(p);
    return true;
}

void dd_project_kept(dd_project *p, bool began)
{
    if (began)
        change_places(p);
}

bool dd_project_prompt_room(dd_project *p, size_t n)
{
    if (n > PROMPT_BYTES - p->prompt_bytes)
        return false;
    p->prompt_bytes += n;
    return true;
}

size_t dd_project_held(const dd_project *p)
{
    return p->arena.used + p->memo_cap * sizeof *p->memo;
}

void dd_project_forget(dd_project *p)
{
    dd_map_free(&p->frame_map);
    dd_map_free(&p->callers);
    free(p->memo);
    p->memo = NULL;
    p->memo_n = p->memo_cap = 0;
    p->frames.n = 0;
    dd_arena_fini(&p->arena);
}

size_t dd_project_code(const dd_project *p)
{
    return p->code.used;
}

void dd_project_forget_code(dd_project *p)
{
    dd_project_forget(p);
    for (size_t i = 0; i < p->demanded.n; i++) {
        dd_file_slot *slot = p->demanded.v[i];
        slot->unit         = NULL;
        slot->tried        = false;
    }
    p->demanded.n = 0;
    dd_arena_fini(&p->code);
}

void dd_project_each_parsed(dd_project *p, void (*fn)(void *ctx, const dd_source_file *file, size_t bytes), void *ctx)
{
    for (size_t i = 0; i < p->n_slots; i++) {
        const dd_file_slot *slot = p->slots[i];
        if (slot && slot->parsed)
            fn(ctx, slot->file, slot->parsed_bytes);
    }
}

void dd_project_share(dd_project *p, const dd_parsed *parsed)
{
    p->parsed = parsed;
    p->parsed_at = dd_calloc(parsed->n + 1, sizeof *p->parsed_at);
    for (size_t i = 0; i < parsed->n; i++) {
        size_t        at   = (uintptr_t)dd_map_get(&p->tree->files, parsed->files[i]->path) - 1;
        dd_file_slot *slot = slot_at(p, at);
        p->parsed_at[i] = (uint32_t)at;
        slot->unit = parsed->units[i];
        slot->tried = slot->unit != NULL;
    }
}

void dd_project_add(dd_project *p, dd_unit_ir *unit)
{
    dd_file_slot *slot = slot_of(p, unit->file->path);
    if (!slot) {
        tree_add(p->own_tree, unit->file);
        p->slots = dd_realloc(p->slots, p->tree->all.n * sizeof *p->slots);
        p->slots[p->n_slots++] = NULL;
        slot = slot_at(p, p->n_slots - 1);
    }
    if (slot->unit)
        return;
    slot->unit = unit;
    slot->tried = true;
    dd_vec_push(&p->units, unit);
}

static dd_unit_ir *parse_slot(dd_project *p, dd_file_slot *slot)
{
    dd_lang     lang;
    dd_unit_ir *u = NULL;
    slot->tried = true;
    if (!dd_source_lang(slot->file->path, &lang))
        return NULL;
    dd_source_file *file = dd_new(&p->code, dd_source_file);
    *file = *slot->file;                       /* another project may do the same at this time */
    if (!file->text.ptr && dd_source_load(file, p->max_bytes, &p->code, NULL) != DD_OK)
        return NULL;
    if (dd_lower(file, &p->code, &u, NULL) != DD_OK || !u)
        return NULL;                           /* tried stays: it fails again */
    slot->parsed       = true;
    slot->parsed_bytes = file->text.len;
    slot->unit         = u;
    if (p->parsed)
        dd_vec_push(&p->demanded, slot);
    else
        dd_vec_push(&p->units, u);
    return u;
}

dd_unit_ir *dd_project_unit(dd_project *p, dd_str path)
{
    dd_file_slot *slot = slot_of(p, path);
    if (!slot || slot->tried)
        return slot ? slot->unit : NULL;
    return parse_slot(p, slot);
}

dd_unit_ir *dd_project_parsed(dd_project *p, uint32_t file)
{
    dd_file_slot *slot = p->slots[p->parsed_at[file]];
    return slot->tried ? slot->unit : parse_slot(p, slot);
}

dd_tree_dir dd_project_dir(const dd_project *p, dd_str path)
{
    return (dd_tree_dir)(uintptr_t)dd_map_get(&p->tree->dirs, path);
}

bool dd_project_has(dd_project *p, dd_str path)
{
    return dd_map_has(&p->tree->files, path);
}

/* --- texts --- */

static bool read_disk(dd_project *p, dd_str path, dd_str *text)
{
    if (!p->root.len || !path.len || path.ptr[0] == '/' || dd_str_startsz(path, "..") || memchr(path.ptr, 0, path.len))
        return false;
    dd_str base = dd_path_base(path);
    if (dd_str_startsz(base, ".env") && !dd_str_endsz(base, ".example") && !dd_str_endsz(base, ".sample") && !dd_str_endsz(base, ".template"))
        return false;                          /* secrets stay unread */
    dd_str full = dd_arena_printf(dd_keep(p), DD_STR_FMT "/" DD_STR_FMT, DD_STR_ARG(p->root), DD_STR_ARG(path));
    dd_buf buf = DD_BUF_INIT(MAX_TEXT);
    bool   ok = dd_file_read(full.ptr, &buf, NULL) == DD_OK && dd_utf8_valid(dd_buf_str(&buf));
    if (ok)
        *text = dd_arena_dup(dd_keep(p), dd_buf_str(&buf));
    dd_buf_free(&buf);
    return ok;
}

bool dd_project_file_text(dd_project *p, dd_str path, dd_str *text)
{
    void *known = dd_map_get(&p->texts, path);
    if (known) {
        if (known != &absent)
            *text = *(dd_str *)known;
        return known != &absent;
    }
    dd_file_slot *slot = slot_of(p, path);
    dd_str        got = DD_STR_NULL;
    bool          ok = slot && slot->file->text.ptr && slot->file->lang != DD_LANG_NOTEBOOK;
    if (ok)
        got = slot->file->text;
    else
        ok = read_disk(p, path, &got);
    dd_str *kept = dd_new(dd_keep(p), dd_str);
    *kept = got;
    dd_map_put(&p->texts, dd_arena_dup(dd_keep(p), path), ok ? (void *)kept : (void *)&absent);
    if (ok)
        *text = got;
    return ok;
}

/* Beside the code, then up to the root: programs name files from where they are started. */
static bool find_text(dd_project *p, const dd_unit_ir *from, dd_str path, dd_str *found, dd_str *text)
{
    while (dd_str_startsz(path, "/"))
        path = dd_str_sub(path, 1, path.len);
    if (!path.len || path.len > 512 || dd_str_has(path, "\n"))
        return false;
    for (dd_str dir = dd_path_dir(from->file->path);; dir = dd_path_dir(dir)) {
        dd_str at = dd_path_join(p, dir, path);
        if (at.ptr && at.len && dd_project_file_text(p, at, text)) {
            *found = at;
            return true;
        }
        if (!dir.len)
            return false;
    }
}

bool dd_project_text(dd_project *p, const dd_unit_ir *from, dd_str path, dd_str *text)
{
    dd_str found;
    return find_text(p, from, path, &found, text);
}

/* --- data --- */

typedef dd_value *data_reader(dd_project *p, dd_str text);

/* NULL: code, or something else that is not read as data. */
static data_reader *reader_of(dd_str path)
{
    static const struct { const char *ending; data_reader *read; } readers[] = {
        { ".json", dd_data_json }, { ".jsonc", dd_data_json }, { ".json5", dd_data_json },
        { ".yaml", dd_data_yaml }, { ".yml", dd_data_yaml },   { ".toml", dd_data_toml },
    };
    for (size_t i = 0; i < DD_COUNT(readers); i++)
        if (dd_str_endsz(path, readers[i].ending))
            return readers[i].read;
    return NULL;
}

dd_value *dd_project_file_data(dd_project *p, dd_str path)
{
    data_reader *read = reader_of(path);
    void        *known = read ? dd_map_get(&p->data, path) : (void *)&absent;
    if (known)
        return known == &absent ? NULL : known;
    dd_str    text = DD_STR("");
    dd_value *v = NULL;
    bool      began = dd_project_keep(p);
    if (dd_project_file_text(p, path, &text))
        v = read(p, text);
    dd_project_kept(p, began);
    dd_map_put(&p->data, dd_arena_dup(dd_keep(p), path), v ? (void *)v : (void *)&absent);
    return v;
}

dd_value *dd_project_data(dd_project *p, const dd_unit_ir *from, dd_str path)
{
    dd_str found, text;
    return find_text(p, from, path, &found, &text) ? dd_project_file_data(p, found) : NULL;
}
