#include "scan/syntax.h"

#include <pthread.h>
#include <tree_sitter/api.h>

#include "base/map.h"
#include "base/time.h"
#include "scan/quick.h"
#include "scan/syntax_memory.h"

const TSLanguage *tree_sitter_python(void);
const TSLanguage *tree_sitter_javascript(void);
const TSLanguage *tree_sitter_typescript(void);
const TSLanguage *tree_sitter_tsx(void);

/* A file of the default size limit parses in well under a second; what takes longer is made to. */
#define PARSE_LIMIT_NS (5 * INT64_C(1000000000))
/* A tree takes about 44 bytes a byte of usual code, 280 of the densest there is. */
enum { PARSE_BASE_BYTES = 64 << 20, PARSE_BYTES_PER_BYTE = 320 };
/* Larger files are parsed one at a time, on whatever thread: two of the densest would double the peak. */
enum { LARGE_FILE = 256 << 10 };
static pthread_mutex_t large_one = PTHREAD_MUTEX_INITIALIZER;

static const char *const kind_names[K_COUNT] = {
    "other", "token",
#define X(n) #n,
    DD_SYN_KINDS(X)
#undef X
#define X(n, text) text,
    DD_SYN_TOKENS(X)
#undef X
};

static const char *const field_names[F_COUNT] = {
    "",
#define X(n) #n,
    DD_SYN_FIELDS(X)
#undef X
};

const char *dd_syn_kind_name(dd_syn_kind k) { return (unsigned)k < K_COUNT ? kind_names[k] : "?"; }

/* What a symbol of one grammar becomes. */
typedef struct {
    uint16_t kind;  /* K_other for unknown named nodes, 0xffff: leave it and all below out */
    bool     leaf;  /* what is below does not matter */
    bool     named;
} symbol_rule;

typedef struct {
    const TSLanguage *language;
    symbol_rule      *symbols;
    uint32_t          n_symbols;
    uint8_t          *fields;
} grammar;

static grammar grammars[DD_LANG_COUNT];
static pthread_once_t grammars_once = PTHREAD_ONCE_INIT;
#define LEFT_OUT 0xffff

static const uint16_t leaves[] = {
    K_regex, K_interface_declaration, K_type_alias_declaration, K_ambient_declaration, K_function_signature, K_method_signature,
    K_type_parameters, K_implements_clause, K_tuple_type, K_index_signature, K_function_type, K_lookup_type,
};
static const uint16_t unused[] = {
    K_string_start, K_string_content, K_string_end, K_string_fragment, K_escape_sequence, K_escape_interpolation, K_line_continuation, K_jsx_text,
    K_html_comment, K_html_character_reference, K_optional_chain, K_type_conversion, K_hash_bang_line, K_empty_statement,
};

static bool among(const uint16_t *set, size_t n, uint16_t kind)
{
    for (size_t i = 0; i < n; i++)
        if (set[i] == kind)
            return true;
    return false;
}

static symbol_rule symbol_of(const TSLanguage *l, TSSymbol id, const dd_map *named, const dd_map *tokens, bool types)
{
    symbol_rule  r    = { LEFT_OUT, false, ts_language_symbol_type(l, id) == TSSymbolTypeRegular };
    dd_str       name = dd_str_z(ts_language_symbol_name(l, id));
    const dd_map *map = r.named ? named : tokens;
    uintptr_t    kind = (uintptr_t)dd_map_get(map, name);
    if (r.named)
        r.kind = kind ? (uint16_t)kind : K_other;
    else if (kind)
        r.kind = (uint16_t)kind;
    r.leaf = among(leaves, DD_COUNT(leaves), r.kind) || (r.kind == K_other && types);
    if (among(unused, DD_COUNT(unused), r.kind))
        r.kind = LEFT_OUT;
    return r;
}

static void grammar_init(grammar *g, const TSLanguage *l, const dd_map *named, const dd_map *tokens)
{
    g->language  = l;
    g->n_symbols = ts_language_symbol_count(l);
    g->symbols   = dd_calloc(g->n_symbols, sizeof *g->symbols);
    bool types   = ts_language_symbol_for_name(l, "type_annotation", 15, true) != 0; /* what has no name here is inside of a type */
    for (uint32_t i = 0; i < g->n_symbols; i++)
        g->symbols[i] = symbol_of(l, (TSSymbol)i, named, tokens, types);
    uint32_t n_fields = ts_language_field_count(l);
    g->fields = dd_calloc(n_fields + 1, 1);
    for (uint32_t i = 1; i <= n_fields; i++) {
        const char *name = ts_language_field_name_for_id(l, (TSFieldId)i);
        for (int f = 1; f < F_COUNT; f++)
            if (name && strcmp(name, field_names[f]) == 0)
                g->fields[i] = (uint8_t)f;
    }
}

static void grammars_init(void)
{
    dd_syn_memory_init();
    dd_map named = DD_MAP_INIT, tokens = DD_MAP_INIT;
#define X(n) dd_map_put(&named, DD_STR(#n), (void *)(uintptr_t)K_##n);
    DD_SYN_KINDS(X)
#undef X
#define X(n, text) dd_map_put(&tokens, DD_STR(text), (void *)(uintptr_t)T_##n);
    DD_SYN_TOKENS(X)
#undef X
    grammar_init(&grammars[DD_LANG_PYTHON], tree_sitter_python(), &named, &tokens);
    grammar_init(&grammars[DD_LANG_JAVASCRIPT], tree_sitter_javascript(), &named, &tokens);
    grammar_init(&grammars[DD_LANG_TYPESCRIPT], tree_sitter_typescript(), &named, &tokens);
    grammar_init(&grammars[DD_LANG_TSX], tree_sitter_tsx(), &named, &tokens);
    grammars[DD_LANG_NOTEBOOK] = grammars[DD_LANG_PYTHON];
    dd_map_free(&named);
    dd_map_free(&tokens);
}

static const char *read_text(void *payload, uint32_t at, TSPoint point, uint32_t *n)
{
    const dd_str *text = payload;
    (void)point;
    *n = at < text->len ? (uint32_t)(text->len - at) : 0;
    return *n ? text->ptr + at : "";
}

typedef struct { int64_t until_ns; size_t most_bytes; bool over_bytes; } bounds;

static bool past_bounds(TSParseState *state)
{
    bounds *b     = state->payload;
    b->over_bytes = dd_syn_memory_held() > b->most_bytes;
    return b->over_bytes || dd_mono_now().ns > b->until_ns;
}

/* The parser takes a zero byte for the end of the file. */
static dd_str without_zeros(dd_str text, dd_buf *copy)
{
    if (!text.len || !memchr(text.ptr, '\0', text.len))
        return text;
    dd_buf_add(copy, text);
    for (size_t i = 0; i < copy->len; i++)
        if (!copy->ptr[i])
            copy->ptr[i] = ' ';
    return dd_buf_str(copy);
}

static TSTree *parse(const grammar *g, dd_str bytes, bounds *limit)
{
    dd_buf    copy   = DD_BUF_INIT(0);
    dd_str    text   = without_zeros(bytes, &copy);
    TSParser *parser = ts_parser_new();
    TSTree   *tree   = NULL;
    TSInput        input   = { .payload = &text, .read = read_text, .encoding = TSInputEncodingUTF8 };
    TSParseOptions options = { .payload = limit, .progress_callback = past_bounds };
    *limit = (bounds){ dd_mono_now().ns + PARSE_LIMIT_NS, PARSE_BASE_BYTES + text.len * PARSE_BYTES_PER_BYTE, false };
    if (ts_parser_set_language(parser, g->language))
        tree = ts_parser_parse_with_options(parser, NULL, input, options);
    if (!tree)
        ts_parser_reset(parser);     /* one that gave up keeps a scanner that is not in our memory */
    dd_buf_free(&copy);
    return tree;
}

static void keep_comment(dd_syn_tree *t, TSNode node, dd_str text)
{
    uint32_t from = ts_node_start_byte(node);
    dd_str   s    = dd_str_sub(text, from, ts_node_end_byte(node));
    ptrdiff_t at  = dd_str_findz(s, "dd0c:");
    if (at < 0)
        return;
    uint32_t row = ts_node_start_point(node).row;
    for (ptrdiff_t i = 0; i < at; i++)
        row += s.ptr[i] == '\n';
    dd_comment c = { row, s };
    dd_vec_push(&t->comments, c);
}

typedef struct { uint32_t node, last; } open_node; /* last: its newest child so far */
typedef DD_VEC(open_node) open_list;

static uint32_t add_node(dd_syn_tree *t, dd_syn node, open_node *parent)
{
    uint32_t id = (uint32_t)t->n;
    dd_vec_push(t, node);
    if (parent->last)
        t->v[parent->last].next = id;
    else
        t->v[parent->node].child = id;
    parent->last = id;
    return id;
}

/* Strings are decoded from their bytes; only those of Python with an f or t in front can hold expressions. */
static bool is_plain(dd_str text, uint32_t at)
{
    for (; at < text.len && text.ptr[at] != '"' && text.ptr[at] != '\''; at++)
        if ((text.ptr[at] | 0x20) == 'f' || (text.ptr[at] | 0x20) == 't')
            return false;
    return true;
}

/* Copies the cursor's node when it is of use; returns its number when its children are to be seen. */
static uint32_t take_node(const grammar *g, TSTreeCursor *cursor, dd_str text, dd_syn_tree *t, open_node *parent)
{
    TSNode      node = ts_tree_cursor_current_node(cursor);
    TSSymbol    id   = ts_node_symbol(node);
    symbol_rule rule = id < g->n_symbols ? g->symbols[id] : (symbol_rule){ K_ERROR, false, true };
    uint8_t     flags = 0;
    if (ts_node_has_error(node)) {
        bool missing = ts_node_is_missing(node);
        flags = (uint8_t)(DD_SYN_HAS_ERROR | (missing ? DD_SYN_MISSING : 0));
        t->n_errors += missing || rule.kind == K_ERROR;
    }
    if (rule.kind == K_comment) {
        keep_comment(t, node, text);
        return 0;
    }
    if (rule.kind == LEFT_OUT && rule.named)
        return 0;
    if (rule.kind == T_comma && t->v[parent->node].kind != K_array_pattern) /* [, b]: commas count there */
        return 0;
    uint8_t field = g->fields[ts_tree_cursor_current_field_id(cursor)];
    if (rule.kind == LEFT_OUT) {
        if (field != F_operator && field != F_operators && field != F_kind)
            return 0;
        rule.kind = K_token;
    }
    uint32_t start = ts_node_start_byte(node);
    dd_syn   s     = { rule.kind, field, (uint8_t)(flags | (rule.named ? DD_SYN_NAMED : 0)), start, ts_node_end_byte(node), 0, 0 };
    uint32_t n     = add_node(t, s, parent);
    return rule.named && !rule.leaf && !(rule.kind == K_string && is_plain(text, start)) ? n : 0;
}

static void flatten(const grammar *g, TSTree *tree, dd_str text, dd_syn_tree *t)
{
    static const dd_syn nothing = { 0 };
    open_list    open   = { 0 };
    TSTreeCursor cursor = ts_tree_cursor_new(ts_tree_root_node(tree));
    t->n = t->n_errors = 0;
    t->comments.n = 0;
    dd_vec_push(t, nothing);
    dd_vec_push(&open, ((open_node){ 0, 0 }));
    for (;;) {
        uint32_t n = take_node(g, &cursor, text, t, &open.v[open.n - 1]);
        if (n && ts_tree_cursor_goto_first_child(&cursor)) {
            dd_vec_push(&open, ((open_node){ n, 0 }));
            continue;
        }
        while (!ts_tree_cursor_goto_next_sibling(&cursor)) {
            if (!ts_tree_cursor_goto_parent(&cursor))
                goto done;
            open.n--;
        }
    }
done:
    t->v[0] = nothing; /* the root's parent, so far */
    dd_vec_free(&open);
}

dd_code dd_syn_parse(const dd_source_file *file, dd_lang lang, dd_syn_tree *t, dd_err *err)
{
    if (dd_quick(file->text, lang, t))
        return DD_OK;
    return dd_syn_parse_grammar(file, lang, t, err);
}

dd_code dd_syn_parse_grammar(const dd_source_file *file, dd_lang lang, dd_syn_tree *t, dd_err *err)
{
    if (file->text.len >= UINT32_MAX)
        return dd_fail(err, DD_ERR_LIMIT, "cannot parse \"" DD_STR_FMT "\": larger than 4 GB", DD_STR_ARG(file->path));
    pthread_once(&grammars_once, grammars_init);
    const grammar *g     = &grammars[lang];
    bool           large = file->text.len > LARGE_FILE;
    bounds         limit;
    if (large)
        pthread_mutex_lock(&large_one);
    TSTree *tree = parse(g, file->text, &limit);
    if (tree)
        flatten(g, tree, file->text, t);
    dd_syn_memory_reset();
    if (large)
        pthread_mutex_unlock(&large_one);
    if (tree)
        return DD_OK;
    return dd_fail(err, DD_ERR_PARSE, "cannot parse \"" DD_STR_FMT "\": it takes more than %s", DD_STR_ARG(file->path), limit.over_bytes ? "320 times its size in memory" : "5 seconds");
}

void dd_syn_fini(dd_syn_tree *t)
{
    dd_vec_free(t);
    dd_vec_free(&t->comments);
}
