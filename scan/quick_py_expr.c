/* Expressions of the fast reader of Python. */
#include <string.h>

#include "scan/quick_py.h"

#define OP2(a, b) ((uint32_t)(a) | (uint32_t)(b) << 8)
#define OP3(a, b, c) (OP2(a, b) | (uint32_t)(c) << 16)

static uint32_t primary(qp *q);
static uint32_t test(qp *q);         /* no ternary, no lambda: or, and, not, comparisons */

static uint32_t over(qp *q, uint16_t kind, uint32_t first, uint8_t field)
{
    uint32_t n = qp_node(q, kind, qp_at(q, first)->start);
    qp_add(q, n, first, field);
    return n;
}

static uint16_t kind_of(const qp *q, uint32_t n) { return qp_at(q, n)->kind; }

bool qp_ends_expression(const qp *q)
{
    switch (q->tok.kind) {
    case QP_END: case QP_NEWLINE: return true;
    case QP_OPERATOR: return q->tok.op < 0x80 && strchr(")]}:;=,", (int)q->tok.op);
    case QP_NAME: return q->tok.word == P_for || q->tok.word == P_if || q->tok.word == P_in || q->tok.word == P_else || q->tok.word == P_from ||
                         q->tok.word == P_async;
    default: return false;
    }
}

/* --- strings --- */

static uint32_t format_spec(qp *q, uint32_t *i);

/* {x}, {x!r:>{width}}; *i stands at the brace, then behind the closing one. */
static uint32_t hole(qp *q, uint32_t *i, uint16_t kind)
{
    uint32_t n = qp_node(q, kind, *i), at = *i;
    q->brackets++;
    qp_seek(q, *i + 1);
    qp_add(q, n, qp_word(q, P_yield) || qp_word(q, P_lambda) ? qp_fail(q) : qp_expressions(q), F_expression);
    if (qp_is(q, '='))
        qp_next(q);
    if (qp_is(q, '!')) {
        qp_next(q);
        if (q->tok.kind != QP_NAME)
            return qp_fail(q);
        qp_next(q);
    }
    at = q->tok.start;
    if (qp_is(q, ':'))
        qp_add(q, n, format_spec(q, &at), F_format_specifier);
    q->brackets--;
    if (q->failed || at >= q->len || q->s[at] != '}')
        return qp_fail(q);
    *i = at + 1;
    qp_at(q, n)->end = *i;
    return n;
}

static uint32_t format_spec(qp *q, uint32_t *i)
{
    uint32_t n = qp_node(q, K_format_specifier, *i);
    for (++*i; !q->failed && *i < q->len && q->s[*i] != '}';) {
        if (q->s[*i] == '\n')
            return qp_fail(q);
        if (q->s[*i] == '{')
            qp_add(q, n, hole(q, i, K_format_expression), F_none);
        else
            ++*i;
    }
    qp_at(q, n)->end = *i;
    return n;
}

/* f"..." from its letters on. */
static uint32_t formatted(qp *q)
{
    uint32_t n = qp_node(q, K_string, q->tok.start), i = q->tok.start, brackets = q->brackets;
    bool     raw = false;
    for (; q->s[i] != '"' && q->s[i] != '\''; i++)
        raw |= (q->s[i] | 0x20) == 'r';
    char     quote = q->s[i];
    bool     triple = i + 2 < q->len && q->s[i + 1] == quote && q->s[i + 2] == quote;
    if (!qp_enter(q))
        return 0;
    for (i += triple ? 3 : 1; !q->failed;) {
        char c = i < q->len ? q->s[i] : '\0', d = i + 1 < q->len ? q->s[i + 1] : '\0';
        if (!c || (c == '\n' && !triple))
            return qp_fail(q);
        if (c == '\\' && !raw && d == 'N')
            return qp_fail(q); /* \N{name} */
        if ((c == '{' || c == '}') && d == c)
            i += 2;
        else if (c == '\\' && d != '{' && d != '}')
            i += d == '\r' && i + 2 < q->len && q->s[i + 2] == '\n' ? 3 : 2;
        else if (c == '{')
            qp_add(q, n, hole(q, &i, K_interpolation), F_none);
        else if (c == '}')
            return qp_fail(q);
        else if (c == quote && (!triple || (d == quote && i + 2 < q->len && q->s[i + 2] == quote)))
            break;
        else
            i++;
    }
    i += triple ? 3 : 1;
    qp_at(q, n)->end = q->before = i;
    q->brackets = brackets;
    qp_seek(q, i);
    q->depth--;
    return n;
}

static uint32_t string(qp *q)
{
    for (uint32_t i = q->tok.start; i < q->tok.end && q->s[i] != '"' && q->s[i] != '\''; i++)
        if ((q->s[i] | 0x20) == 'f' || (q->s[i] | 0x20) == 't')
            return formatted(q);
    return qp_take(q, K_string);
}

static uint32_t strings(qp *q)
{
    uint32_t n = string(q);
    if (q->tok.kind != QP_STRING)
        return n;
    n = over(q, K_concatenated_string, n, F_none);
    while (q->tok.kind == QP_STRING)
        qp_add(q, n, string(q), F_none);
    qp_end(q, n);
    return n;
}

/* --- brackets --- */

static uint32_t splat(qp *q, uint16_t kind)
{
    uint32_t n = qp_node(q, kind, q->tok.start);
    if (qp_is(q, '*'))
        qp_mark(q, n, T_star, F_none);
    else
        qp_next(q);
    qp_add(q, n, kind == K_list_splat ? test(q) : qp_expression(q), F_none);
    qp_end(q, n);
    return n;
}

static bool comprehends(const qp *q) { return qp_word(q, P_for) || qp_word(q, P_async); }

static void clauses(qp *q, uint32_t n)
{
    while (!q->failed && (comprehends(q) || qp_word(q, P_if))) {
        uint32_t clause = qp_node(q, qp_word(q, P_if) ? K_if_clause : K_for_in_clause, q->tok.start);
        if (qp_eat_word(q, P_if)) {
            qp_add(q, clause, test(q), F_none);
            if (qp_is(q, OP2(':', '=')))
                qp_fail(q);
        } else {
            if (qp_word(q, P_async))
                qp_mark(q, clause, T_async, F_none);
            if (!qp_eat_word(q, P_for))
                qp_fail(q);
            qp_add(q, clause, qp_target(q), F_left);
            if (!qp_eat_word(q, P_in))
                qp_fail(q);
            qp_add(q, clause, test(q), F_right);
            if (qp_is(q, ','))
                qp_fail(q);
        }
        qp_end(q, clause);
        qp_add(q, n, clause, F_none);
    }
}

static uint32_t element(qp *q)
{
    if (qp_is(q, '*'))
        return splat(q, K_list_splat);
    return qp_word(q, P_yield) ? qp_fail(q) : qp_expression(q);
}

static uint32_t list(qp *q)
{
    uint32_t n = qp_node(q, K_list, q->tok.start);
    qp_open(q, '[');
    for (bool first = true; !qp_is(q, ']') && !q->failed; first = false) {
        uint32_t e = element(q);
        bool     c = first && comprehends(q);
        qp_add(q, n, e, c ? F_body : F_none);
        if (c) {
            qp_at(q, n)->kind = K_list_comprehension;
            clauses(q, n);
            break;
        }
        if (!qp_is(q, ']'))
            qp_need(q, ',');
    }
    qp_close(q, ']');
    qp_end(q, n);
    return n;
}

static uint32_t dict_element(qp *q, bool *pair)
{
    if (qp_is(q, OP2('*', '*'))) {
        *pair = true;
        uint32_t n = qp_node(q, K_dictionary_splat, q->tok.start);
        qp_next(q);
        qp_add(q, n, test(q), F_none);
        qp_end(q, n);
        return n;
    }
    uint32_t key = element(q);
    *pair = qp_is(q, ':');
    if (!*pair)
        return key;
    uint32_t n = over(q, K_pair, key, F_key);
    qp_next(q);
    qp_add(q, n, qp_expression(q), F_value);
    qp_end(q, n);
    return n;
}

static uint32_t braces(qp *q)
{
    uint32_t n    = qp_node(q, K_dictionary, q->tok.start);
    bool     pair = false, set = false;
    qp_open(q, '{');
    for (bool first = true; !qp_is(q, '}') && !q->failed; first = false) {
        uint32_t e = dict_element(q, &pair);
        bool     c = first && comprehends(q);
        if (!first && set == pair)
            qp_fail(q);
        set = !pair;
        qp_at(q, n)->kind = c ? (pair ? K_dictionary_comprehension : K_set_comprehension) : pair ? K_dictionary : K_set;
        qp_add(q, n, e, c ? F_body : F_none);
        if (c) {
            clauses(q, n);
            break;
        }
        if (!qp_is(q, '}'))
            qp_need(q, ',');
    }
    qp_close(q, '}');
    qp_end(q, n);
    return n;
}

/* x as y: the grammar makes it an expression. */
uint32_t qp_as_pattern(qp *q, uint32_t value)
{
    if (!qp_eat_word(q, P_as))
        return value;
    uint32_t n = over(q, K_as_pattern, value, F_none), target = qp_node(q, K_as_pattern_target, q->tok.start);
    qp_add(q, target, qp_expression(q), F_none);
    qp_end(q, target);
    qp_add(q, n, target, F_alias);
    qp_end(q, n);
    return n;
}

static uint32_t parentheses(qp *q)
{
    uint32_t n = qp_node(q, K_parenthesized_expression, q->tok.start), e;
    qp_open(q, '(');
    if (qp_is(q, ')')) {
        qp_at(q, n)->kind = K_tuple;
    } else if (qp_word(q, P_yield)) {
        qp_add(q, n, qp_yield(q), F_none);
    } else {
        e = element(q);
        bool starred = kind_of(q, e) == K_list_splat;
        if (comprehends(q)) {
            qp_at(q, n)->kind = K_generator_expression;
            qp_add(q, n, e, F_body);
            clauses(q, n);
        } else {
            if (qp_word(q, P_as)) { /* with (a as b): */
                e = qp_as_pattern(q, e);
                if (!qp_is(q, ')'))
                    qp_fail(q);
            }
            qp_add(q, n, e, F_none);
            if (qp_is(q, ','))
                qp_at(q, n)->kind = K_tuple;
            else if (starred)
                qp_fail(q);
            while (qp_eat(q, ',') && !qp_is(q, ')'))
                qp_add(q, n, element(q), F_none);
        }
    }
    qp_close(q, ')');
    qp_end(q, n);
    return n;
}

/* --- calls and steps --- */

static uint32_t argument(qp *q)
{
    if (qp_is(q, '*') || qp_is(q, OP2('*', '*')))
        return splat(q, qp_is(q, '*') ? K_list_splat : K_dictionary_splat);
    uint32_t e = qp_expression(q);
    if (!qp_is(q, '=') || kind_of(q, e) != K_identifier)
        return e;
    uint32_t n = over(q, K_keyword_argument, e, F_name);
    qp_next(q);
    qp_add(q, n, qp_expression(q), F_value);
    qp_end(q, n);
    return n;
}

uint32_t qp_arguments(qp *q)
{
    uint32_t n = qp_node(q, K_argument_list, q->tok.start);
    qp_open(q, '(');
    for (bool first = true; !qp_is(q, ')') && !q->failed; first = false) {
        uint32_t e = argument(q);
        bool     c = first && comprehends(q);
        qp_add(q, n, e, c ? F_body : F_none);
        if (c) {
            qp_at(q, n)->kind = K_generator_expression;
            clauses(q, n);
            if (!qp_is(q, ')'))
                qp_fail(q);
            break;
        }
        if (!qp_is(q, ')'))
            qp_need(q, ',');
    }
    qp_close(q, ')');
    qp_end(q, n);
    return n;
}

static uint32_t index_part(qp *q)
{
    uint32_t start = q->tok.start, e = 0;
    if (!qp_is(q, ':')) {
        e = element(q);
        if (!qp_is(q, ':'))
            return e;
    }
    uint32_t n = qp_node(q, K_slice, start);
    qp_add(q, n, e, F_none);
    for (int i = 0; i < 2 && qp_eat(q, ':'); i++)
        if (!qp_is(q, ':') && !qp_is(q, ']') && !qp_is(q, ','))
            qp_add(q, n, qp_expression(q), F_none);
    qp_end(q, n);
    return n;
}

static uint32_t subscript(qp *q, uint32_t of)
{
    uint32_t n = over(q, K_subscript, of, F_value);
    qp_open(q, '[');
    while (!qp_is(q, ']') && !q->failed) {
        qp_add(q, n, index_part(q), F_subscript);
        if (!qp_is(q, ']'))
            qp_need(q, ',');
    }
    qp_close(q, ']');
    qp_end(q, n);
    return n;
}

static uint32_t steps(qp *q, uint32_t n)
{
    while (!q->failed && q->tok.kind == QP_OPERATOR) {
        uint32_t outer;
        if (qp_is(q, '(')) {
            outer = over(q, K_call, n, F_function);
            qp_add(q, outer, qp_arguments(q), F_arguments);
        } else if (qp_is(q, '[')) {
            n = subscript(q, n);
            continue;
        } else if (qp_is(q, '.')) {
            outer = over(q, K_attribute, n, F_object);
            qp_next(q);
            qp_add(q, outer, q->tok.kind == QP_NAME ? qp_name(q) : qp_fail(q), F_attribute);
        } else {
            break;
        }
        qp_end(q, outer);
        n = outer;
    }
    return n;
}

static uint32_t atom(qp *q)
{
    switch (q->tok.kind) {
    case QP_STRING: return strings(q);
    case QP_NUMBER: return qp_take(q, q->tok.real ? K_float : K_integer);
    case QP_NAME:
        if (q->tok.word == P_True || q->tok.word == P_False || q->tok.word == P_None)
            return qp_take(q, q->tok.word == P_True ? K_true : q->tok.word == P_False ? K_false : K_none);
        return qp_name(q);
    case QP_OPERATOR: break;
    default: return qp_fail(q);
    }
    switch (q->tok.op) {
    case '(': return parentheses(q);
    case '[': return list(q);
    case '{': return braces(q);
    case OP3('.', '.', '.'): return qp_take(q, K_ellipsis);
    default: return qp_fail(q);
    }
}

/* --- operators --- */

enum { BIT_OR = 1, BIT_AND, BIT_XOR, SHIFT, PLUS, TIMES, POWER };

static int level_of(const qp *q)
{
    if (q->tok.kind != QP_OPERATOR)
        return 0;
    switch (q->tok.op) {
    case '|': return BIT_OR;
    case '&': return BIT_AND;
    case '^': return BIT_XOR;
    case OP2('<', '<'): case OP2('>', '>'): return SHIFT;
    case '+': case '-': return PLUS;
    case '*': case '/': case '%': case '@': case OP2('/', '/'): return TIMES;
    case OP2('*', '*'): return POWER;
    default: return 0;
    }
}

static uint32_t arithmetic(qp *q, int least);

static uint32_t unary(qp *q)
{
    uint32_t n;
    if (!qp_enter(q))
        return 0;
    if (qp_word(q, P_await)) {
        n = qp_node(q, K_await, q->tok.start);
        qp_next(q);
        qp_add(q, n, arithmetic(q, POWER), F_none);
        qp_end(q, n);
    } else if (qp_is(q, '-') || qp_is(q, '+') || qp_is(q, '~')) {
        n = qp_node(q, K_unary_operator, q->tok.start);
        qp_mark(q, n, K_token, F_operator);
        qp_add(q, n, arithmetic(q, POWER), F_argument);
        qp_end(q, n);
    } else {
        n = primary(q);
    }
    q->depth--;
    return n;
}

static uint32_t primary(qp *q) { return steps(q, atom(q)); }

static uint32_t arithmetic(qp *q, int least)
{
    uint32_t n = unary(q);
    for (int level; !q->failed && (level = level_of(q)) >= least && level;) {
        uint32_t b = over(q, K_binary_operator, n, F_left);
        qp_mark(q, b, qp_is(q, '*') ? T_star : K_token, F_operator);
        if (!qp_enter(q))
            return 0;
        qp_add(q, b, arithmetic(q, level == POWER ? level : level + 1), F_right);
        q->depth--;
        qp_end(q, b);
        n = b;
    }
    return n;
}

/* The operator as one token, also `not in` and `is not`; false: none. */
static bool comparison_operator(qp *q, uint32_t n)
{
    uint32_t start = q->tok.start;
    if (q->tok.kind == QP_OPERATOR) {
        switch (q->tok.op) {
        case '<': case '>': case OP2('<', '='): case OP2('>', '='): case OP2('=', '='): case OP2('!', '='):
            qp_mark(q, n, K_token, F_operators);
            return true;
        default: return false;
        }
    }
    if (qp_word(q, P_in)) {
        qp_mark(q, n, K_token, F_operators);
        return true;
    }
    if (!qp_word(q, P_is) && !qp_word(q, P_not))
        return false;
    bool is = qp_eat_word(q, P_is);
    if (is ? qp_word(q, P_not) : qp_eat_word(q, P_not)) {
        if (!is && !qp_word(q, P_in)) {
            qp_fail(q);
            return false;
        }
        qp_next(q);
    }
    uint32_t token = qp_node(q, K_token, start);
    qp_at(q, token)->flags = 0;
    qp_end(q, token);
    qp_add(q, n, token, F_operators);
    return true;
}

static bool compares(const qp *q)
{
    if (q->tok.kind == QP_NAME)
        return q->tok.word == P_in || q->tok.word == P_is || q->tok.word == P_not;
    return q->tok.kind == QP_OPERATOR && (qp_is(q, '<') || qp_is(q, '>') || qp_is(q, OP2('<', '=')) || qp_is(q, OP2('>', '=')) ||
                                          qp_is(q, OP2('=', '=')) || qp_is(q, OP2('!', '=')));
}

static uint32_t comparison(qp *q)
{
    if (qp_word(q, P_not)) {
        uint32_t n = qp_node(q, K_not_operator, q->tok.start);
        if (!qp_enter(q))
            return 0;
        qp_next(q);
        qp_add(q, n, comparison(q), F_argument);
        q->depth--;
        qp_end(q, n);
        return n;
    }
    uint32_t n = arithmetic(q, BIT_OR);
    if (!compares(q) || q->failed)
        return n;
    n = over(q, K_comparison_operator, n, F_none);
    while (comparison_operator(q, n))
        qp_add(q, n, arithmetic(q, BIT_OR), F_none);
    qp_end(q, n);
    return n;
}

static uint32_t both(qp *q, unsigned word, uint32_t (*part)(qp *q))
{
    uint32_t n = part(q);
    while (qp_word(q, word) && !q->failed) {
        uint32_t b = over(q, K_boolean_operator, n, F_left);
        qp_mark(q, b, K_token, F_operator);
        qp_add(q, b, part(q), F_right);
        qp_end(q, b);
        n = b;
    }
    return n;
}

static uint32_t conjunction(qp *q) { return both(q, P_and, comparison); }
static uint32_t test(qp *q) { return both(q, P_or, conjunction); }

static uint32_t lambda(qp *q)
{
    uint32_t n = qp_node(q, K_lambda, q->tok.start);
    qp_next(q);
    if (!qp_is(q, ':'))
        qp_add(q, n, qp_parameters(q, true), F_parameters);
    qp_need(q, ':');
    qp_add(q, n, qp_expression(q), F_body);
    qp_end(q, n);
    return n;
}

uint32_t qp_expression(qp *q)
{
    uint32_t n;
    if (!qp_enter(q))
        return 0;
    if (qp_word(q, P_lambda)) {
        n = lambda(q);
    } else {
        n = test(q);
        if (qp_is(q, OP2(':', '=')) && kind_of(q, n) == K_identifier) {
            n = over(q, K_named_expression, n, F_name);
            qp_next(q);
            qp_add(q, n, qp_expression(q), F_value);
            qp_end(q, n);
        } else if (qp_word(q, P_if)) {
            n = over(q, K_conditional_expression, n, F_none);
            qp_next(q);
            qp_add(q, n, test(q), F_none);
            if (!qp_eat_word(q, P_else))
                qp_fail(q);
            qp_add(q, n, qp_expression(q), F_none);
            qp_end(q, n);
        }
    }
    q->depth--;
    return n;
}

uint32_t qp_expressions(qp *q)
{
    uint32_t n = element(q);
    if (!qp_is(q, ','))
        return n;
    n = over(q, K_expression_list, n, F_none);
    while (qp_eat(q, ',')) {
        qp_end(q, n);
        if (!qp_ends_expression(q))
            qp_add(q, n, element(q), F_none);
    }
    qp_end(q, n);
    return n;
}

uint32_t qp_yield(qp *q)
{
    uint32_t n = qp_node(q, K_yield, q->tok.start);
    qp_next(q);
    if (qp_eat_word(q, P_from))
        qp_add(q, n, qp_expression(q), F_none);
    else if (!qp_ends_expression(q))
        qp_add(q, n, qp_expressions(q), F_none);
    qp_end(q, n);
    return n;
}

/* --- what is written to --- */

uint32_t qp_pattern_of(qp *q, uint32_t n)
{
    static const struct { uint16_t from, to; } turns[] = {
        { K_tuple, K_tuple_pattern }, { K_list, K_list_pattern }, { K_list_splat, K_list_splat_pattern }, { K_expression_list, K_pattern_list },
    };
    uint16_t kind = kind_of(q, n);
    if (!n || kind == K_identifier || kind == K_attribute || kind == K_subscript || q->failed)
        return n;
    for (size_t i = 0; i < DD_COUNT(turns); i++)
        if (turns[i].from == kind) {
            if (!qp_enter(q))
                return 0;
            qp_at(q, n)->kind = turns[i].to;
            for (uint32_t c = qp_at(q, n)->child; c; c = qp_at(q, c)->next)
                if (qp_at(q, c)->flags & DD_SYN_NAMED)
                    qp_pattern_of(q, c);
            q->depth--;
            return n;
        }
    return qp_fail(q);
}

static uint32_t one_target(qp *q)
{
    uint32_t n;
    if (!qp_is(q, '*'))
        return primary(q);
    n = qp_node(q, K_list_splat, q->tok.start);
    qp_mark(q, n, T_star, F_none);
    qp_add(q, n, primary(q), F_none);
    qp_end(q, n);
    return n;
}

uint32_t qp_target(qp *q)
{
    uint32_t n = one_target(q);
    if (qp_is(q, ',')) {
        n = over(q, K_expression_list, n, F_none);
        while (qp_eat(q, ',')) {
            qp_end(q, n);
            if (!qp_word(q, P_in))
                qp_add(q, n, one_target(q), F_none);
        }
        qp_end(q, n);
    }
    return qp_pattern_of(q, n);
}
