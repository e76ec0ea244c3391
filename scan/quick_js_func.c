/* Functions and classes of the fast reader of scripts. */
#include "scan/quick_js.h"

/* --- decorators --- */

static uint32_t decorated_name(qj *q)
{
    uint32_t n = qj_name(q) ? qj_take(q, K_identifier) : qj_fail(q);
    while (qj_eat(q, '.')) {
        uint32_t m = qj_node(q, K_member_expression, qj_start(q, n));
        qj_add(q, m, n, F_object);
        qj_add(q, m, q->tok.kind == QJ_NAME ? qj_take(q, K_property_identifier) : qj_fail(q), F_property);
        qj_end(q, m);
        n = m;
    }
    if (!qj_is(q, '(') || q->failed)
        return n;
    uint32_t call = qj_node(q, K_call_expression, qj_start(q, n));
    qj_add(q, call, n, F_function);
    qj_add(q, call, qj_arguments(q), F_arguments);
    qj_end(q, call);
    return call;
}

uint32_t qj_decorators(qj *q)
{
    uint32_t first = 0, last = 0;
    while (qj_is(q, '@')) {
        uint32_t n = qj_node(q, K_decorator, q->tok.start);
        qj_next(q);
        qj_add(q, n, decorated_name(q), F_none);
        qj_end(q, n);
        if (last)
            q->t->v[last].next = n;
        else
            first = n;
        last = n;
    }
    return first;
}

static void add_decorators(qj *q, uint32_t n, uint32_t first)
{
    for (uint32_t next; first; first = next) {
        next = q->t->v[first].next;
        qj_add(q, n, first, F_decorator);
    }
}

/* --- parameters --- */

static bool is_access(const qj *q)
{
    return q->tok.word == W_public || q->tok.word == W_private || q->tok.word == W_protected;
}

/* After a modifier the parameter's own name must follow. */
static bool modifies(qj *q)
{
    qj_mark m = qj_here(q);
    qj_next(q);
    bool yes = q->tok.kind == QJ_NAME || qj_is(q, '{') || qj_is(q, '[');
    qj_back(q, m);
    return yes;
}

static uint32_t typed_parameter(qj *q)
{
    uint32_t n = qj_node(q, K_required_parameter, q->tok.start);
    add_decorators(q, n, qj_decorators(q));
    while (q->tok.kind == QJ_NAME && (is_access(q) || q->tok.word == W_readonly || q->tok.word == W_override) && modifies(q)) {
        if (q->tok.word == W_readonly)
            qj_mark_word(q, n, T_readonly, F_none);
        else
            qj_add(q, n, qj_take(q, q->tok.word == W_override ? K_other : K_accessibility_modifier), F_none);
    }
    qj_add(q, n, qj_word(q, W_this) ? qj_take(q, K_this) : qj_pattern(q), F_pattern);
    if (qj_eat(q, '?'))
        q->t->v[n].kind = K_optional_parameter;
    qj_add(q, n, qj_type_annotation(q), F_type);
    if (qj_eat(q, '='))
        qj_add(q, n, qj_expression(q), F_value);
    qj_end(q, n);
    return n;
}

uint32_t qj_parameters(qj *q)
{
    uint32_t n     = qj_node(q, K_formal_parameters, q->tok.start);
    bool     no_in = q->no_in, no_conditional = q->no_conditional;
    q->no_in = q->no_conditional = false;
    qj_need(q, '(');
    while (!qj_is(q, ')') && !q->failed) {
        qj_add(q, n, q->ts ? typed_parameter(q) : qj_pattern_default(q), F_none);
        if (!qj_is(q, ')'))
            qj_need(q, ',');
    }
    qj_need(q, ')');
    q->no_in          = no_in;
    q->no_conditional = no_conditional;
    qj_end(q, n);
    return n;
}

bool qj_signature(qj *q, uint32_t n)
{
    if (q->ts && qj_is(q, '<'))
        qj_add(q, n, qj_type_parameters(q), F_type_parameters);
    qj_add(q, n, qj_parameters(q), F_parameters);
    if (q->ts)
        qj_add(q, n, qj_type_annotation(q), F_return_type);
    return !q->failed;
}

/* --- functions --- */

uint32_t qj_function(qj *q, bool declaration)
{
    uint32_t n = qj_node(q, declaration ? K_function_declaration : K_function_expression, q->tok.start);
    if (!qj_enter(q))
        return 0;
    if (qj_word(q, W_async))
        qj_mark_word(q, n, T_async, F_none);
    qj_next(q);
    if (qj_is(q, '*')) {
        qj_mark_word(q, n, T_star, F_none);
        q->t->v[n].kind = declaration ? K_generator_function_declaration : K_generator_function;
    }
    if (qj_name(q))
        qj_add(q, n, qj_take(q, K_identifier), F_name);
    else if (declaration)
        qj_fail(q);
    qj_signature(q, n);
    if (declaration && q->ts && !qj_is(q, '{')) { /* an overload */
        qj_semicolon(q, false);
        q->t->v[n].kind = K_function_signature;
        qj_leaf(q, n);
    } else {
        qj_add(q, n, qj_block(q), F_body);
    }
    q->depth--;
    qj_end(q, n);
    return n;
}

uint32_t qj_method(qj *q, uint32_t n)
{
    if (!qj_enter(q))
        return 0;
    qj_signature(q, n);
    qj_add(q, n, qj_block(q), F_body);
    q->depth--;
    qj_end(q, n);
    return n;
}

static uint32_t arrow_body(qj *q, uint32_t n)
{
    bool block = false;
    qj_next(q);
    if (qj_is(q, '{')) {
        block = true;
        qj_add(q, n, qj_block(q), F_body);
    } else {
        qj_add(q, n, qj_expression(q), F_body);
    }
    qj_end(q, n);
    /* An arrow with a block ends an expression; the grammar would go on. */
    if (block && (qj_is(q, '(') || qj_is(q, '[') || qj_is(q, '.') || qj_is(q, '`') || qj_is(q, '?') || qj_is(q, QJ_OP2('?', '.'))))
        return qj_fail(q);
    return n;
}

/* x => ..., async x => ... */
static uint32_t plain_arrow(qj *q)
{
    qj_mark  m = qj_here(q);
    uint32_t n = qj_node(q, K_arrow_function, q->tok.start);
    if (qj_word(q, W_async)) {
        qj_next(q);
        bool name = qj_name(q) && !q->tok.nl;
        qj_back(q, m);
        n = qj_node(q, K_arrow_function, q->tok.start);
        if (name)
            qj_mark_word(q, n, T_async, F_none);
    }
    qj_add(q, n, qj_take(q, K_identifier), F_parameter);
    if (!q->failed && qj_is(q, QJ_OP2('=', '>')) && !q->tok.nl)
        return arrow_body(q, n);
    qj_back(q, m);
    return 0;
}

/* (a, b): T => ..., async <T>(a) => ... */
static uint32_t full_arrow(qj *q)
{
    qj_mark  m = qj_here(q);
    uint32_t n = qj_node(q, K_arrow_function, q->tok.start);
    if (++q->guesses > 20000)
        return qj_fail(q);
    if (qj_word(q, W_async))
        qj_mark_word(q, n, T_async, F_none);
    bool generic = qj_is(q, '<');
    if (generic)
        qj_add(q, n, qj_type_parameters(q), F_type_parameters);
    qj_add(q, n, qj_parameters(q), F_parameters);
    if (q->ts && qj_is(q, ':') && !q->no_conditional)
        qj_add(q, n, qj_type_annotation(q), F_return_type);
    if (!q->failed && qj_is(q, QJ_OP2('=', '>')) && !q->tok.nl)
        return arrow_body(q, n);
    bool unclear = !q->failed && qj_is(q, ':') && q->no_conditional; /* a ? (b) : c => d */
    qj_back(q, m);
    if (unclear && q->guesses > 10000)
        return qj_fail(q);
    return 0;
}

uint32_t qj_arrow(qj *q)
{
    if (qj_is(q, '(') || (q->ts && qj_is(q, '<')))
        return full_arrow(q);
    if (!qj_name(q))
        return 0;
    if (!qj_word(q, W_async)) {
        uint32_t i = q->tok.end; /* mostly no arrow: looked up without a token */
        while (i < q->len && (q->s[i] == ' ' || q->s[i] == '\t' || q->s[i] == '\r' || q->s[i] == '\n'))
            i++;
        return i + 1 < q->len && ((q->s[i] == '=' && q->s[i + 1] == '>') || q->s[i] == '/') ? plain_arrow(q) : 0;
    }
    qj_mark m = qj_here(q);
    qj_next(q);
    bool full = (qj_is(q, '(') || (q->ts && qj_is(q, '<'))) && !q->tok.nl;
    bool name = qj_name(q) || qj_is(q, QJ_OP2('=', '>'));
    qj_back(q, m);
    return full ? full_arrow(q) : name ? plain_arrow(q) : 0;
}

/* --- classes --- */

static bool member_name_follows(qj *q)
{
    return q->tok.kind == QJ_NAME || q->tok.kind == QJ_PRIVATE || q->tok.kind == QJ_STRING || q->tok.kind == QJ_NUMBER || qj_is(q, '[') || qj_is(q, '*');
}

/* Takes the words in front of a member's name into n. True: some of them make it a method. */
static bool modifiers(qj *q, uint32_t n, bool *abstract)
{
    bool method = false;
    while (q->tok.kind == QJ_NAME && !q->failed) {
        uint8_t w = q->tok.word;
        bool    typed = is_access(q) || w == W_readonly || w == W_override || w == W_abstract || w == W_declare || w == W_accessor;
        if (w != W_static && w != W_async && w != W_get && w != W_set && !(typed && q->ts))
            break;
        qj_mark m = qj_here(q);
        qj_next(q);
        bool follows = member_name_follows(q) && !(q->tok.nl && (w == W_async || w == W_get || w == W_set || w == W_static));
        qj_back(q, m);
        if (!follows)
            break;
        method |= w == W_async || w == W_get || w == W_set;
        *abstract |= w == W_abstract;
        if (is_access(q) || w == W_override)
            qj_add(q, n, qj_take(q, w == W_override ? K_other : K_accessibility_modifier), F_none);
        else if (w == W_abstract || w == W_accessor)
            qj_next(q);
        else
            qj_mark_word(q, n, w == W_static ? T_static : w == W_async ? T_async : w == W_get ? T_get : w == W_set ? T_set :
                               w == W_readonly ? T_readonly : T_declare, F_none);
    }
    if (qj_is(q, '*')) {
        qj_mark_word(q, n, T_star, F_none);
        return true;
    }
    return method;
}

static uint32_t static_block(qj *q)
{
    qj_mark m = qj_here(q);
    uint32_t n = qj_node(q, K_class_static_block, q->tok.start);
    qj_mark_word(q, n, T_static, F_none);
    if (!qj_is(q, '{')) {
        qj_back(q, m);
        return 0;
    }
    qj_add(q, n, qj_block(q), F_body);
    qj_end(q, n);
    return n;
}

static void member_end(qj *q, bool expression)
{
    if (q->ts && qj_eat(q, ','))
        return;
    qj_semicolon(q, expression);
}

static uint32_t field(qj *q, uint32_t n, uint32_t key)
{
    q->t->v[n].kind = q->ts ? K_public_field_definition : K_field_definition;
    qj_add(q, n, key, q->ts ? F_name : F_property);
    if (q->ts && !qj_eat(q, '?') && qj_is(q, '!'))
        qj_next(q);
    if (q->ts)
        qj_add(q, n, qj_type_annotation(q), F_type);
    bool value = qj_eat(q, '=');
    if (value)
        qj_add(q, n, qj_expression(q), F_value);
    qj_end(q, n);
    member_end(q, value);
    return n;
}

/* A method without a body: an overload, or abstract. */
static uint32_t bodiless(qj *q, uint32_t n, bool abstract)
{
    q->t->v[n].kind = abstract ? K_abstract_method_signature : K_method_signature;
    qj_end(q, n);
    if (!abstract)
        qj_leaf(q, n);
    member_end(q, false);
    return n;
}

static uint32_t index_signature(qj *q, uint32_t n)
{
    qj_mark m = qj_here(q);
    qj_next(q);
    bool name = qj_name(q);
    qj_next(q);
    bool is = name && qj_is(q, ':');
    qj_back(q, m);
    if (!is || !q->ts)
        return 0;
    q->t->v[n].kind = K_index_signature;
    qj_next(q);
    qj_next(q);
    qj_next(q);
    qj_type(q);
    qj_need(q, ']');
    qj_type_annotation(q);
    qj_end(q, n);
    qj_leaf(q, n);
    member_end(q, false);
    return n;
}

static uint32_t class_member(qj *q, uint32_t decorators)
{
    uint32_t n        = qj_node(q, K_method_definition, q->tok.start);
    bool     abstract = false, method = modifiers(q, n, &abstract);
    if (qj_is(q, '[')) {
        uint32_t index = index_signature(q, n);
        if (index || q->failed)
            return index;
    }
    uint32_t key = qj_property_name(q);
    qj_mark  m   = qj_here(q);
    if (q->ts && qj_eat(q, '?') && !qj_is(q, '(') && !qj_is(q, '<'))
        qj_back(q, m);
    if (!method && !qj_is(q, '(') && !qj_is(q, '<')) {
        if (decorators) {
            q->t->v[n].start = qj_start(q, decorators);
            uint32_t moved = q->t->v[n].child; /* decorators stand first */
            q->t->v[n].child = q->tree.last[n] = 0;
            add_decorators(q, n, decorators);
            for (uint32_t next; moved; moved = next) {
                next = q->t->v[moved].next;
                qj_add(q, n, moved, q->t->v[moved].field);
            }
        }
        return field(q, n, key);
    }
    qj_add(q, n, key, F_name);
    qj_signature(q, n);
    if (!qj_is(q, '{'))
        return q->ts ? bodiless(q, n, abstract) : qj_fail(q);
    if (decorators && !q->ts) {
        qj_fail(q);
        return 0;
    }
    qj_add(q, n, qj_block(q), F_body);
    qj_end(q, n);
    return n;
}

static uint32_t class_body(qj *q)
{
    uint32_t n = qj_node(q, K_class_body, q->tok.start);
    qj_need(q, '{');
    while (!qj_is(q, '}') && !q->failed) {
        if (qj_eat(q, ';'))
            continue;
        uint32_t decorators = qj_decorators(q), member = 0;
        if (qj_word(q, W_static) && !decorators)
            member = static_block(q);
        if (!member)
            member = class_member(q, decorators);
        if (qj_kind_of(q, member) == K_method_definition || qj_kind_of(q, member) == K_abstract_method_signature)
            add_decorators(q, n, decorators);
        qj_add(q, n, member, F_none);
    }
    qj_need(q, '}');
    qj_end(q, n);
    return n;
}

static uint32_t heritage(qj *q)
{
    uint32_t n = qj_node(q, K_class_heritage, q->tok.start);
    if (!q->ts) {
        qj_next(q);
        qj_add(q, n, qj_expression(q), F_none);
    } else if (qj_word(q, W_extends)) {
        uint32_t clause = qj_node(q, K_extends_clause, q->tok.start);
        qj_next(q);
        qj_mark m = qj_here(q);
        uint32_t base = qj_left_side(q);
        if (qj_is(q, '(')) { /* extends mixin(Base) */
            qj_back(q, m);
            base = qj_expression(q);
        }
        qj_add(q, clause, base, F_value);
        if (qj_is(q, '<'))
            qj_add(q, clause, qj_type_arguments(q), F_type_arguments);
        if (qj_is(q, ',') || qj_is(q, '('))
            return qj_fail(q);
        qj_end(q, clause);
        qj_add(q, n, clause, F_none);
    }
    if (q->ts && qj_word(q, W_implements)) {
        uint32_t clause = qj_node(q, K_implements_clause, q->tok.start);
        do {
            qj_next(q);
            qj_type(q);
        } while (qj_is(q, ','));
        qj_end(q, clause);
        qj_leaf(q, clause);
        qj_add(q, n, clause, F_none);
    }
    qj_end(q, n);
    return n;
}

uint32_t qj_class(qj *q, uint16_t kind, uint32_t start, uint32_t decorators)
{
    uint32_t n = qj_node(q, kind, start);
    if (!qj_enter(q))
        return 0;
    add_decorators(q, n, decorators);
    if (qj_eat_word(q, W_abstract))
        q->t->v[n].kind = K_abstract_class_declaration;
    if (!qj_eat_word(q, W_class))
        return qj_fail(q);
    if (qj_name(q) && !qj_word(q, W_implements))
        qj_add(q, n, qj_take(q, q->ts ? K_type_identifier : K_identifier), F_name);
    else if (kind != K_class)
        return qj_fail(q);
    if (q->ts && qj_is(q, '<'))
        qj_add(q, n, qj_type_parameters(q), F_type_parameters);
    if (qj_word(q, W_extends) || (q->ts && qj_word(q, W_implements)))
        qj_add(q, n, heritage(q), F_none);
    qj_add(q, n, class_body(q), F_body);
    q->depth--;
    qj_end(q, n);
    return n;
}
