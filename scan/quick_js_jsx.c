/* JSX of the fast reader of scripts. Text is passed over; names, attributes and embedded expressions are kept. */
#include "scan/quick_js.h"

static bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
static bool in_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '$' || c == '-';
}

/* A name may hold dashes here, so it is read from the bytes. */
static uint32_t jsx_word(qj *q, uint16_t kind)
{
    uint32_t i = q->tok.start;
    if (q->tok.kind != QJ_NAME)
        return qj_fail(q);
    while (i < q->len && in_name(q->s[i]))
        i++;
    uint32_t n = qj_node(q, kind, q->tok.start);
    if (i == q->tok.start)
        return qj_fail(q);
    q->t->v[n].end = q->before = i;
    qj_seek(q, i);
    return n;
}

static uint32_t element_name(qj *q)
{
    uint32_t n = jsx_word(q, K_identifier);
    if (qj_is(q, ':')) {
        uint32_t space = qj_node(q, K_jsx_namespace_name, qj_start(q, n));
        qj_next(q);
        qj_add(q, space, n, F_none);
        qj_add(q, space, jsx_word(q, K_identifier), F_none);
        qj_end(q, space);
        return space;
    }
    while (qj_eat(q, '.')) {
        uint32_t m = qj_node(q, K_member_expression, qj_start(q, n));
        qj_add(q, m, n, F_object);
        qj_add(q, m, jsx_word(q, K_property_identifier), F_property);
        qj_end(q, m);
        n = m;
    }
    return n;
}

/* {x}, {...x}, {}; the current token is its brace. The token behind is not read: it may be text. */
static uint32_t embedded(qj *q)
{
    uint32_t n = qj_node(q, K_jsx_expression, q->tok.start);
    qj_next(q);
    if (qj_is(q, QJ_OP3('.', '.', '.'))) {
        uint32_t spread = qj_node(q, K_spread_element, q->tok.start);
        qj_next(q);
        qj_add(q, spread, qj_expression(q), F_none);
        qj_end(q, spread);
        qj_add(q, n, spread, F_none);
    } else if (!qj_is(q, '}')) {
        qj_add(q, n, qj_sequence(q), F_none);
    }
    if (!qj_is(q, '}'))
        return qj_fail(q);
    q->t->v[n].end = q->tok.end;
    return n;
}

/* A text in quotes has no escapes and may span lines. */
static uint32_t attribute_text(qj *q, uint32_t i)
{
    char     quote = q->s[i];
    uint32_t n     = qj_node(q, K_string, i);
    for (i++; i < q->len && q->s[i] != quote; i++)
        ;
    if (i >= q->len)
        return qj_fail(q);
    q->t->v[n].end = q->before = i + 1;
    qj_seek(q, i + 1);
    return n;
}

static uint32_t attribute(qj *q)
{
    uint32_t n = qj_node(q, K_jsx_attribute, q->tok.start), name = jsx_word(q, K_property_identifier);
    if (qj_is(q, ':')) {
        uint32_t space = qj_node(q, K_jsx_namespace_name, qj_start(q, name));
        qj_next(q);
        q->t->v[name].kind = K_identifier;
        qj_add(q, space, name, F_none);
        qj_add(q, space, jsx_word(q, K_identifier), F_none);
        qj_end(q, space);
        name = space;
    }
    qj_add(q, n, name, F_none);
    if (qj_is(q, '=')) {
        uint32_t i = q->tok.end, value;
        while (i < q->len && is_space(q->s[i]))
            i++;
        if (i < q->len && (q->s[i] == '"' || q->s[i] == '\'')) {
            value = attribute_text(q, i);
        } else {
            qj_next(q);
            value = qj_is(q, '{') ? embedded(q) : qj_is(q, '<') ? qj_jsx(q) : qj_fail(q);
            if (qj_is(q, '}'))
                qj_next(q);
        }
        qj_add(q, n, value, F_none);
    }
    qj_end(q, n);
    return n;
}

/* Behind an opening tag, up to the `</` of its own closing tag, which becomes the current token. */
static void children(qj *q, uint32_t n, uint32_t i)
{
    for (; !q->failed; i++) {
        if (i >= q->len || q->s[i] == '>' || q->s[i] == '}') {
            qj_fail(q);
        } else if (q->s[i] == '{') {
            qj_seek(q, i);
            qj_add(q, n, embedded(q), F_none);
            i = q->tok.end - 1;
        } else if (q->s[i] == '<') {
            qj_seek(q, i);
            if (i + 1 < q->len && q->s[i + 1] == '/')
                return;
            uint32_t child = qj_jsx(q);
            qj_add(q, n, child, F_none);
            i = q->before - 1;
        }
    }
}

/* The current token is `<`; then the one behind the element. */
uint32_t qj_jsx(qj *q)
{
    uint32_t start = q->tok.start;
    if (!qj_enter(q))
        return 0;
    uint32_t tag = qj_node(q, K_jsx_opening_element, start);
    qj_next(q);
    if (!qj_is(q, '>'))
        qj_add(q, tag, element_name(q), F_name);
    if (qj_is(q, '<') && q->ts)
        qj_add(q, tag, qj_type_arguments(q), F_type_arguments);
    while (!q->failed && !qj_is(q, '>') && !qj_is(q, '/')) {
        qj_add(q, tag, qj_is(q, '{') ? embedded(q) : attribute(q), F_attribute);
        if (qj_is(q, '}'))
            qj_next(q);
    }
    if (qj_is(q, '/')) {
        q->t->v[tag].kind = K_jsx_self_closing_element;
        qj_next(q);
        qj_need(q, '>');
        qj_end(q, tag);
        q->depth--;
        return tag;
    }
    uint32_t n = qj_node(q, K_jsx_element, start);
    q->t->v[tag].end = q->tok.end;
    qj_add(q, n, tag, F_open_tag);
    children(q, n, q->tok.end);
    uint32_t closing = qj_node(q, K_jsx_closing_element, q->tok.start);
    qj_next(q);
    qj_need(q, '/');
    if (!qj_is(q, '>'))
        qj_add(q, closing, element_name(q), F_name);
    qj_need(q, '>');
    qj_end(q, closing);
    qj_add(q, n, closing, F_close_tag);
    qj_end(q, n);
    q->depth--;
    return n;
}
