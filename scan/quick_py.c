/* Statements of the fast reader of Python, and the whole file. */
#include <string.h>

#include "scan/quick_py.h"

static uint32_t statement(qp *q);
static void     simple_statements(qp *q, uint32_t into);

/* --- parameters and types --- */

static uint32_t typed(qp *q, uint32_t inner)
{
    uint32_t n = qp_node(q, K_type, qp_at(q, inner)->start);
    qp_add(q, n, inner, F_none);
    qp_end(q, n);
    return n;
}

/* List[str]: only a type, also where an expression would read the same. */
static bool generic_follows(const qp *q) { return qp_is_name(q) && q->tok.end < q->len && q->s[q->tok.end] == '['; }

static uint32_t generic(qp *q)
{
    uint32_t n = qp_node(q, K_generic_type, q->tok.start), args;
    qp_add(q, n, qp_name(q), F_none);
    args = qp_node(q, K_type_parameter, q->tok.start);
    qp_open(q, '[');
    while (!qp_is(q, ']') && !q->failed) {
        qp_add(q, args, qp_type(q), F_none);
        if (!qp_is(q, ']'))
            qp_need(q, ',');
    }
    qp_close(q, ']');
    qp_end(q, args);
    qp_add(q, n, args, F_none);
    qp_end(q, n);
    return n;
}

uint32_t qp_type(qp *q)
{
    if (!qp_enter(q))
        return 0;
    bool     plain = !generic_follows(q);
    uint32_t n     = plain ? qp_expression(q) : generic(q);
    while (!plain && qp_is(q, '|')) {
        uint32_t both = qp_node(q, K_union_type, qp_at(q, n)->start);
        qp_add(q, both, typed(q, n), F_none);
        qp_next(q);
        plain = !generic_follows(q);
        qp_add(q, both, typed(q, plain ? qp_expression(q) : generic(q)), F_none);
        qp_end(q, both);
        n = both;
    }
    q->depth--;
    return q->tok.kind == QP_OPERATOR && strchr(",)]:=", (int)(q->tok.op & 0xff)) == NULL ? qp_fail(q) : typed(q, n);
}

/* A star that stands alone is a node over its token. */
static uint32_t star(qp *q, uint16_t kind)
{
    uint32_t n = qp_node(q, kind, q->tok.start);
    qp_mark(q, n, T_star, F_none);
    qp_end(q, n);
    return n;
}

static uint32_t starred(qp *q)
{
    uint32_t n = qp_node(q, qp_is(q, '*') ? K_list_splat_pattern : K_dictionary_splat_pattern, q->tok.start);
    if (qp_is(q, '*'))
        qp_mark(q, n, T_star, F_none);
    else
        qp_next(q);
    qp_add(q, n, qp_name(q), F_none);
    qp_end(q, n);
    return n;
}

static uint32_t parameter(qp *q, bool lambda)
{
    if (qp_is(q, '/'))
        return qp_take(q, K_positional_separator);
    if (qp_is(q, '*')) {
        uint32_t i = q->tok.end;
        while (i < q->len && (q->s[i] == ' ' || q->s[i] == '\t' || q->s[i] == '\n' || q->s[i] == '\r'))
            i++;
        if (i < q->len && (q->s[i] == ',' || q->s[i] == ':'))
            return star(q, K_keyword_separator);
    }
    bool     rest = q->tok.kind == QP_OPERATOR && (q->tok.op & 0xff) == '*';
    uint32_t name = rest ? starred(q) : qp_name(q), start = qp_at(q, name)->start, n;
    if (!lambda && qp_eat(q, ':')) {
        uint32_t type = qp_type(q);
        n = qp_node(q, qp_is(q, '=') ? K_typed_default_parameter : K_typed_parameter, start);
        qp_add(q, n, name, qp_is(q, '=') ? F_name : F_none);
        qp_add(q, n, type, F_type);
    } else if (qp_is(q, '=')) {
        n = qp_node(q, K_default_parameter, start);
        qp_add(q, n, name, F_name);
    } else {
        return name;
    }
    if (qp_eat(q, '='))
        qp_add(q, n, rest ? qp_fail(q) : qp_expression(q), F_value);
    qp_end(q, n);
    return n;
}

uint32_t qp_parameters(qp *q, bool lambda)
{
    uint32_t n = qp_node(q, lambda ? K_lambda_parameters : K_parameters, q->tok.start);
    if (!lambda)
        qp_open(q, '(');
    while (!qp_is(q, lambda ? ':' : ')') && !q->failed) {
        qp_add(q, n, parameter(q, lambda), F_none);
        if (!qp_is(q, lambda ? ':' : ')'))
            qp_need(q, ',');
    }
    if (!lambda)
        qp_close(q, ')');
    qp_end(q, n);
    return n;
}

/* --- imports --- */

uint32_t qp_dotted(qp *q)
{
    uint32_t n = qp_node(q, K_dotted_name, q->tok.start);
    do
        qp_add(q, n, qp_name(q), F_none);
    while (qp_eat(q, '.'));
    qp_end(q, n);
    return n;
}

static uint32_t imported(qp *q)
{
    uint32_t name = qp_dotted(q);
    if (!qp_eat_word(q, P_as))
        return name;
    uint32_t n = qp_node(q, K_aliased_import, qp_at(q, name)->start);
    qp_add(q, n, name, F_name);
    qp_add(q, n, qp_name(q), F_alias);
    qp_end(q, n);
    return n;
}

static uint32_t import(qp *q)
{
    uint32_t n = qp_node(q, K_import_statement, q->tok.start);
    qp_next(q);
    do
        qp_add(q, n, imported(q), F_name);
    while (qp_eat(q, ','));
    qp_end(q, n);
    return n;
}

static uint32_t module_name(qp *q)
{
    if (q->tok.kind != QP_OPERATOR)
        return qp_dotted(q);
    uint32_t n = qp_node(q, K_relative_import, q->tok.start), prefix = qp_node(q, K_import_prefix, q->tok.start);
    while (q->tok.kind == QP_OPERATOR && (q->tok.op & 0xff) == '.')
        qp_next(q);
    qp_end(q, prefix);
    qp_add(q, n, prefix, F_none);
    if (!qp_word(q, P_import))
        qp_add(q, n, qp_dotted(q), F_none);
    qp_end(q, n);
    return n;
}

static uint32_t import_from(qp *q)
{
    uint32_t n = qp_node(q, K_import_from_statement, q->tok.start);
    qp_next(q);
    if (q->tok.kind == QP_NAME && q->tok.end - q->tok.start == 10 && memcmp(q->s + q->tok.start, "__future__", 10) == 0) {
        qp_at(q, n)->kind = K_future_import_statement;
        qp_next(q);
    } else {
        qp_add(q, n, module_name(q), F_module_name);
    }
    if (!qp_eat_word(q, P_import))
        return qp_fail(q);
    if (qp_is(q, '*')) {
        qp_add(q, n, star(q, K_wildcard_import), F_none);
        qp_end(q, n);
        return n;
    }
    bool brackets = qp_is(q, '(');
    if (brackets)
        qp_open(q, '(');
    do {
        if (brackets && qp_is(q, ')'))
            break;
        qp_add(q, n, imported(q), F_name);
    } while (qp_eat(q, ','));
    if (brackets)
        qp_close(q, ')');
    qp_end(q, n);
    return n;
}

/* --- simple statements --- */

static uint32_t right_side(qp *q, uint32_t *assigned);

static uint32_t augmented_operator(const qp *q)
{
    uint32_t op = q->tok.kind == QP_OPERATOR ? q->tok.op : 0;
    return op > 0xff && (op >> 16 ? op >> 16 : op >> 8) == '=' && op != ('=' | '=' << 8) && op != ('!' | '=' << 8) && op != ('<' | '=' << 8) &&
           op != ('>' | '=' << 8) && op != (':' | '=' << 8);
}

/* `left` has been read; = value, : type = value, += value. */
static uint32_t assignment(qp *q, uint32_t left)
{
    uint32_t n = qp_node(q, K_assignment, qp_at(q, left)->start), chained = 0;
    if (augmented_operator(q)) {
        qp_at(q, n)->kind = K_augmented_assignment;
        qp_add(q, n, qp_pattern_of(q, left), F_left);
        qp_mark(q, n, K_token, F_operator);
        qp_add(q, n, right_side(q, &chained), F_right);
        qp_end(q, n);
        return n;
    }
    qp_add(q, n, qp_pattern_of(q, left), F_left);
    if (qp_eat(q, ':'))
        qp_add(q, n, qp_type(q), F_type);
    if (qp_eat(q, '='))
        qp_add(q, n, right_side(q, &chained), F_right);
    qp_end(q, n);
    return n;
}

static uint32_t right_side(qp *q, uint32_t *chained)
{
    if (!qp_enter(q))
        return 0;
    uint32_t n = qp_word(q, P_yield) ? qp_yield(q) : qp_expressions(q);
    if (qp_is(q, '=') || augmented_operator(q))
        n = *chained = assignment(q, n);
    q->depth--;
    return n;
}

static uint32_t expression_statement(qp *q)
{
    uint32_t n = qp_node(q, K_expression_statement, q->tok.start);
    if (qp_word(q, P_yield)) {
        qp_add(q, n, qp_yield(q), F_none);
        qp_end(q, n);
        return n;
    }
    bool     prints = qp_word(q, P_print) || qp_word(q, P_exec);
    uint32_t e      = qp_expressions(q);
    if (qp_is(q, '=') || qp_is(q, ':') || augmented_operator(q)) {
        e = assignment(q, e);
    } else if (qp_at(q, e)->kind == K_expression_list) { /* here without a node of its own */
        if (prints)
            return qp_fail(q);
        uint32_t next, c = qp_at(q, e)->child, end = qp_at(q, e)->end;
        for (; c; c = next) {
            next = qp_at(q, c)->next;
            qp_add(q, n, c, F_none);
        }
        qp_at(q, n)->end = end;
        return n;
    }
    qp_add(q, n, e, F_none);
    qp_end(q, n);
    return n;
}

static uint32_t with_values(qp *q, uint16_t kind)
{
    uint32_t n = qp_node(q, kind, q->tok.start);
    qp_next(q);
    if (kind == K_assert_statement) {
        qp_add(q, n, qp_expression(q), F_none);
        if (qp_eat(q, ','))
            qp_add(q, n, qp_expression(q), F_none);
    } else if (!qp_ends_expression(q)) {
        qp_add(q, n, qp_expressions(q), F_none);
    }
    if (kind == K_raise_statement && qp_eat_word(q, P_from))
        qp_add(q, n, qp_expression(q), F_cause);
    qp_end(q, n);
    return n;
}

static uint32_t names(qp *q, uint16_t kind)
{
    uint32_t n = qp_node(q, kind, q->tok.start);
    qp_next(q);
    do
        qp_add(q, n, qp_name(q), F_none);
    while (qp_eat(q, ','));
    qp_end(q, n);
    return n;
}

static uint32_t simple_statement(qp *q)
{
    switch (q->tok.kind == QP_NAME ? q->tok.word : P_none) {
    case P_import:   return import(q);
    case P_from:     return import_from(q);
    case P_return:   return with_values(q, K_return_statement);
    case P_raise:    return with_values(q, K_raise_statement);
    case P_del:      return with_values(q, K_delete_statement);
    case P_assert:   return with_values(q, K_assert_statement);
    case P_pass:     return qp_take(q, K_pass_statement);
    case P_break:    return qp_take(q, K_break_statement);
    case P_continue: return qp_take(q, K_continue_statement);
    case P_global:   return names(q, K_global_statement);
    case P_nonlocal: return names(q, K_nonlocal_statement);
    default:         return expression_statement(q);
    }
}

static void simple_statements(qp *q, uint32_t into)
{
    do {
        if (q->tok.kind == QP_NEWLINE)
            break;
        qp_add(q, into, simple_statement(q), F_none);
    } while (qp_eat(q, ';'));
    if (q->tok.kind == QP_NEWLINE)
        qp_next(q);
    else
        qp_fail(q);
}

/* --- compound statements --- */

static uint32_t block(qp *q)
{
    uint32_t n;
    qp_need(q, ':');
    if (q->tok.kind != QP_NEWLINE) {
        n = qp_node(q, K_block, q->tok.start);
        simple_statements(q, n);
        qp_end(q, n);
        return n;
    }
    qp_next(q);
    if (q->tok.kind != QP_INDENT)
        return qp_fail(q);
    qp_next(q);
    n = qp_node(q, K_block, q->tok.start);
    while (q->tok.kind != QP_DEDENT && !q->failed) {
        if (q->tok.kind <= QP_INDENT)
            return qp_fail(q);
        uint32_t s = statement(q);
        if (s)
            qp_add(q, n, s, F_none);
        else
            simple_statements(q, n);
    }
    qp_end(q, n);
    qp_next(q);
    return n;
}

static void else_clause(qp *q, uint32_t n, uint8_t field)
{
    if (!qp_word(q, P_else))
        return;
    uint32_t clause = qp_node(q, K_else_clause, q->tok.start);
    qp_next(q);
    qp_add(q, clause, block(q), F_body);
    qp_end(q, clause);
    qp_add(q, n, clause, field);
}

static uint32_t if_statement(qp *q)
{
    uint32_t n = qp_node(q, K_if_statement, q->tok.start);
    qp_next(q);
    qp_add(q, n, qp_expression(q), F_condition);
    qp_add(q, n, block(q), F_consequence);
    while (qp_word(q, P_elif)) {
        uint32_t clause = qp_node(q, K_elif_clause, q->tok.start);
        qp_next(q);
        qp_add(q, clause, qp_expression(q), F_condition);
        qp_add(q, clause, block(q), F_consequence);
        qp_end(q, clause);
        qp_add(q, n, clause, F_alternative);
    }
    else_clause(q, n, F_alternative);
    qp_end(q, n);
    return n;
}

static uint32_t for_statement(qp *q, uint32_t n)
{
    qp_at(q, n)->kind = K_for_statement;
    qp_next(q);
    qp_add(q, n, qp_target(q), F_left);
    if (!qp_eat_word(q, P_in))
        return qp_fail(q);
    qp_add(q, n, qp_expressions(q), F_right);
    qp_add(q, n, block(q), F_body);
    else_clause(q, n, F_alternative);
    qp_end(q, n);
    return n;
}

static uint32_t while_statement(qp *q)
{
    uint32_t n = qp_node(q, K_while_statement, q->tok.start);
    qp_next(q);
    qp_add(q, n, qp_expression(q), F_condition);
    qp_add(q, n, block(q), F_body);
    else_clause(q, n, F_alternative);
    qp_end(q, n);
    return n;
}

static uint32_t except_clause(qp *q)
{
    uint32_t n = qp_node(q, K_except_clause, q->tok.start);
    qp_next(q);
    if (qp_is(q, '*'))
        return qp_fail(q);
    if (!qp_is(q, ':')) {
        qp_add(q, n, qp_as_pattern(q, qp_expression(q)), F_value);
        if (qp_is(q, ','))
            return qp_fail(q);
    }
    qp_add(q, n, block(q), F_none);
    qp_end(q, n);
    return n;
}

static uint32_t try_statement(qp *q)
{
    uint32_t n = qp_node(q, K_try_statement, q->tok.start);
    qp_next(q);
    qp_add(q, n, block(q), F_body);
    while (qp_word(q, P_except))
        qp_add(q, n, except_clause(q), F_none);
    else_clause(q, n, F_none);
    if (qp_word(q, P_finally)) {
        uint32_t last = qp_node(q, K_finally_clause, q->tok.start);
        qp_next(q);
        qp_add(q, last, block(q), F_none);
        qp_end(q, last);
        qp_add(q, n, last, F_none);
    }
    qp_end(q, n);
    return n;
}

static uint32_t with_item(qp *q)
{
    uint32_t n = qp_node(q, K_with_item, q->tok.start);
    qp_add(q, n, qp_as_pattern(q, qp_expression(q)), F_value);
    qp_end(q, n);
    return n;
}

/* with (a as b, c): several items; one alone is an expression in brackets. False: something follows, as in (a).b. */
static bool items_in_brackets(qp *q, uint32_t clause)
{
    qp       before = *q;
    size_t   nodes = q->tree.t->n, comments = q->tree.t->comments.n;
    uint32_t items[32], n = 0;
    qp_open(q, '(');
    while (!qp_is(q, ')') && !q->failed && n < DD_COUNT(items)) {
        items[n++] = with_item(q);
        if (!qp_is(q, ')'))
            qp_need(q, ',');
    }
    qp_close(q, ')');
    if (q->failed || !qp_is(q, ':') || n < 2) {
        before.tree = q->tree;
        *q = before;
        q->tree.t->n = nodes;
        q->tree.t->comments.n = comments;
        return false;
    }
    for (uint32_t i = 0; i < n; i++)
        qp_add(q, clause, items[i], F_none);
    return true;
}

static uint32_t with_statement(qp *q, uint32_t n)
{
    qp_at(q, n)->kind = K_with_statement;
    qp_next(q);
    uint32_t clause = qp_node(q, K_with_clause, q->tok.start);
    if (!qp_is(q, '(') || !items_in_brackets(q, clause)) {
        do
            qp_add(q, clause, with_item(q), F_none);
        while (qp_eat(q, ','));
    }
    qp_end(q, clause);
    qp_add(q, n, clause, F_none);
    qp_add(q, n, block(q), F_body);
    qp_end(q, n);
    return n;
}

static uint32_t function(qp *q, uint32_t n)
{
    qp_at(q, n)->kind = K_function_definition;
    qp_next(q);
    qp_add(q, n, qp_name(q), F_name);
    qp_add(q, n, qp_is(q, '(') ? qp_parameters(q, false) : qp_fail(q), F_parameters);
    if (qp_eat(q, '-' | '>' << 8))
        qp_add(q, n, qp_type(q), F_return_type);
    qp_add(q, n, block(q), F_body);
    qp_end(q, n);
    return n;
}

static uint32_t class(qp *q)
{
    uint32_t n = qp_node(q, K_class_definition, q->tok.start);
    qp_next(q);
    qp_add(q, n, qp_name(q), F_name);
    if (qp_is(q, '('))
        qp_add(q, n, qp_arguments(q), F_superclasses);
    qp_add(q, n, block(q), F_body);
    qp_end(q, n);
    return n;
}

/* async def, async for, async with */
static uint32_t asynchronous(qp *q)
{
    uint32_t n = qp_node(q, K_function_definition, q->tok.start);
    qp_mark(q, n, T_async, F_none);
    if (qp_word(q, P_def))
        return function(q, n);
    if (qp_word(q, P_for))
        return for_statement(q, n);
    return qp_word(q, P_with) ? with_statement(q, n) : qp_fail(q);
}

static uint32_t decorated(qp *q)
{
    uint32_t n = qp_node(q, K_decorated_definition, q->tok.start);
    while (qp_is(q, '@')) {
        uint32_t d = qp_node(q, K_decorator, q->tok.start);
        qp_next(q);
        qp_add(q, d, qp_expression(q), F_none);
        qp_end(q, d);
        qp_add(q, n, d, F_none);
        if (q->tok.kind != QP_NEWLINE)
            return qp_fail(q);
        qp_next(q);
    }
    uint32_t start = q->tok.start;
    if (qp_word(q, P_class))
        qp_add(q, n, class(q), F_definition);
    else if (qp_word(q, P_def))
        qp_add(q, n, function(q, qp_node(q, K_function_definition, start)), F_definition);
    else
        qp_add(q, n, qp_word(q, P_async) ? asynchronous(q) : qp_fail(q), F_definition);
    qp_end(q, n);
    return n;
}

/* A compound statement; 0 without failure: a line of simple ones follows. */
static uint32_t statement(qp *q)
{
    uint32_t n = 0, start = q->tok.start;
    if (!qp_enter(q))
        return 0;
    switch (q->tok.kind == QP_NAME ? q->tok.word : P_none) {
    case P_if:    n = if_statement(q); break;
    case P_for:   n = for_statement(q, qp_node(q, K_for_statement, start)); break;
    case P_while: n = while_statement(q); break;
    case P_try:   n = try_statement(q); break;
    case P_with:  n = with_statement(q, qp_node(q, K_with_statement, start)); break;
    case P_def:   n = function(q, qp_node(q, K_function_definition, start)); break;
    case P_class: n = class(q); break;
    case P_async: n = asynchronous(q); break;
    default:
        if (qp_is(q, '@'))
            n = decorated(q);
    }
    q->depth--;
    return n;
}

bool dd_quick_python(dd_str text, dd_syn_tree *t)
{
    if (text.len >= UINT32_MAX / 2 || (text.len && memchr(text.ptr, '\0', text.len)) || !dd_utf8_valid(text))
        return false;
    qp       q    = { .s = text.ptr, .len = (uint32_t)text.len, .tree = quick_tree_new(t) };
    uint32_t root = qp_node(&q, K_module, 0);
    qp_begin(&q);
    while (q.tok.kind != QP_END && !q.failed) {
        if (q.tok.kind < QP_NAME) {
            qp_fail(&q);
            break;
        }
        uint32_t n = statement(&q);
        if (n)
            qp_add(&q, root, n, F_none);
        else
            simple_statements(&q, root);
    }
    qp_at(&q, root)->end = q.len;
    free(q.tree.last);
    return !q.failed;
}
