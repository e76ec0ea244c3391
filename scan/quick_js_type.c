/* Types of the fast reader of scripts. Of most only the end matters: their inside is dropped. */
#include "scan/quick_js.h"

static uint32_t primary(qj *q);

static uint32_t name_of_type(qj *q)
{
    switch (q->tok.word) {
    case W_any: case W_number: case W_boolean: case W_string: case W_symbol: case W_void: case W_unknown: case W_never: case W_object:
        return qj_take(q, K_predefined_type);
    case W_this: return qj_take(q, K_other);
    case W_undefined: case W_null: case W_true: case W_false: {
        uint32_t n = qj_node(q, K_literal_type, q->tok.start);
        uint8_t  w = q->tok.word;
        qj_add(q, n, qj_take(q, w == W_undefined ? K_undefined : w == W_null ? K_null : w == W_true ? K_true : K_false), F_none);
        qj_end(q, n);
        return n;
    }
    default: break;
    }
    if (!qj_name(q))
        return qj_fail(q);
    uint32_t n = qj_take(q, K_type_identifier);
    for (bool first = true; qj_is(q, '.'); first = false) {
        q->t->v[n].kind = first ? K_identifier : K_nested_identifier;
        if (!first) { /* A.B.C: the outer part is a value's name */
            uint32_t object = q->t->v[n].child, last = q->tree.last[n];
            q->t->v[last].kind    = K_property_identifier;
            q->t->v[last].field   = F_property;
            q->t->v[object].field = F_object;
            if (qj_kind_of(q, object) == K_nested_identifier)
                q->t->v[object].kind = K_member_expression;
        }
        uint32_t outer = qj_node(q, K_nested_type_identifier, qj_start(q, n));
        qj_add(q, outer, n, F_module);
        qj_next(q);
        qj_add(q, outer, q->tok.kind == QJ_NAME ? qj_take(q, K_type_identifier) : qj_fail(q), F_name);
        qj_end(q, outer);
        n = outer;
    }
    return n;
}

uint32_t qj_type_arguments(qj *q)
{
    uint32_t n = qj_node(q, K_type_arguments, q->tok.start);
    qj_need(q, '<');
    while (!q->failed) {
        qj_add(q, n, qj_type(q), F_none);
        if (!qj_eat(q, ',') || (q->tok.kind == QJ_PUNCTUATION && (q->tok.op & 0xff) == '>'))
            break;
    }
    q->t->v[n].end = q->tok.start + 1;
    qj_close_angle(q);
    return n;
}

uint32_t qj_type_parameters(qj *q)
{
    uint32_t n = qj_node(q, K_type_parameters, q->tok.start);
    qj_need(q, '<');
    while (!q->failed && !qj_is(q, '>')) {
        qj_eat_word(q, W_const);
        if (!qj_name(q))
            return qj_fail(q);
        qj_next(q);
        if (qj_eat_word(q, W_extends))
            qj_type(q);
        if (qj_eat(q, '='))
            qj_type(q);
        if (!qj_eat(q, ','))
            break;
    }
    q->t->v[n].end = q->tok.start + 1;
    qj_close_angle(q);
    qj_leaf(q, n);
    return n;
}

static uint32_t generic(qj *q, uint32_t name)
{
    if (!qj_is(q, '<') || (qj_kind_of(q, name) != K_type_identifier && qj_kind_of(q, name) != K_nested_type_identifier))
        return name;
    uint32_t n = qj_node(q, K_generic_type, qj_start(q, name));
    qj_add(q, n, name, F_name);
    qj_add(q, n, qj_type_arguments(q), F_type_arguments);
    qj_end(q, n);
    return n;
}

/* --- objects --- */

static bool key_follows(qj *q)
{
    return q->tok.kind == QJ_NAME || q->tok.kind == QJ_STRING || q->tok.kind == QJ_NUMBER || q->tok.kind == QJ_PRIVATE || qj_is(q, '[');
}

static bool word_before_key(qj *q, unsigned w)
{
    qj_mark m = qj_here(q);
    if (!qj_eat_word(q, w))
        return false;
    if (key_follows(q))
        return true;
    qj_back(q, m);
    return false;
}

/* [key: string]: T, [K in keyof T]?: U, with the sign of -readonly before it. */
static uint32_t index_or_mapped(qj *q, uint32_t n)
{
    qj_mark m = qj_here(q);
    qj_next(q);
    bool name = qj_name(q);
    qj_next(q);
    if (q->failed || !name || !(qj_is(q, ':') || qj_word(q, W_in))) {
        qj_back(q, m);
        return 0;
    }
    qj_next(q);
    qj_type(q);
    if (qj_eat_word(q, W_as))
        qj_type(q);
    qj_need(q, ']');
    if (qj_is(q, '-') || qj_is(q, '+'))
        qj_next(q);
    qj_eat(q, '?');
    qj_type_annotation(q);
    q->t->v[n].kind = K_index_signature;
    qj_end(q, n);
    qj_leaf(q, n);
    return n;
}

static uint32_t signature_leaf(qj *q, uint32_t n, uint16_t kind)
{
    qj_signature(q, n);
    q->t->v[n].kind = kind;
    qj_end(q, n);
    qj_leaf(q, n);
    return n;
}

static uint32_t object_member(qj *q)
{
    uint32_t n = qj_node(q, K_property_signature, q->tok.start);
    if (qj_is(q, '(') || qj_is(q, '<'))
        return signature_leaf(q, n, K_other);
    if (qj_is(q, '-') || qj_is(q, '+'))
        qj_next(q);
    if (qj_word(q, W_new)) {
        qj_mark m = qj_here(q);
        qj_next(q);
        if (qj_is(q, '(') || qj_is(q, '<'))
            return signature_leaf(q, n, K_other);
        qj_back(q, m);
    }
    if (word_before_key(q, W_readonly)) {
        uint32_t r = qj_node(q, T_readonly, qj_start(q, n));
        q->t->v[r].end   = q->before;
        q->t->v[r].flags = 0;
        qj_add(q, n, r, F_none);
    }
    bool accessor = word_before_key(q, W_get) || word_before_key(q, W_set);
    if (qj_is(q, '[')) {
        uint32_t index = index_or_mapped(q, n);
        if (index || q->failed)
            return index;
    }
    qj_add(q, n, qj_property_name(q), F_name);
    qj_eat(q, '?');
    if (accessor || qj_is(q, '(') || qj_is(q, '<'))
        return signature_leaf(q, n, K_method_signature);
    qj_add(q, n, qj_type_annotation(q), F_type);
    qj_end(q, n);
    return n;
}

static uint32_t object(qj *q)
{
    uint32_t n = qj_node(q, K_object_type, q->tok.start);
    qj_next(q);
    while (!qj_is(q, '}') && !q->failed) {
        qj_add(q, n, object_member(q), F_none);
        if (qj_is(q, '}') || qj_eat(q, ','))
            continue;
        qj_semicolon(q, false);
    }
    qj_need(q, '}');
    qj_end(q, n);
    return n;
}

static uint32_t tuple(qj *q)
{
    uint32_t n = qj_node(q, K_tuple_type, q->tok.start);
    qj_next(q);
    while (!qj_is(q, ']') && !q->failed) {
        qj_eat(q, QJ_OP3('.', '.', '.'));
        qj_type(q);
        qj_eat(q, '?');
        if (qj_eat(q, ':'))
            qj_type(q);
        if (!qj_is(q, ']'))
            qj_need(q, ',');
    }
    qj_need(q, ']');
    qj_end(q, n);
    qj_leaf(q, n);
    return n;
}

/* --- the rest of the primaries --- */

/* import("m"), import("m").A.B */
static uint32_t imported(qj *q)
{
    uint32_t n = qj_node(q, K_call_expression, q->tok.start);
    qj_add(q, n, qj_take(q, K_import), F_function);
    qj_add(q, n, qj_arguments(q), F_arguments);
    qj_end(q, n);
    while (qj_eat(q, '.')) {
        uint32_t m = qj_node(q, K_member_expression, qj_start(q, n));
        qj_add(q, m, n, F_object);
        qj_add(q, m, q->tok.kind == QJ_NAME ? qj_take(q, K_property_identifier) : qj_fail(q), F_property);
        qj_end(q, m);
        n = m;
    }
    return qj_is(q, '<') ? qj_fail(q) : n;
}

static uint32_t query(qj *q)
{
    uint32_t n = qj_node(q, K_type_query, q->tok.start);
    qj_mark_word(q, n, T_typeof, F_none);
    if (qj_word(q, W_import)) {
        uint32_t of = imported(q);
        qj_add(q, n, of, F_none);
        qj_end(q, n);
        return qj_kind_of(q, of) == K_call_expression && !qj_is(q, '[') ? n : qj_fail(q);
    }
    if (!qj_name(q) && !qj_word(q, W_this))
        return qj_fail(q);
    uint32_t of = qj_take(q, qj_word(q, W_this) ? K_this : K_identifier);
    while (!q->failed && (qj_is(q, '.') || qj_is(q, '['))) {
        bool     dot = qj_is(q, '.');
        uint32_t m   = qj_node(q, dot ? K_member_expression : K_subscript_expression, qj_start(q, of));
        qj_next(q);
        qj_add(q, m, of, F_object);
        if (dot) {
            qj_add(q, m, q->tok.kind == QJ_NAME ? qj_take(q, K_property_identifier) : qj_fail(q), F_property);
        } else {
            bool word = qj_word(q, W_number) || qj_word(q, W_string) || qj_word(q, W_symbol);
            if (!word && q->tok.kind != QJ_STRING && q->tok.kind != QJ_NUMBER)
                return qj_fail(q);
            qj_add(q, m, qj_take(q, word ? K_predefined_type : q->tok.kind == QJ_STRING ? K_string : K_number), F_index);
            qj_need(q, ']');
        }
        qj_end(q, m);
        of = m;
    }
    if (qj_is(q, '<')) {
        uint32_t i = qj_node(q, K_instantiation_expression, qj_start(q, of));
        qj_add(q, i, of, F_function);
        qj_add(q, i, qj_type_arguments(q), F_type_arguments);
        qj_end(q, i);
        of = i;
    }
    if (qj_is(q, '('))
        return qj_fail(q);
    qj_add(q, n, of, F_none);
    qj_end(q, n);
    return n;
}

static uint32_t literal(qj *q)
{
    uint32_t n = qj_node(q, K_literal_type, q->tok.start);
    if (qj_is(q, '-')) {
        uint32_t minus = qj_node(q, K_unary_expression, q->tok.start);
        qj_mark_word(q, minus, K_token, F_operator);
        qj_add(q, minus, q->tok.kind == QJ_NUMBER ? qj_take(q, K_number) : qj_fail(q), F_argument);
        qj_end(q, minus);
        qj_add(q, n, minus, F_none);
    } else {
        qj_add(q, n, qj_take(q, q->tok.kind == QJ_STRING ? K_string : K_number), F_none);
    }
    qj_end(q, n);
    return n;
}

/* Of types that nothing is read from: a node without children. */
static uint32_t closed(qj *q, uint16_t kind, uint32_t start)
{
    uint32_t n = qj_node(q, kind, start);
    qj_end(q, n);
    return n;
}

static uint32_t template(qj *q)
{
    uint32_t n = qj_node(q, K_other, q->tok.start), i = q->tok.end;
    for (; !q->failed; i++) {
        if (i >= q->len || q->s[i] == '\\')
            return qj_fail(q);
        if (q->s[i] == '`')
            break;
        if (q->s[i] == '$' && i + 1 < q->len && q->s[i + 1] == '{') {
            qj_seek(q, i + 2);
            qj_type(q);
            if (!qj_is(q, '}'))
                return qj_fail(q);
            i = q->tok.end - 1;
        }
    }
    qj_leaf(q, n);
    q->t->v[n].end = q->before = i + 1;
    qj_seek(q, i + 1);
    return n;
}

static uint32_t keyof(qj *q)
{
    uint32_t start = q->tok.start;
    qj_next(q);
    primary(q);
    return q->failed ? 0 : closed(q, K_other, start);
}

static uint32_t parenthesized(qj *q)
{
    uint32_t n = qj_node(q, K_parenthesized_type, q->tok.start);
    qj_next(q);
    qj_add(q, n, qj_type(q), F_none);
    qj_need(q, ')');
    qj_end(q, n);
    return n;
}

/* (a: A) => B; 0 without failure: it is none. */
static uint32_t function(qj *q)
{
    qj_mark  m = qj_here(q);
    uint32_t n = qj_node(q, K_function_type, q->tok.start);
    if (++q->guesses > 20000)
        return qj_fail(q);
    if (qj_is(q, '<'))
        qj_type_parameters(q);
    qj_parameters(q);
    if (q->failed || !qj_is(q, QJ_OP2('=', '>'))) {
        qj_back(q, m);
        return 0;
    }
    qj_next(q);
    qj_eat_word(q, W_asserts);
    qj_type(q);
    if (qj_word(q, W_is) && !q->tok.nl) {
        qj_next(q);
        qj_type(q);
    }
    qj_end(q, n);
    qj_leaf(q, n);
    return n;
}

/* infer U, unique symbol */
static uint32_t two_words(qj *q)
{
    uint32_t start = q->tok.start;
    bool     infer = qj_word(q, W_infer);
    qj_next(q);
    qj_next(q);
    if (infer && qj_eat_word(q, W_extends))
        primary(q);
    return closed(q, infer ? K_other : K_predefined_type, start);
}

static uint32_t by_word(qj *q)
{
    qj_mark  m = qj_here(q);
    uint32_t start = q->tok.start;
    switch (q->tok.word) {
    case W_typeof: return query(q);
    case W_import: return imported(q);
    case W_abstract:
        qj_next(q);
        if (qj_eat_word(q, W_new))
            return function(q) ? closed(q, K_other, start) : qj_fail(q);
        qj_back(q, m);
        break;
    case W_keyof: case W_unique: case W_infer: case W_asserts:
        qj_next(q);
        if (qj_name(q) || qj_word(q, W_typeof) || qj_word(q, W_this) || qj_is(q, '(')) {
            qj_back(q, m);
            return q->tok.word == W_keyof ? keyof(q) : q->tok.word == W_infer || q->tok.word == W_unique ? two_words(q) : qj_fail(q);
        }
        qj_back(q, m);
        break;
    case W_readonly: {
        uint32_t n = qj_node(q, K_readonly_type, start);
        qj_mark_word(q, n, T_readonly, F_none);
        qj_add(q, n, qj_type(q), F_none);
        qj_end(q, n);
        return n;
    }
    case W_new:
        qj_next(q);
        return function(q) ? closed(q, K_other, start) : qj_fail(q);
    default: break;
    }
    return generic(q, name_of_type(q));
}

static uint32_t primary(qj *q)
{
    uint32_t n = 0;
    if (!qj_enter(q))
        return 0;
    if (q->tok.kind == QJ_NAME)
        n = by_word(q);
    else if (q->tok.kind == QJ_STRING || q->tok.kind == QJ_NUMBER || qj_is(q, '-'))
        n = literal(q);
    else if (qj_is(q, '{'))
        n = object(q);
    else if (qj_is(q, '['))
        n = tuple(q);
    else if (qj_is(q, '`'))
        n = template(q);
    else if (qj_is(q, '(') || qj_is(q, '<')) {
        n = function(q);
        if (!n && !q->failed)
            n = parenthesized(q);
    } else
        qj_fail(q);
    while (!q->failed && qj_is(q, '[') && !q->tok.nl) {
        qj_next(q);
        if (qj_is(q, ']')) {
            uint32_t a = qj_node(q, K_array_type, qj_start(q, n));
            qj_add(q, a, n, F_none);
            qj_next(q);
            qj_end(q, a);
            n = a;
        } else {
            qj_type(q);
            qj_need(q, ']');
            n = closed(q, K_lookup_type, qj_start(q, n));
        }
    }
    q->depth--;
    return n;
}

/* A | B, A & B: each operator a node over what is to its left. */
static uint32_t joined(qj *q, uint32_t op, uint16_t kind, uint32_t (*part)(qj *q))
{
    uint32_t n = 0, start = q->tok.start;
    if (!qj_is(q, op))
        n = part(q);
    while (!q->failed && qj_is(q, op)) {
        uint32_t both = qj_node(q, kind, start);
        qj_add(q, both, n, F_none);
        qj_next(q);
        qj_add(q, both, part(q), F_none);
        qj_end(q, both);
        n = both;
    }
    return n;
}

static uint32_t intersection(qj *q) { return joined(q, '&', K_intersection_type, primary); }

uint32_t qj_type(qj *q)
{
    if (!qj_enter(q))
        return 0;
    uint32_t start = q->tok.start, n = joined(q, '|', K_union_type, intersection);
    if (!q->failed && qj_word(q, W_extends) && !q->tok.nl) {
        qj_next(q);
        joined(q, '|', K_union_type, intersection);
        if (qj_eat(q, '?')) {
            qj_type(q);
            qj_need(q, ':');
            qj_type(q);
            n = closed(q, K_other, start);
        } else {
            qj_fail(q);
        }
    }
    q->depth--;
    return n;
}

uint32_t qj_type_annotation(qj *q)
{
    if (!qj_is(q, ':'))
        return 0;
    uint32_t n = qj_node(q, K_type_annotation, q->tok.start);
    qj_next(q);
    bool asserts = qj_eat_word(q, W_asserts);
    uint32_t type = qj_type(q);
    if (!q->tok.nl && qj_word(q, W_is)) { /* x is T */
        qj_next(q);
        qj_type(q);
        asserts = true;
    }
    if (asserts) {
        q->t->v[n].kind = K_other;
        qj_end(q, n);
        qj_leaf(q, n);
        return n;
    }
    qj_add(q, n, type, F_none);
    qj_end(q, n);
    return n;
}
