/* Expressions of the fast reader of scripts. */
#include "scan/quick_js.h"

/* --- literals --- */

uint32_t qj_string(qj *q) { return q->tok.kind == QJ_STRING ? qj_take(q, K_string) : qj_fail(q); }

/* The current token is the first backtick. */
uint32_t qj_template(qj *q)
{
    uint32_t n = qj_node(q, K_template_string, q->tok.start), i = q->tok.end;
    if (!qj_enter(q))
        return 0;
    for (;; i++) {
        if (i >= q->len)
            return qj_fail(q);
        if (q->s[i] == '\\') {
            i++;
        } else if (q->s[i] == '`') {
            break;
        } else if (q->s[i] == '$' && i + 1 < q->len && q->s[i + 1] == '{') {
            uint32_t hole = qj_node(q, K_template_substitution, i);
            qj_seek(q, i + 2);
            qj_add(q, hole, qj_sequence(q), F_none);
            if (!qj_is(q, '}'))
                return qj_fail(q);
            q->t->v[hole].end = q->tok.end;
            qj_add(q, n, hole, F_none);
            i = q->tok.end - 1;
        }
    }
    q->t->v[n].end = q->before = i + 1;
    qj_seek(q, i + 1);
    q->depth--;
    return n;
}

static uint32_t regex(qj *q)
{
    qj_regex(q);
    return q->failed ? 0 : qj_take(q, K_regex);
}

uint32_t qj_property_name(qj *q)
{
    switch (q->tok.kind) {
    case QJ_NAME:    return qj_take(q, K_property_identifier);
    case QJ_PRIVATE: return qj_take(q, K_private_property_identifier);
    case QJ_STRING:  return qj_take(q, K_string);
    case QJ_NUMBER:  return qj_take(q, K_number);
    default: break;
    }
    if (!qj_is(q, '['))
        return qj_fail(q);
    uint32_t n = qj_node(q, K_computed_property_name, q->tok.start);
    qj_next(q);
    qj_add(q, n, qj_expression(q), F_none);
    qj_need(q, ']');
    qj_end(q, n);
    return n;
}

static uint32_t spread(qj *q)
{
    uint32_t n = qj_node(q, K_spread_element, q->tok.start);
    qj_next(q);
    qj_add(q, n, qj_expression(q), F_none);
    qj_end(q, n);
    return n;
}

static uint32_t array(qj *q)
{
    uint32_t n = qj_node(q, K_array, q->tok.start);
    qj_next(q);
    while (!qj_is(q, ']') && !q->failed) {
        if (qj_eat(q, ','))
            continue;
        qj_add(q, n, qj_is(q, QJ_OP3('.', '.', '.')) ? spread(q) : qj_expression(q), F_none);
        if (!qj_is(q, ']'))
            qj_need(q, ',');
    }
    qj_need(q, ']');
    qj_end(q, n);
    return n;
}

/* --- objects --- */

/* After a word like `get`: is it a modifier, or the name itself? */
static bool name_follows(qj *q)
{
    return q->tok.kind == QJ_NAME || q->tok.kind == QJ_PRIVATE || q->tok.kind == QJ_STRING || q->tok.kind == QJ_NUMBER || qj_is(q, '[') || qj_is(q, '*');
}

static uint32_t member(qj *q)
{
    static const struct { uint8_t word; uint16_t kind; } modifiers[] = { { W_async, T_async }, { W_get, T_get }, { W_set, T_set } };
    uint32_t start = q->tok.start;
    uint32_t n     = qj_node(q, K_method_definition, start);
    bool     is_method = false;
    for (size_t i = 0; i < DD_COUNT(modifiers); i++) {
        qj_mark m = qj_here(q);
        if (!qj_word(q, modifiers[i].word))
            continue;
        qj_next(q);
        bool modifies = name_follows(q) && !q->tok.nl;
        qj_back(q, m);
        if (!modifies)
            break;
        qj_mark_word(q, n, modifiers[i].kind, F_none);
        is_method = true;
    }
    if (qj_is(q, '*')) {
        qj_mark_word(q, n, T_star, F_none);
        is_method = true;
    }
    bool     plain = qj_name(q);
    uint32_t key   = qj_property_name(q);
    if (is_method || qj_is(q, '(') || qj_is(q, '<')) {
        qj_add(q, n, key, F_name);
        return qj_method(q, n);
    }
    if (qj_is(q, ':')) {
        q->t->v[n].kind = K_pair;
        qj_next(q);
        qj_add(q, n, key, F_key);
        qj_add(q, n, qj_expression(q), F_value);
        qj_end(q, n);
        return n;
    }
    if (!plain || q->failed || qj_is(q, '='))
        return qj_fail(q);
    q->t->v[key].kind = K_shorthand_property_identifier;
    return key;
}

static uint32_t object(qj *q)
{
    uint32_t n = qj_node(q, K_object, q->tok.start);
    qj_next(q);
    while (!qj_is(q, '}') && !q->failed) {
        if (qj_eat(q, ','))
            continue;
        qj_add(q, n, qj_is(q, QJ_OP3('.', '.', '.')) ? spread(q) : member(q), F_none);
        if (!qj_is(q, '}'))
            qj_need(q, ',');
    }
    qj_need(q, '}');
    qj_end(q, n);
    return n;
}

/* --- patterns --- */

static uint32_t rest(qj *q)
{
    uint32_t n = qj_node(q, K_rest_pattern, q->tok.start);
    qj_next(q);
    qj_add(q, n, qj_pattern(q), F_none);
    qj_end(q, n);
    return n;
}

uint32_t qj_pattern_default(qj *q)
{
    uint32_t left = qj_pattern(q);
    if (!qj_is(q, '='))
        return left;
    uint32_t n = qj_node(q, K_assignment_pattern, qj_start(q, left));
    qj_next(q);
    qj_add(q, n, left, F_left);
    qj_add(q, n, qj_expression(q), F_right);
    qj_end(q, n);
    return n;
}

static uint32_t pattern_member(qj *q)
{
    if (qj_is(q, QJ_OP3('.', '.', '.')))
        return rest(q);
    bool     plain = qj_name(q);
    uint32_t key   = qj_property_name(q), n;
    if (qj_is(q, ':')) {
        n = qj_node(q, K_pair_pattern, qj_start(q, key));
        qj_next(q);
        qj_add(q, n, key, F_key);
        qj_add(q, n, qj_pattern_default(q), F_value);
        qj_end(q, n);
        return n;
    }
    if (!plain || q->failed)
        return qj_fail(q);
    q->t->v[key].kind = K_shorthand_property_identifier_pattern;
    if (!qj_is(q, '='))
        return key;
    n = qj_node(q, K_object_assignment_pattern, qj_start(q, key));
    qj_next(q);
    qj_add(q, n, key, F_left);
    qj_add(q, n, qj_expression(q), F_right);
    qj_end(q, n);
    return n;
}

static uint32_t object_pattern(qj *q)
{
    uint32_t n = qj_node(q, K_object_pattern, q->tok.start);
    qj_next(q);
    while (!qj_is(q, '}') && !q->failed) {
        qj_add(q, n, pattern_member(q), F_none);
        if (!qj_is(q, '}'))
            qj_need(q, ',');
    }
    qj_need(q, '}');
    qj_end(q, n);
    return n;
}

static uint32_t array_pattern(qj *q)
{
    uint32_t n = qj_node(q, K_array_pattern, q->tok.start);
    qj_next(q);
    while (!qj_is(q, ']') && !q->failed) {
        if (qj_is(q, ',')) {
            qj_mark_word(q, n, T_comma, F_none);
            continue;
        }
        qj_add(q, n, qj_is(q, QJ_OP3('.', '.', '.')) ? rest(q) : qj_pattern_default(q), F_none);
        if (!qj_is(q, ']') && !qj_is(q, ','))
            qj_fail(q);
    }
    qj_need(q, ']');
    qj_end(q, n);
    return n;
}

static uint32_t tail(qj *q, uint32_t n, bool calls);
static uint32_t primary(qj *q);

/* What an assignment may write to: [a.b, c[0]] = x. */
static uint32_t target(qj *q)
{
    uint32_t n    = tail(q, primary(q), true);
    uint16_t kind = qj_kind_of(q, n);
    return kind == K_identifier || kind == K_member_expression || kind == K_subscript_expression || kind == K_non_null_expression ? n : qj_fail(q);
}

uint32_t qj_pattern(qj *q)
{
    uint32_t n = 0;
    if (!qj_enter(q))
        return 0;
    if (qj_is(q, '{'))
        n = object_pattern(q);
    else if (qj_is(q, '['))
        n = array_pattern(q);
    else if (qj_is(q, QJ_OP3('.', '.', '.')))
        n = rest(q);
    else if (q->targets && (qj_name(q) || qj_word(q, W_this)))
        n = target(q);
    else if (qj_name(q))
        n = qj_take(q, K_identifier);
    else
        qj_fail(q);
    q->depth--;
    return n;
}

/* --- primaries --- */

uint32_t qj_parenthesized(qj *q)
{
    uint32_t n     = qj_node(q, K_parenthesized_expression, q->tok.start);
    bool     no_in = q->no_in, no_conditional = q->no_conditional;
    q->no_in = q->no_conditional = false;
    qj_need(q, '(');
    qj_add(q, n, qj_sequence(q), F_none);
    qj_need(q, ')');
    q->no_in          = no_in;
    q->no_conditional = no_conditional;
    qj_end(q, n);
    return n;
}

static uint32_t import_word(qj *q)
{
    uint32_t n = qj_take(q, K_import);
    if (!qj_is(q, '.'))
        return qj_is(q, '(') ? n : qj_fail(q);
    qj_next(q);
    q->t->v[n].kind = K_meta_property;
    if (q->tok.kind != QJ_NAME || q->tok.end - q->tok.start != 4)
        return qj_fail(q);
    qj_next(q);
    qj_end(q, n);
    return n;
}

static uint32_t construct(qj *q)
{
    uint32_t n = qj_node(q, K_new_expression, q->tok.start);
    qj_next(q);
    if (qj_is(q, '.')) { /* new.target */
        qj_next(q);
        q->t->v[n].kind = K_meta_property;
        qj_next(q);
        qj_end(q, n);
        return n;
    }
    qj_add(q, n, qj_left_side(q), F_constructor);
    if (q->ts && qj_is(q, '<'))
        qj_add(q, n, qj_type_arguments(q), F_type_arguments);
    if (qj_is(q, '('))
        qj_add(q, n, qj_arguments(q), F_arguments);
    qj_end(q, n);
    return n;
}

static uint32_t word(qj *q)
{
    switch (q->tok.word) {
    case W_this:      return qj_take(q, K_this);
    case W_super:     return qj_take(q, K_super);
    case W_true:      return qj_take(q, K_true);
    case W_false:     return qj_take(q, K_false);
    case W_null:      return qj_take(q, K_null);
    case W_undefined: return qj_take(q, K_undefined);
    case W_new:       return construct(q);
    case W_import:    return import_word(q);
    case W_function:  return qj_function(q, false);
    case W_class:     return qj_class(q, K_class, q->tok.start, 0);
    case W_async: {
        qj_mark m = qj_here(q);
        qj_next(q);
        bool function = qj_word(q, W_function) && !q->tok.nl;
        qj_back(q, m);
        return function ? qj_function(q, false) : qj_take(q, K_identifier);
    }
    default: return qj_name(q) ? qj_take(q, K_identifier) : qj_fail(q);
    }
}

static uint32_t primary(qj *q)
{
    switch (q->tok.kind) {
    case QJ_NAME:   return word(q);
    case QJ_NUMBER: return qj_take(q, K_number);
    case QJ_STRING: return qj_take(q, K_string);
    case QJ_PUNCTUATION: break;
    default: return qj_fail(q);
    }
    switch (q->tok.op) {
    case '(': return qj_parenthesized(q);
    case '[': return array(q);
    case '{': return object(q);
    case '`': return qj_template(q);
    case '/': case QJ_OP2('/', '='): return regex(q);
    case '<': return q->jsx ? qj_jsx(q) : qj_fail(q);
    default: return qj_fail(q);
    }
}

/* --- what comes behind --- */

uint32_t qj_arguments(qj *q)
{
    uint32_t n     = qj_node(q, K_arguments, q->tok.start);
    bool     no_in = q->no_in, no_conditional = q->no_conditional;
    q->no_in = q->no_conditional = false;
    qj_need(q, '(');
    while (!qj_is(q, ')') && !q->failed) {
        qj_add(q, n, qj_is(q, QJ_OP3('.', '.', '.')) ? spread(q) : qj_expression(q), F_none);
        if (!qj_is(q, ')'))
            qj_need(q, ',');
    }
    qj_need(q, ')');
    q->no_in          = no_in;
    q->no_conditional = no_conditional;
    qj_end(q, n);
    return n;
}

static uint32_t step(qj *q, uint16_t kind, uint32_t of, uint8_t field)
{
    uint32_t n = qj_node(q, kind, qj_start(q, of));
    qj_add(q, n, of, field);
    return n;
}

static uint32_t member_of(qj *q, uint32_t of)
{
    uint32_t n = step(q, K_member_expression, of, F_object);
    if (q->tok.kind == QJ_PRIVATE)
        qj_add(q, n, qj_take(q, K_private_property_identifier), F_property);
    else if (q->tok.kind == QJ_NAME)
        qj_add(q, n, qj_take(q, K_property_identifier), F_property);
    else
        qj_fail(q);
    qj_end(q, n);
    return n;
}

static uint32_t index_of(qj *q, uint32_t of)
{
    uint32_t n     = step(q, K_subscript_expression, of, F_object);
    bool     no_in = q->no_in;
    q->no_in = false;
    qj_need(q, '[');
    qj_add(q, n, qj_sequence(q), F_index);
    qj_need(q, ']');
    q->no_in = no_in;
    qj_end(q, n);
    return n;
}

static uint32_t call_of(qj *q, uint32_t of, uint32_t types, bool template)
{
    uint32_t n = step(q, K_call_expression, of, F_function);
    qj_add(q, n, types, F_type_arguments);
    qj_add(q, n, template ? qj_template(q) : qj_arguments(q), F_arguments);
    qj_end(q, n);
    return n;
}

static bool no_operand(const qj *q)
{
    return q->tok.nl || q->tok.kind == QJ_END || qj_is(q, ')') || qj_is(q, ']') || qj_is(q, '}') || qj_is(q, ',') || qj_is(q, ';') || qj_is(q, ':');
}

/* f<T>(x), f<T>: type arguments, or the operator `<`? 0: the operator. What may be both is declined. */
static uint32_t call_types(qj *q)
{
    qj_mark m = qj_here(q);
    if (++q->guesses > 20000)
        return qj_fail(q);
    uint32_t n = qj_type_arguments(q);
    if (!q->failed && (qj_is(q, '(') || qj_is(q, '`') || no_operand(q)))
        return n;
    bool unclear = !q->failed;
    qj_back(q, m);
    return unclear ? qj_fail(q) : 0;
}

static uint32_t chain(qj *q, uint32_t n)
{
    qj_next(q);
    if (qj_is(q, '['))
        return index_of(q, n);
    if (qj_is(q, '('))
        return call_of(q, n, 0, false);
    return qj_is(q, '<') || qj_is(q, '`') ? qj_fail(q) : member_of(q, n);
}

static uint32_t tail(qj *q, uint32_t n, bool calls)
{
    while (!q->failed && q->tok.kind == QJ_PUNCTUATION) {
        uint32_t types = 0;
        switch (q->tok.op) {
        case '.': qj_next(q); n = member_of(q, n); continue;
        case '[': n = index_of(q, n); continue;
        case QJ_OP2('?', '.'): n = calls ? chain(q, n) : qj_fail(q); continue;
        case '`': n = calls ? call_of(q, n, 0, true) : qj_fail(q); continue;
        case '!':
            if (!q->ts || q->tok.nl)
                return n;
            n = step(q, K_non_null_expression, n, F_none);
            qj_next(q);
            qj_end(q, n);
            continue;
        case '<':
            types = q->ts && calls ? call_types(q) : 0;
            if (!types)
                return n;
            if (qj_is(q, '(') || qj_is(q, '`'))
                break;
            n = step(q, K_instantiation_expression, n, F_none);
            qj_add(q, n, types, F_type_arguments);
            qj_end(q, n);
            return n;
        case '(': break;
        default: return n;
        }
        if (!calls)
            return n;
        n = call_of(q, n, types, qj_is(q, '`'));
    }
    return n;
}

uint32_t qj_left_side(qj *q) { return tail(q, primary(q), false); }

/* --- operators --- */

static uint32_t unary(qj *q);

static uint32_t prefixed(qj *q, uint16_t kind)
{
    uint32_t n = qj_node(q, kind, q->tok.start);
    uint16_t token = qj_word(q, W_typeof) ? T_typeof : K_token;
    qj_mark_word(q, n, token, F_operator);
    if (!qj_enter(q))
        return 0;
    qj_add(q, n, unary(q), F_argument);
    q->depth--;
    qj_end(q, n);
    return n;
}

/* `await` is a name where no operand can follow. */
static uint32_t awaited(qj *q)
{
    qj_mark  m = qj_here(q);
    uint32_t n = qj_node(q, K_await_expression, q->tok.start);
    qj_next(q);
    bool operand = q->tok.kind == QJ_NAME ? q->tok.word != W_in && q->tok.word != W_instanceof && q->tok.word != W_of && q->tok.word != W_as
                                          : q->tok.kind != QJ_END && q->tok.kind != QJ_PUNCTUATION;
    operand |= qj_is(q, '(') || qj_is(q, '[') || qj_is(q, '{') || qj_is(q, '`');
    if (!operand || q->tok.nl) {
        qj_back(q, m);
        return qj_fail(q);
    }
    if (!qj_enter(q))
        return 0;
    qj_add(q, n, unary(q), F_none);
    q->depth--;
    qj_end(q, n);
    return n;
}

/* <T>x */
static uint32_t asserted(qj *q)
{
    uint32_t n = qj_node(q, K_type_assertion, q->tok.start);
    if (!qj_enter(q))
        return 0;
    qj_add(q, n, qj_type_arguments(q), F_none);
    qj_add(q, n, unary(q), F_none);
    q->depth--;
    qj_end(q, n);
    return n;
}

static uint32_t unary(qj *q)
{
    if (q->tok.kind == QJ_NAME) {
        if (q->tok.word == W_typeof || q->tok.word == W_void || q->tok.word == W_delete)
            return prefixed(q, K_unary_expression);
        if (q->tok.word == W_await)
            return awaited(q);
    } else if (q->tok.kind == QJ_PUNCTUATION) {
        switch (q->tok.op) {
        case '!': case '~': case '-': case '+': return prefixed(q, K_unary_expression);
        case QJ_OP2('+', '+'): case QJ_OP2('-', '-'): return prefixed(q, K_update_expression);
        case '<':
            if (q->ts && !q->jsx)
                return asserted(q);
            break;
        default: break;
        }
    }
    uint32_t n = tail(q, primary(q), true);
    if (!q->tok.nl && (qj_is(q, QJ_OP2('+', '+')) || qj_is(q, QJ_OP2('-', '-')))) {
        uint32_t u = step(q, K_update_expression, n, F_argument);
        qj_mark_word(q, u, K_token, F_operator);
        qj_end(q, u);
        return u;
    }
    return n;
}

enum { TERNARY = 1, OR, AND, BIT_OR, BIT_XOR, BIT_AND, EQUAL, RELATION, SHIFT, PLUS, TIMES, POWER };

static int level_of(const qj *q)
{
    if (q->tok.kind == QJ_NAME)
        return q->tok.word == W_instanceof || (q->tok.word == W_in && !q->no_in) ? RELATION : 0;
    if (q->tok.kind != QJ_PUNCTUATION)
        return 0;
    switch (q->tok.op) {
    case QJ_OP2('?', '?'): return TERNARY;
    case QJ_OP2('|', '|'): return OR;
    case QJ_OP2('&', '&'): return AND;
    case '|': return BIT_OR;
    case '^': return BIT_XOR;
    case '&': return BIT_AND;
    case QJ_OP2('=', '='): case QJ_OP2('!', '='): case QJ_OP3('=', '=', '='): case QJ_OP3('!', '=', '='): return EQUAL;
    case '<': case '>': case QJ_OP2('<', '='): case QJ_OP2('>', '='): return RELATION;
    case QJ_OP2('<', '<'): case QJ_OP2('>', '>'): case QJ_OP3('>', '>', '>'): return SHIFT;
    case '+': case '-': return PLUS;
    case '*': case '/': case '%': return TIMES;
    case QJ_OP2('*', '*'): return POWER;
    default: return 0;
    }
}

static uint32_t ternary(qj *q, uint32_t condition)
{
    uint32_t n     = step(q, K_ternary_expression, condition, F_condition);
    bool     no_in = q->no_in, was = q->no_conditional;
    q->no_in          = false;
    q->no_conditional = true;
    qj_next(q);
    qj_add(q, n, qj_expression(q), F_consequence);
    q->no_in          = no_in;
    q->no_conditional = was;
    qj_need(q, ':');
    qj_add(q, n, qj_expression(q), F_alternative);
    qj_end(q, n);
    return n;
}

static uint32_t typed(qj *q, uint32_t n)
{
    uint32_t as = step(q, qj_word(q, W_as) ? K_as_expression : K_satisfies_expression, n, F_none);
    qj_next(q);
    if (qj_word(q, W_const))
        qj_next(q);
    else
        qj_add(q, as, qj_type(q), F_none);
    qj_end(q, as);
    return as;
}

static uint32_t binary(qj *q, int least)
{
    uint32_t n = unary(q);
    for (int level; !q->failed;) {
        if (q->ts && least <= TERNARY && (qj_word(q, W_as) || qj_word(q, W_satisfies)) && !q->tok.nl) {
            n = typed(q, n);
            continue;
        }
        level = level_of(q);
        if (!level || level < least)
            break;
        uint32_t b = step(q, K_binary_expression, n, F_left);
        qj_mark_word(q, b, qj_is(q, '*') ? T_star : K_token, F_operator);
        if (!qj_enter(q))
            return 0;
        qj_add(q, b, binary(q, level == POWER ? level : level + 1), F_right);
        q->depth--;
        qj_end(q, b);
        n = b;
    }
    return n;
}

static bool assigns(const qj *q)
{
    if (q->tok.kind != QJ_PUNCTUATION)
        return false;
    switch (q->tok.op) {
    case QJ_OP2('+', '='): case QJ_OP2('-', '='): case QJ_OP2('*', '='): case QJ_OP2('/', '='): case QJ_OP2('%', '='): case QJ_OP2('^', '='):
    case QJ_OP2('&', '='): case QJ_OP2('|', '='): case QJ_OP3('>', '>', '='): case QJ_OP3('<', '<', '='): case QJ_OP3('*', '*', '='):
    case QJ_OP3('&', '&', '='): case QJ_OP3('|', '|', '='): case QJ_OP3('?', '?', '='): case QJ_OP3('>', '>', '>') | (uint32_t)'=' << 24:
        return true;
    default: return false;
    }
}

static bool may_be_assigned(uint16_t kind)
{
    return kind == K_identifier || kind == K_member_expression || kind == K_subscript_expression || kind == K_parenthesized_expression ||
           kind == K_non_null_expression || kind == K_object_pattern || kind == K_array_pattern;
}

static uint32_t assignment(qj *q, uint32_t left)
{
    bool     plain = qj_is(q, '=');
    uint32_t n     = step(q, plain ? K_assignment_expression : K_augmented_assignment_expression, left, F_left);
    if (!may_be_assigned(qj_kind_of(q, left)))
        return qj_fail(q);
    if (plain)
        qj_next(q);
    else
        qj_mark_word(q, n, K_token, F_operator);
    qj_add(q, n, qj_expression(q), F_right);
    qj_end(q, n);
    return n;
}

static uint32_t yielded(qj *q)
{
    uint32_t n = qj_node(q, K_yield_expression, q->tok.start);
    qj_next(q);
    if (qj_is(q, '*') && !q->tok.nl)
        qj_mark_word(q, n, T_star, F_none);
    bool ends = q->tok.nl || q->tok.kind == QJ_END || qj_is(q, ')') || qj_is(q, ']') || qj_is(q, '}') || qj_is(q, ';') || qj_is(q, ',') || qj_is(q, ':');
    if (!ends)
        qj_add(q, n, qj_expression(q), F_none);
    qj_end(q, n);
    return n;
}

/* [a, b] = x and {a} = x begin like literals. */
static uint32_t pattern_or_literal(qj *q)
{
    qj_mark  m = qj_here(q);
    uint32_t n = binary(q, TERNARY);
    bool     literal = n && q->t->v[n].end == q->before && (qj_kind_of(q, n) == K_array || qj_kind_of(q, n) == K_object);
    if (q->failed || !literal || !qj_is(q, '='))
        return n;
    qj_back(q, m);
    bool was   = q->targets;
    q->targets = true;
    n          = qj_pattern(q);
    q->targets = was;
    return n;
}

uint32_t qj_expression(qj *q)
{
    if (!qj_enter(q))
        return 0;
    uint32_t n = qj_arrow(q);
    if (!n && !q->failed) {
        if (qj_word(q, W_yield))
            n = yielded(q);
        else
            n = qj_is(q, '[') || qj_is(q, '{') ? pattern_or_literal(q) : binary(q, TERNARY);
        if (qj_is(q, '?'))
            n = ternary(q, n);
        else if (qj_is(q, '=') || assigns(q))
            n = assignment(q, n);
    }
    q->depth--;
    return n;
}

uint32_t qj_sequence(qj *q)
{
    uint32_t first = qj_expression(q);
    if (!qj_is(q, ','))
        return first;
    uint32_t n = step(q, K_sequence_expression, first, F_none);
    while (qj_eat(q, ','))
        qj_add(q, n, qj_expression(q), F_none);
    qj_end(q, n);
    return n;
}
