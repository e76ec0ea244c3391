/* Statements of the fast reader of scripts, and the whole file. */
#include <stdlib.h>
#include <string.h>

#include "scan/quick_js.h"

static uint32_t statement(qj *q);

uint32_t qj_block(qj *q)
{
    uint32_t n     = qj_node(q, K_statement_block, q->tok.start);
    bool     no_in = q->no_in, no_conditional = q->no_conditional;
    q->no_in = q->no_conditional = false;
    qj_need(q, '{');
    while (!qj_is(q, '}') && !q->failed)
        qj_add(q, n, statement(q), F_none);
    qj_need(q, '}');
    q->no_in          = no_in;
    q->no_conditional = no_conditional;
    qj_end(q, n);
    return n;
}

/* --- declarations --- */

static uint32_t declarator(qj *q)
{
    uint32_t n = qj_node(q, K_variable_declarator, q->tok.start);
    qj_add(q, n, qj_pattern(q), F_name);
    if (q->ts && qj_is(q, '!') && !q->tok.nl)
        qj_next(q);
    if (q->ts)
        qj_add(q, n, qj_type_annotation(q), F_type);
    if (qj_eat(q, '='))
        qj_add(q, n, qj_expression(q), F_value);
    qj_end(q, n);
    return n;
}

static uint32_t variables(qj *q, bool with_end)
{
    bool     var = qj_word(q, W_var);
    uint32_t n   = qj_node(q, var ? K_variable_declaration : K_lexical_declaration, q->tok.start);
    if (var)
        qj_next(q);
    else
        qj_mark_word(q, n, K_token, F_kind);
    do
        qj_add(q, n, declarator(q), F_none);
    while (qj_eat(q, ','));
    if (with_end)
        qj_semicolon(q, true);
    qj_end(q, n);
    return n;
}

static uint32_t enumeration(qj *q, uint32_t start)
{
    uint32_t n = qj_node(q, K_enum_declaration, start);
    qj_next(q);
    qj_add(q, n, qj_name(q) ? qj_take(q, K_identifier) : qj_fail(q), F_name);
    uint32_t body = qj_node(q, K_enum_body, q->tok.start);
    qj_need(q, '{');
    while (!qj_is(q, '}') && !q->failed) {
        uint32_t name = qj_property_name(q);
        uint8_t  field = F_name;
        if (qj_is(q, '=')) {
            uint32_t given = qj_node(q, K_enum_assignment, qj_start(q, name));
            qj_next(q);
            qj_add(q, given, name, F_name);
            qj_add(q, given, qj_expression(q), F_value);
            qj_end(q, given);
            name  = given;
            field = F_none;
        }
        qj_add(q, body, name, field);
        if (!qj_is(q, '}'))
            qj_need(q, ',');
    }
    qj_need(q, '}');
    qj_end(q, body);
    qj_add(q, n, body, F_body);
    qj_end(q, n);
    return n;
}

/* What types declare has no inside here. */
static uint32_t interface(qj *q)
{
    uint32_t n = qj_node(q, K_interface_declaration, q->tok.start), depth = 0;
    qj_next(q);
    qj_next(q);
    if (qj_is(q, '<'))
        qj_type_parameters(q);
    if (qj_word(q, W_extends)) {
        do {
            qj_next(q);
            qj_type(q);
        } while (qj_is(q, ','));
    }
    if (!qj_is(q, '{'))
        return qj_fail(q);
    do {
        if (qj_is(q, '`')) {
            qj_type(q);
            continue;
        }
        if (qj_is(q, '{'))
            depth++;
        else if (qj_is(q, '}'))
            depth--;
        else if (qj_is(q, '/') || q->tok.kind == QJ_END)
            return qj_fail(q);
        qj_next(q);
    } while (depth && !q->failed);
    qj_end(q, n);
    qj_leaf(q, n);
    return n;
}

static uint32_t type_alias(qj *q)
{
    uint32_t n = qj_node(q, K_type_alias_declaration, q->tok.start);
    qj_next(q);
    qj_next(q);
    if (qj_is(q, '<'))
        qj_type_parameters(q);
    qj_need(q, '=');
    qj_type(q);
    qj_semicolon(q, false);
    qj_end(q, n);
    qj_leaf(q, n);
    return n;
}

static uint32_t name_space(qj *q, uint16_t kind)
{
    uint32_t n = qj_node(q, kind, q->tok.start);
    qj_next(q);
    qj_add(q, n, q->tok.kind == QJ_STRING ? qj_take(q, K_string) : qj_name(q) ? qj_take(q, K_identifier) : qj_fail(q), F_name);
    qj_add(q, n, qj_is(q, '{') ? qj_block(q) : qj_fail(q), F_body);
    qj_end(q, n);
    return n;
}

/* The token behind the current word, without taking it. */
static qj_token peek(qj *q)
{
    qj_mark m = qj_here(q);
    qj_next(q);
    qj_token next = q->tok;
    if (q->failed)
        next = (qj_token){ .kind = QJ_END };
    qj_back(q, m);
    return next;
}

static bool names(qj_token t) { return t.kind == QJ_NAME && (t.word == W_none || t.word > W_RESERVED) && !t.nl; }

static uint32_t declaration(qj *q);
static uint32_t import(qj *q);

static uint32_t ambient(qj *q)
{
    uint32_t n = qj_node(q, K_ambient_declaration, q->tok.start);
    qj_next(q);
    if (qj_word(q, W_global)) {
        qj_next(q);
        qj_block(q);
    } else if (!declaration(q)) {
        return qj_fail(q);
    }
    qj_end(q, n);
    qj_leaf(q, n);
    return n;
}

/* 0 without failure: the statement is no declaration. */
static uint32_t typed_declaration(qj *q)
{
    qj_token next = peek(q);
    switch (q->tok.word) {
    case W_interface: return names(next) ? interface(q) : 0;
    case W_type:      return names(next) ? type_alias(q) : 0;
    case W_abstract:  return next.kind == QJ_NAME && next.word == W_class ? qj_class(q, K_abstract_class_declaration, q->tok.start, 0) : 0;
    case W_namespace: return names(next) ? name_space(q, K_internal_module) : 0;
    case W_module:    return names(next) || (next.kind == QJ_STRING && !next.nl) ? name_space(q, K_module) : 0;
    case W_declare:   return next.kind == QJ_NAME && !next.nl ? ambient(q) : 0;
    default: return 0;
    }
}

static uint32_t declaration(qj *q)
{
    uint32_t start = q->tok.start;
    if (q->tok.kind != QJ_NAME)
        return 0;
    switch (q->tok.word) {
    case W_const:
        if (q->ts && peek(q).word == W_enum && peek(q).kind == QJ_NAME) {
            qj_next(q);
            return enumeration(q, start);
        }
        return variables(q, true);
    case W_var: return variables(q, true);
    case W_let: {
        qj_token next = peek(q);
        return names(next) || (next.kind == QJ_PUNCTUATION && (next.op == '{' || next.op == '[')) ? variables(q, true) : 0;
    }
    case W_function: return qj_function(q, true);
    case W_async: {
        qj_token next = peek(q);
        return next.kind == QJ_NAME && next.word == W_function && !next.nl ? qj_function(q, true) : 0;
    }
    case W_class: return qj_class(q, K_class_declaration, start, 0);
    case W_enum:   return q->ts ? enumeration(q, start) : qj_fail(q);
    case W_import: {
        qj_token next = peek(q);
        return q->ts && names(next) ? import(q) : 0;
    }
    default: return q->ts && q->tok.word > W_RESERVED ? typed_declaration(q) : 0;
    }
}

/* --- import and export --- */

static uint32_t export_name(qj *q)
{
    if (q->tok.kind == QJ_STRING)
        return qj_take(q, K_string);
    if (q->tok.kind != QJ_NAME)
        return qj_fail(q);
    bool     word = qj_word(q, W_default) && !q->ts;
    uint32_t n    = qj_take(q, word ? T_default : K_identifier);
    if (word)
        q->t->v[n].flags = 0;
    return n;
}

/* { a, b as c, type D }; the kinds are those of the list and its members. */
static uint32_t specifiers(qj *q, uint16_t kind, uint16_t member)
{
    uint32_t n = qj_node(q, kind, q->tok.start);
    qj_need(q, '{');
    while (!qj_is(q, '}') && !q->failed) {
        uint32_t s    = qj_node(q, member, q->tok.start);
        qj_token next = q->ts && (qj_word(q, W_type) || qj_word(q, W_typeof)) ? peek(q) : (qj_token){ .kind = QJ_END };
        if (next.kind == QJ_STRING || (next.kind == QJ_NAME && next.word != W_as))
            qj_mark_word(q, s, qj_word(q, W_type) ? T_type : T_typeof, F_none);
        else if (next.kind == QJ_NAME)
            return qj_fail(q); /* type as x */
        qj_add(q, s, export_name(q), F_name);
        if (qj_eat_word(q, W_as))
            qj_add(q, s, export_name(q), F_alias);
        qj_end(q, s);
        qj_add(q, n, s, F_none);
        if (!qj_is(q, '}'))
            qj_need(q, ',');
    }
    qj_need(q, '}');
    qj_end(q, n);
    return n;
}

static void from(qj *q, uint32_t n)
{
    if (!qj_eat_word(q, W_from))
        qj_fail(q);
    qj_add(q, n, qj_string(q), F_source);
    if (qj_word(q, W_with) || (q->ts && qj_word(q, W_assert) && !q->tok.nl)) {
        uint32_t attribute = qj_node(q, K_import_attribute, q->tok.start);
        qj_next(q);
        qj_add(q, attribute, qj_is(q, '{') ? qj_expression(q) : qj_fail(q), F_none);
        qj_end(q, attribute);
        qj_add(q, n, attribute, F_none);
    }
}

static uint32_t import_clause(qj *q)
{
    uint32_t n = qj_node(q, K_import_clause, q->tok.start);
    if (qj_name(q)) {
        qj_add(q, n, qj_take(q, K_identifier), F_none);
        if (!qj_eat(q, ',')) {
            qj_end(q, n);
            return n;
        }
    }
    if (qj_is(q, '*')) {
        uint32_t space = qj_node(q, K_namespace_import, q->tok.start);
        qj_mark_word(q, space, T_star, F_none);
        if (!qj_eat_word(q, W_as))
            return qj_fail(q);
        qj_add(q, space, qj_name(q) ? qj_take(q, K_identifier) : qj_fail(q), F_none);
        qj_end(q, space);
        qj_add(q, n, space, F_none);
    } else {
        qj_add(q, n, specifiers(q, K_named_imports, K_import_specifier), F_none);
    }
    qj_end(q, n);
    return n;
}

/* import x = require("x"), import x = A.B */
static uint32_t import_equals(qj *q, uint32_t n)
{
    uint32_t start = q->tok.start, name = qj_take(q, K_identifier);
    qj_next(q);
    if (qj_word(q, W_require) && peek(q).kind == QJ_PUNCTUATION && peek(q).op == '(') {
        uint32_t clause = qj_node(q, K_import_require_clause, start);
        qj_add(q, clause, name, F_none);
        qj_next(q);
        qj_next(q);
        qj_add(q, clause, qj_string(q), F_source);
        qj_need(q, ')');
        qj_end(q, clause);
        qj_add(q, n, clause, F_none);
    } else {
        q->t->v[n].kind = K_import_alias;
        qj_add(q, n, name, F_none);
        uint32_t of = qj_name(q) ? qj_take(q, K_identifier) : qj_fail(q);
        while (qj_eat(q, '.')) {
            uint32_t m = qj_node(q, K_nested_identifier, qj_start(q, of));
            if (qj_kind_of(q, of) == K_nested_identifier)
                q->t->v[of].kind = K_member_expression;
            qj_add(q, m, of, F_object);
            qj_add(q, m, q->tok.kind == QJ_NAME ? qj_take(q, K_property_identifier) : qj_fail(q), F_property);
            qj_end(q, m);
            of = m;
        }
        qj_add(q, n, of, F_none);
    }
    qj_semicolon(q, false);
    qj_end(q, n);
    return n;
}

static uint32_t import(qj *q)
{
    uint32_t n = qj_node(q, K_import_statement, q->tok.start);
    qj_next(q);
    if (q->tok.kind == QJ_STRING) {
        qj_add(q, n, qj_take(q, K_string), F_source);
        qj_semicolon(q, false);
        qj_end(q, n);
        return n;
    }
    if (q->ts && (qj_word(q, W_type) || qj_word(q, W_typeof))) {
        qj_token next = peek(q);
        bool     only = (next.kind == QJ_PUNCTUATION && (next.op == '{' || next.op == '*')) || (next.kind == QJ_NAME && next.word != W_from);
        if (only)
            qj_mark_word(q, n, qj_word(q, W_type) ? T_type : T_typeof, F_none);
    }
    if (qj_name(q)) {
        qj_token next = peek(q);
        if (next.kind == QJ_PUNCTUATION && next.op == '=')
            return import_equals(q, n);
    }
    qj_add(q, n, import_clause(q), F_none);
    from(q, n);
    qj_semicolon(q, false);
    qj_end(q, n);
    return n;
}

static void export_rest(qj *q, uint32_t n)
{
    if (qj_is(q, '*')) {
        uint32_t start = q->tok.start;
        qj_token next  = peek(q);
        if (next.kind == QJ_NAME && next.word == W_as) {
            uint32_t space = qj_node(q, K_namespace_export, start);
            qj_mark_word(q, space, T_star, F_none);
            qj_next(q);
            qj_add(q, space, export_name(q), F_none);
            qj_end(q, space);
            qj_add(q, n, space, F_none);
        } else {
            qj_mark_word(q, n, T_star, F_none);
        }
        from(q, n);
    } else {
        qj_add(q, n, specifiers(q, K_export_clause, K_export_specifier), F_none);
        if (qj_word(q, W_from))
            from(q, n);
    }
    qj_semicolon(q, false);
}

/* `function f`, `async function* f`, `class C`, `abstract class C`, `interface I`: with a name it is a declaration. */
static bool names_itself(qj *q)
{
    qj_mark m     = qj_here(q);
    bool    async = qj_eat_word(q, W_async), named = false;
    if (qj_eat_word(q, W_function)) {
        qj_eat(q, '*');
        named = qj_name(q);
    } else if (!async && (qj_eat_word(q, W_class) || (q->ts && (qj_eat_word(q, W_abstract) || qj_eat_word(q, W_interface))))) {
        named = (qj_name(q) && !qj_word(q, W_implements)) || qj_word(q, W_class);
    }
    qj_back(q, m);
    return named;
}

static void export_default(qj *q, uint32_t n)
{
    uint32_t declared = names_itself(q) ? declaration(q) : 0;
    if (declared || q->failed) {
        qj_add(q, n, declared, F_declaration);
        return;
    }
    qj_add(q, n, qj_expression(q), F_value);
    qj_semicolon(q, true);
}

static uint32_t export(qj *q, uint32_t start, uint32_t decorators)
{
    uint32_t n = qj_node(q, K_export_statement, start);
    for (uint32_t next; decorators; decorators = next) {
        next = q->t->v[decorators].next;
        qj_add(q, n, decorators, F_decorator);
    }
    qj_mark_word(q, n, T_export, F_none);
    if (qj_word(q, W_default)) {
        qj_mark_word(q, n, T_default, F_none);
        export_default(q, n);
    } else if (qj_is(q, '*') || qj_is(q, '{')) {
        export_rest(q, n);
    } else if (q->ts && qj_word(q, W_type) && peek(q).kind == QJ_PUNCTUATION) {
        qj_mark_word(q, n, T_type, F_none);
        export_rest(q, n);
    } else if (q->ts && qj_eat(q, '=')) {
        qj_add(q, n, qj_expression(q), F_none);
        qj_semicolon(q, true);
    } else {
        uint32_t d = declaration(q);
        qj_add(q, n, d ? d : qj_fail(q), F_declaration);
    }
    qj_end(q, n);
    return n;
}

/* --- control --- */

static uint32_t if_statement(qj *q)
{
    uint32_t n = qj_node(q, K_if_statement, q->tok.start);
    qj_next(q);
    qj_add(q, n, qj_parenthesized(q), F_condition);
    qj_add(q, n, statement(q), F_consequence);
    if (qj_word(q, W_else)) {
        uint32_t clause = qj_node(q, K_else_clause, q->tok.start);
        qj_next(q);
        qj_add(q, clause, statement(q), F_none);
        qj_end(q, clause);
        qj_add(q, n, clause, F_alternative);
    }
    qj_end(q, n);
    return n;
}

static uint32_t for_in(qj *q, uint32_t n)
{
    q->t->v[n].kind = K_for_in_statement;
    qj_mark_word(q, n, K_token, F_operator);
    qj_add(q, n, qj_sequence(q), F_right);
    qj_need(q, ')');
    qj_add(q, n, statement(q), F_body);
    qj_end(q, n);
    return n;
}

static uint32_t for_rest(qj *q, uint32_t n)
{
    if (!qj_is(q, ';'))
        qj_add(q, n, qj_sequence(q), F_condition);
    qj_need(q, ';');
    if (!qj_is(q, ')'))
        qj_add(q, n, qj_sequence(q), F_increment);
    qj_need(q, ')');
    qj_add(q, n, statement(q), F_body);
    qj_end(q, n);
    return n;
}

/* const x of xs: the pattern, then `of` or `in`; else it is a declaration. */
static uint32_t for_declared(qj *q, uint32_t n)
{
    qj_mark  m    = qj_here(q);
    uint32_t kind = qj_node(q, K_token, q->tok.start);
    q->t->v[kind].end   = q->tok.end;
    q->t->v[kind].flags = 0;
    qj_next(q);
    uint32_t left = qj_pattern(q);
    if (!q->failed && (qj_word(q, W_of) || qj_word(q, W_in))) {
        qj_add(q, n, kind, F_kind);
        qj_add(q, n, left, F_left);
        return for_in(q, n);
    }
    qj_back(q, m);
    q->no_in = true;
    uint32_t init = variables(q, false);
    q->no_in = false;
    qj_need(q, ';');
    qj_end(q, init);
    qj_add(q, n, init, F_initializer);
    return for_rest(q, n);
}

static uint32_t for_statement(qj *q)
{
    uint32_t n = qj_node(q, K_for_statement, q->tok.start);
    qj_next(q);
    qj_eat_word(q, W_await);
    qj_need(q, '(');
    if (qj_word(q, W_const) || qj_word(q, W_let) || qj_word(q, W_var))
        return for_declared(q, n);
    if (qj_eat(q, ';'))
        return for_rest(q, n);
    q->no_in = true;
    uint32_t init = qj_sequence(q);
    q->no_in = false;
    if (qj_word(q, W_of) || qj_word(q, W_in)) {
        uint16_t kind = qj_kind_of(q, init);
        if (kind != K_identifier && kind != K_member_expression && kind != K_subscript_expression)
            return qj_fail(q);
        qj_add(q, n, init, F_left);
        return for_in(q, n);
    }
    qj_add(q, n, init, F_initializer);
    qj_need(q, ';');
    return for_rest(q, n);
}

static uint32_t while_statement(qj *q)
{
    uint32_t n = qj_node(q, K_while_statement, q->tok.start);
    qj_next(q);
    qj_add(q, n, qj_parenthesized(q), F_condition);
    qj_add(q, n, statement(q), F_body);
    qj_end(q, n);
    return n;
}

static uint32_t do_statement(qj *q)
{
    uint32_t n = qj_node(q, K_do_statement, q->tok.start);
    qj_next(q);
    qj_add(q, n, statement(q), F_body);
    if (!qj_eat_word(q, W_while))
        return qj_fail(q);
    qj_add(q, n, qj_parenthesized(q), F_condition);
    qj_eat(q, ';');
    qj_end(q, n);
    return n;
}

static uint32_t switch_statement(qj *q)
{
    uint32_t n = qj_node(q, K_switch_statement, q->tok.start);
    qj_next(q);
    qj_add(q, n, qj_parenthesized(q), F_value);
    uint32_t body = qj_node(q, K_switch_body, q->tok.start);
    qj_need(q, '{');
    while (!qj_is(q, '}') && !q->failed) {
        uint32_t arm = qj_node(q, K_switch_case, q->tok.start);
        if (qj_word(q, W_default)) {
            q->t->v[arm].kind = K_switch_default;
            qj_mark_word(q, arm, T_default, F_none);
        } else if (qj_eat_word(q, W_case)) {
            qj_add(q, arm, qj_sequence(q), F_value);
        } else {
            return qj_fail(q);
        }
        qj_need(q, ':');
        while (!q->failed && !qj_is(q, '}') && !qj_word(q, W_case) && !qj_word(q, W_default))
            qj_add(q, arm, statement(q), F_body);
        qj_end(q, arm);
        qj_add(q, body, arm, F_none);
    }
    qj_need(q, '}');
    qj_end(q, body);
    qj_add(q, n, body, F_body);
    qj_end(q, n);
    return n;
}

static uint32_t catch_clause(qj *q)
{
    uint32_t n = qj_node(q, K_catch_clause, q->tok.start);
    qj_next(q);
    if (qj_eat(q, '(')) {
        qj_add(q, n, qj_pattern(q), F_parameter);
        if (q->ts)
            qj_add(q, n, qj_type_annotation(q), F_type);
        qj_need(q, ')');
    }
    qj_add(q, n, qj_block(q), F_body);
    qj_end(q, n);
    return n;
}

static uint32_t try_statement(qj *q)
{
    uint32_t n = qj_node(q, K_try_statement, q->tok.start);
    qj_next(q);
    qj_add(q, n, qj_block(q), F_body);
    if (qj_word(q, W_catch))
        qj_add(q, n, catch_clause(q), F_handler);
    if (qj_word(q, W_finally)) {
        uint32_t last = qj_node(q, K_finally_clause, q->tok.start);
        qj_next(q);
        qj_add(q, last, qj_block(q), F_body);
        qj_end(q, last);
        qj_add(q, n, last, F_finalizer);
    }
    qj_end(q, n);
    return n;
}

/* return x; throw x; break label; continue label */
static uint32_t leave(qj *q, uint16_t kind)
{
    uint32_t n = qj_node(q, kind, q->tok.start);
    bool     label = kind == K_break_statement || kind == K_continue_statement;
    qj_next(q);
    bool more = !q->tok.nl && !qj_is(q, ';') && !qj_is(q, '}') && q->tok.kind != QJ_END;
    if (more && label)
        qj_add(q, n, qj_name(q) ? qj_take(q, K_statement_identifier) : qj_fail(q), F_none);
    else if (more)
        qj_add(q, n, qj_sequence(q), F_none);
    qj_semicolon(q, more && !label);
    qj_end(q, n);
    return n;
}

static uint32_t plain(qj *q)
{
    uint32_t n = qj_node(q, K_expression_statement, q->tok.start);
    if (qj_name(q) && peek(q).op == ':' && peek(q).kind == QJ_PUNCTUATION) {
        q->t->v[n].kind = K_labeled_statement;
        qj_add(q, n, qj_take(q, K_statement_identifier), F_none);
        qj_next(q);
        qj_add(q, n, statement(q), F_body);
        qj_end(q, n);
        return n;
    }
    qj_add(q, n, qj_sequence(q), F_none);
    qj_semicolon(q, true);
    qj_end(q, n);
    return n;
}

/* A namespace that is not exported is an expression to the grammar. */
static uint32_t stated(qj *q, uint32_t expression)
{
    uint32_t n = qj_node(q, K_expression_statement, qj_start(q, expression));
    qj_add(q, n, expression, F_none);
    qj_end(q, n);
    return n;
}

static uint32_t by_word(qj *q)
{
    switch (q->tok.word) {
    case W_if:       return if_statement(q);
    case W_for:      return for_statement(q);
    case W_while:    return while_statement(q);
    case W_do:       return do_statement(q);
    case W_switch:   return switch_statement(q);
    case W_try:      return try_statement(q);
    case W_return:   return leave(q, K_return_statement);
    case W_throw:    return leave(q, K_throw_statement);
    case W_break:    return leave(q, K_break_statement);
    case W_continue: return leave(q, K_continue_statement);
    case W_debugger: return leave(q, K_debugger_statement);
    case W_export:   return export(q, q->tok.start, 0);
    case W_with: case W_using: return qj_fail(q);
    case W_import: {
        qj_token next = peek(q);
        return next.kind == QJ_PUNCTUATION && (next.op == '(' || next.op == '.') ? plain(q) : import(q);
    }
    default: {
        uint32_t n = declaration(q);
        return qj_kind_of(q, n) == K_internal_module ? stated(q, n) : n || q->failed ? n : plain(q);
    }
    }
}

static uint32_t decorated(qj *q)
{
    uint32_t start = q->tok.start, decorators = qj_decorators(q);
    if (qj_word(q, W_export))
        return export(q, start, decorators);
    if (qj_word(q, W_class) || qj_word(q, W_abstract))
        return qj_class(q, K_class_declaration, start, decorators);
    return qj_fail(q);
}

/* 0: an empty statement, or a failure. */
static uint32_t statement(qj *q)
{
    uint32_t n = 0;
    if (!qj_enter(q))
        return 0;
    if (q->tok.kind == QJ_NAME && q->tok.word)
        n = by_word(q);
    else if (qj_is(q, '{'))
        n = qj_block(q);
    else if (qj_is(q, '@'))
        n = decorated(q);
    else if (!qj_eat(q, ';'))
        n = plain(q);
    q->depth--;
    return n;
}

bool dd_quick_script(dd_str text, dd_lang lang, dd_syn_tree *t)
{
    qj q = { .s = text.ptr, .len = (uint32_t)text.len, .t = t, .ts = lang != DD_LANG_JAVASCRIPT, .jsx = lang != DD_LANG_TYPESCRIPT };
    if (text.len >= UINT32_MAX / 2 || (text.len && memchr(text.ptr, '\0', text.len)) || !dd_utf8_valid(text))
        return false;
    q.tree = quick_tree_new(t);
    uint32_t root = qj_node(&q, K_program, 0), from = 0;
    if (dd_str_startsz(text, "#!")) {
        const char *end = memchr(text.ptr, '\n', text.len);
        from = end ? (uint32_t)(end - text.ptr) : q.len;
    }
    qj_seek(&q, from);
    while (q.tok.kind != QJ_END && !q.failed)
        qj_add(&q, root, statement(&q), F_none);
    t->v[root].end = q.len;
    free(q.tree.last);
    return !q.failed;
}
