/* From tokens to a tree: binary operators by precedence, macros where the language has them. A node is at most DD_CEL_MAX_DEPTH above its lowest
 * leaf, so that everything which walks trees may recurse. */
#include "route/cel_parts.h"

#include <stdarg.h>

typedef struct {
    cel_source *src;
    cel_token   tok;
    size_t      pos;   /* behind tok */
    uint32_t    end;   /* of the token before */
    int         depth;
} parser;

static const struct { cel_token_kind token; int level; cel_kind kind; const char *name; } operators[] = {
    { CEL_T_OR, 1, CEL_N_OR, "||" },          { CEL_T_AND, 2, CEL_N_AND, "&&" },
    { CEL_T_LT, 3, CEL_N_CALL, "_<_" }, { CEL_T_LE, 3, CEL_N_CALL, "_<=_" }, { CEL_T_GT, 3, CEL_N_CALL, "_>_" },
    { CEL_T_GE, 3, CEL_N_CALL, "_>=_" },
    { CEL_T_EQ, 3, CEL_N_CALL, "_==_" },      { CEL_T_NE, 3, CEL_N_CALL, "_!=_" },  { CEL_T_IN, 3, CEL_N_CALL, "_in_" },
    { CEL_T_PLUS, 4, CEL_N_CALL, "_+_" },     { CEL_T_MINUS, 4, CEL_N_CALL, "_-_" },
    { CEL_T_STAR, 5, CEL_N_CALL, "_*_" },     { CEL_T_SLASH, 5, CEL_N_CALL, "_/_" }, { CEL_T_PERCENT, 5, CEL_N_CALL, "_%_" },
};
static const struct { const char *name; size_t args; cel_loop loop; bool filter, body; } macros[] = {
    { "all", 2, CEL_ALL, false, true },               { "exists", 2, CEL_EXISTS, false, true }, { "exists_one", 2, CEL_EXISTS_ONE, false, true },
    { "existsOne", 2, CEL_EXISTS_ONE, false, true },  { "map", 2, CEL_MAP, false, true },       { "map", 3, CEL_MAP, true, true },
    { "filter", 2, CEL_FILTER, true, false },
};
static const char *const reserved[] = { "as", "break", "const", "continue", "else", "for", "function", "if", "import", "let", "loop", "package",
                                        "namespace", "return", "var", "void", "while" };

static dd_code parse_expr(parser *p, cel_node **out);
static dd_code parse_unary(parser *p, cel_node **out);

dd_code cel_wrong(cel_source *src, size_t at, const char *fmt, ...)
{
    char    text[400];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    src->at = at;
    return dd_fail(src->err, DD_ERR_PARSE, "%s", text);
}

static dd_code next(parser *p)
{
    p->end = p->tok.to;
    return cel_lex(p->src, &p->pos, &p->tok);
}

static dd_str token_text(const parser *p) { return dd_str_sub(p->src->text, p->tok.from, p->tok.to); }

static dd_code unexpected(parser *p, const char *wanted)
{
    if (p->tok.kind == CEL_T_END)
        return cel_wrong(p->src, p->tok.from, "expression ends where %s is expected", wanted);
    return cel_wrong(p->src, p->tok.from, "unexpected \"" DD_STR_FMT "\" where %s is expected", DD_STR_ARG(token_text(p)), wanted);
}

static dd_code expect(parser *p, cel_token_kind kind, const char *wanted)
{
    return p->tok.kind == kind ? next(p) : unexpected(p, wanted);
}

static cel_node *node(parser *p, cel_kind kind, uint32_t from)
{
    cel_node *n = dd_new(p->src->arena, cel_node);
    n->kind = kind;
    n->at = n->from = from;
    n->height = 1;
    return n;
}

static dd_code add(parser *p, cel_node *n, cel_node *kid)
{
    if (kid && kid->height >= n->height)
        n->height = (uint16_t)(kid->height + 1);
    if (n->height > DD_CEL_MAX_DEPTH)
        return cel_wrong(p->src, n->at, "expression is nested deeper than %d", DD_CEL_MAX_DEPTH);
    if (n->n == n->cap) {
        size_t     cap = n->cap ? n->cap * 2 : 2;
        cel_node **kids = dd_newn(p->src->arena, cel_node *, cap);
        if (n->n)
            memcpy(kids, n->kids, n->n * sizeof *kids);
        n->kids = kids;
        n->cap = cap;
    }
    n->kids[n->n++] = kid;
    return DD_OK;
}

static dd_code enter(parser *p)
{
    return ++p->depth > DD_CEL_MAX_DEPTH ? cel_wrong(p->src, p->tok.from, "expression is nested deeper than %d", DD_CEL_MAX_DEPTH) : DD_OK;
}

static dd_code parse_kid(parser *p, cel_node *n)
{
    cel_node *kid = NULL;
    dd_code   rc = parse_expr(p, &kid);
    return rc == DD_OK ? add(p, n, kid) : rc;
}

static dd_code parse_pair(parser *p, cel_node *n)
{
    dd_code rc = parse_kid(p, n);
    if (rc == DD_OK)
        rc = expect(p, CEL_T_COLON, "\":\"");
    return rc == DD_OK ? parse_kid(p, n) : rc;
}

/* Items up to `close`, which is read; a comma may stand in front of it, but not in a call. */
static dd_code parse_items(parser *p, cel_node *n, cel_token_kind close, const char *wanted)
{
    dd_code rc = DD_OK;
    while (rc == DD_OK && p->tok.kind != close) {
        rc = n->kind == CEL_N_MAP ? parse_pair(p, n) : parse_kid(p, n);
        if (rc != DD_OK || p->tok.kind != CEL_T_COMMA)
            break;
        rc = next(p);
        if (rc == DD_OK && p->tok.kind == CEL_T_CLOSE)
            return unexpected(p, "an argument");
    }
    if (rc == DD_OK)
        rc = expect(p, close, wanted);
    n->to = p->end;
    return rc;
}

/* --- macros --- */
static bool is_word(const cel_node *n) { return n->kind == CEL_N_NAME && !n->rooted; }

static dd_code make_has(parser *p, cel_node *n)
{
    cel_node *field = n->n == 1 ? n->kids[0] : NULL;
    if (!field || field->kind != CEL_N_SELECT)
        return cel_wrong(p->src, n->at, "has() asks for a member, as in has(tags.name)");
    n->kind = CEL_N_HAS;
    n->name = field->name;
    n->kids = field->kids;
    return DD_OK;
}

/* x.all(v, e): the call's kids are x, v, e. */
static dd_code make_loop(parser *p, cel_node *n, size_t m)
{
    cel_node *parts[3] = { n->kids[0], NULL, NULL }, *var = n->kids[1];
    size_t    k = 2;
    if (!is_word(var))
        return cel_wrong(p->src, var->at, "the first argument of " DD_STR_FMT "() is the name of a variable", DD_STR_ARG(n->name));
    if (macros[m].filter)
        parts[1] = n->kids[k++];
    if (macros[m].body)
        parts[2] = n->kids[k];
    n->kind = CEL_N_LOOP;
    n->loop = macros[m].loop;
    n->name = var->name;
    n->n = 0;
    for (size_t i = 0; i < 3; i++)
        if (add(p, n, parts[i]) != DD_OK)
            return DD_ERR_PARSE;
    return DD_OK;
}

static dd_code make_macro(parser *p, cel_node *n)
{
    if (!n->receiver && dd_str_eqz(n->name, "has"))
        return make_has(p, n);
    for (size_t m = 0; n->receiver && m < DD_COUNT(macros); m++)
        if (n->n == macros[m].args + 1 && dd_str_eqz(n->name, macros[m].name))
            return make_loop(p, n, m);
    return DD_OK;
}

/* --- members --- */
static dd_code parse_call(parser *p, cel_node *n)
{
    dd_code rc = next(p);
    n->kind = CEL_N_CALL;
    if (rc == DD_OK)
        rc = parse_items(p, n, CEL_T_CLOSE, "\",\" or \")\"");
    return rc == DD_OK ? make_macro(p, n) : rc;
}

static dd_code parse_member(parser *p, cel_node **out)
{
    cel_node *n = node(p, CEL_N_SELECT, (*out)->from);
    dd_code   rc = next(p);
    bool      quoted = p->tok.kind == CEL_T_QUOTED;
    if (rc == DD_OK && p->tok.kind != CEL_T_NAME && !quoted)
        rc = unexpected(p, "a member's name");
    if (rc != DD_OK)
        return rc;
    n->at = p->tok.from;
    n->name = p->tok.s;
    n->to = p->tok.to;
    rc = add(p, n, *out);
    if (rc == DD_OK)
        rc = next(p);
    *out = n;
    if (rc != DD_OK || p->tok.kind != CEL_T_OPEN || quoted)
        return rc;
    n->receiver = true;
    return parse_call(p, n);
}

static dd_code parse_index(parser *p, cel_node **out)
{
    cel_node *n = node(p, CEL_N_CALL, (*out)->from), *key = NULL;
    n->at = p->tok.from;
    n->name = DD_STR("_[_]");
    dd_code rc = next(p);
    if (rc == DD_OK)
        rc = parse_expr(p, &key);
    if (rc == DD_OK)
        rc = expect(p, CEL_T_BRACKET_END, "\"]\"");
    if (rc == DD_OK)
        rc = add(p, n, *out);
    if (rc == DD_OK)
        rc = add(p, n, key);
    n->to = p->end;
    *out = n;
    return rc;
}

/* --- primaries --- */
static dd_code parse_int(parser *p, cel_node *n, bool negative)
{
    if (!negative && p->tok.u > INT64_MAX)
        return cel_wrong(p->src, p->tok.from, "number \"" DD_STR_FMT "\" does not fit 64 bits", DD_STR_ARG(token_text(p)));
    n->value = dd_cel_int(negative ? (int64_t)(0 - p->tok.u) : (int64_t)p->tok.u);
    return DD_OK;
}

static dd_code parse_constant(parser *p, cel_node **out, bool negative)
{
    cel_node *n = *out = node(p, CEL_N_CONST, p->tok.from);
    dd_code   rc = DD_OK;
    n->to = p->tok.to;
    switch (p->tok.kind) {
    case CEL_T_INT:    rc = parse_int(p, n, negative); break;
    case CEL_T_UINT:   n->value = dd_cel_uint(p->tok.u); break;
    case CEL_T_DOUBLE: n->value = dd_cel_double(negative ? -p->tok.d : p->tok.d); break;
    case CEL_T_STRING: n->value = dd_cel_string(p->tok.s); break;
    case CEL_T_BYTES:  n->value = (dd_cel_value){ .type = DD_CEL_BYTES, .s = p->tok.s }; break;
    case CEL_T_NULL:   n->value = dd_cel_null(); break;
    default:           n->value = dd_cel_bool(p->tok.kind == CEL_T_TRUE); break;
    }
    return rc == DD_OK ? next(p) : rc;
}

static dd_code parse_name(parser *p, cel_node **out)
{
    cel_node *n = *out = node(p, CEL_N_NAME, p->tok.from);
    dd_code   rc = DD_OK;
    if (p->tok.kind == CEL_T_DOT) {
        n->rooted = true;
        rc = next(p);
    }
    if (rc == DD_OK && p->tok.kind != CEL_T_NAME)
        rc = unexpected(p, "a name");
    if (rc != DD_OK)
        return rc;
    for (size_t i = 0; i < DD_COUNT(reserved); i++)
        if (dd_str_eqz(p->tok.s, reserved[i]))
            return cel_wrong(p->src, p->tok.from, "\"%s\" is a reserved word", reserved[i]);
    n->name = p->tok.s;
    n->at = p->tok.from;
    n->to = p->tok.to;
    rc = next(p);
    return rc == DD_OK && p->tok.kind == CEL_T_OPEN ? parse_call(p, n) : rc;
}

static dd_code parse_group(parser *p, cel_node **out)
{
    uint32_t from = p->tok.from;
    dd_code  rc = next(p);
    if (rc == DD_OK)
        rc = parse_expr(p, out);
    if (rc == DD_OK)
        rc = expect(p, CEL_T_CLOSE, "\")\"");
    if (rc == DD_OK) {
        (*out)->from = from;
        (*out)->to = p->end;
    }
    return rc;
}

static dd_code parse_braces(parser *p, cel_node **out, bool map)
{
    cel_node *n = *out = node(p, map ? CEL_N_MAP : CEL_N_LIST, p->tok.from);
    dd_code   rc = next(p);
    if (rc != DD_OK)
        return rc;
    return map ? parse_items(p, n, CEL_T_BRACE_END, "\",\" or \"}\"") : parse_items(p, n, CEL_T_BRACKET_END, "\",\" or \"]\"");
}

static dd_code parse_primary(parser *p, cel_node **out)
{
    switch (p->tok.kind) {
    case CEL_T_NAME:
    case CEL_T_DOT:     return parse_name(p, out);
    case CEL_T_OPEN:    return parse_group(p, out);
    case CEL_T_BRACKET: return parse_braces(p, out, false);
    case CEL_T_BRACE:   return parse_braces(p, out, true);
    default:
        if (p->tok.kind > CEL_T_NULL || p->tok.kind == CEL_T_END || p->tok.kind == CEL_T_QUOTED)
            return unexpected(p, "a value");
        return parse_constant(p, out, false);
    }
}

static dd_code parse_postfix(parser *p, cel_node **out, dd_code rc)
{
    while (rc == DD_OK) {
        if (p->tok.kind == CEL_T_DOT)
            rc = parse_member(p, out);
        else if (p->tok.kind == CEL_T_BRACKET)
            rc = parse_index(p, out);
        else if (p->tok.kind == CEL_T_BRACE)
            return cel_wrong(p->src, p->tok.from, "there are no messages to construct here");
        else
            break;
    }
    return rc;
}

/* --- operators --- */
/* A sign in front of a number is the literal's: the least int has no positive. */
static dd_code parse_negative(parser *p, cel_node **out, uint32_t from)
{
    dd_code rc = parse_constant(p, out, true);
    (*out)->from = from;
    return parse_postfix(p, out, rc);
}

static dd_code parse_operand(parser *p, cel_node **out, bool minus)
{
    cel_node *n = node(p, CEL_N_CALL, p->tok.from), *kid = NULL;
    n->name = minus ? DD_STR("-_") : DD_STR("!_");
    dd_code rc = next(p);
    if (rc == DD_OK && minus && (p->tok.kind == CEL_T_INT || p->tok.kind == CEL_T_DOUBLE))
        return parse_negative(p, out, n->from);
    if (rc == DD_OK)
        rc = parse_unary(p, &kid);
    if (rc == DD_OK)
        rc = add(p, n, kid);
    n->to = p->end;
    *out = n;
    return rc;
}

static dd_code parse_unary(parser *p, cel_node **out)
{
    if (p->tok.kind != CEL_T_NOT && p->tok.kind != CEL_T_MINUS)
        return parse_postfix(p, out, parse_primary(p, out));
    dd_code rc = enter(p);
    if (rc == DD_OK)
        rc = parse_operand(p, out, p->tok.kind == CEL_T_MINUS);
    p->depth--;
    return rc;
}

static size_t operator_at(const parser *p, int level)
{
    for (size_t i = 0; i < DD_COUNT(operators); i++)
        if (operators[i].token == p->tok.kind && operators[i].level >= level)
            return i;
    return SIZE_MAX;
}

static dd_code join(parser *p, size_t op, uint32_t at, cel_node **left, cel_node *right)
{
    cel_node *n = *left;
    if (n->kind != operators[op].kind || n->kind == CEL_N_CALL) { /* a chain of && is one node */
        n = node(p, operators[op].kind, (*left)->from);
        n->name = dd_str_z(operators[op].name);
        n->at = at;
        if (add(p, n, *left) != DD_OK)
            return DD_ERR_PARSE;
    }
    n->to = right->to;
    *left = n;
    return add(p, n, right);
}

static dd_code parse_binary(parser *p, int level, cel_node **out)
{
    dd_code rc = parse_unary(p, out);
    for (size_t op; rc == DD_OK && (op = operator_at(p, level)) != SIZE_MAX;) {
        cel_node *right = NULL;
        uint32_t  at = p->tok.from;
        rc = next(p);
        if (rc == DD_OK)
            rc = parse_binary(p, operators[op].level + 1, &right);
        if (rc == DD_OK)
            rc = join(p, op, at, out, right);
    }
    return rc;
}

/* Behind the question mark. */
static dd_code parse_choice(parser *p, cel_node **out)
{
    cel_node *n = node(p, CEL_N_COND, (*out)->from), *yes = NULL, *no = NULL;
    n->at = p->tok.from;
    dd_code rc = next(p);
    if (rc == DD_OK)
        rc = parse_binary(p, 1, &yes);
    if (rc == DD_OK)
        rc = expect(p, CEL_T_COLON, "\":\"");
    if (rc == DD_OK)
        rc = parse_expr(p, &no);
    cel_node *parts[3] = { *out, yes, no };
    for (size_t i = 0; rc == DD_OK && i < 3; i++)
        rc = add(p, n, parts[i]);
    n->to = p->end;
    *out = n;
    return rc;
}

static dd_code parse_expr(parser *p, cel_node **out)
{
    dd_code rc = enter(p);
    if (rc == DD_OK)
        rc = parse_binary(p, 1, out);
    if (rc == DD_OK && p->tok.kind == CEL_T_ASK)
        rc = parse_choice(p, out);
    p->depth--;
    return rc;
}

dd_code cel_parse(cel_source *src, cel_node **out)
{
    parser p = { .src = src };
    if (src->text.len > DD_CEL_MAX_TEXT)
        return cel_wrong(src, 0, "expression is longer than %d bytes", DD_CEL_MAX_TEXT);
    if (!dd_utf8_valid(src->text))
        return cel_wrong(src, 0, "expression is not UTF-8");
    dd_code rc = next(&p);
    if (rc == DD_OK)
        rc = parse_expr(&p, out);
    if (rc == DD_OK && p.tok.kind != CEL_T_END)
        rc = unexpected(&p, "an operator or the end");
    return rc;
}
