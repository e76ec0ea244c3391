/* proxy/check.c - whether a cheap model's answer will do, or the ladder's next model is asked (R2.2, cascading).
 *
 * Looks at what the answer is, not at what it says, but for refusals, whose first words are much the same everywhere. An answer that is not good enough was paid for all
 * the same: its cost stays in the request's bill. */
#include "proxy/exchange.h"

static bool opens_with_refusal(dd_str text)
{
    static const char *const openings[] = {
        "i'm sorry, but i can", "i am sorry, but i can", "i'm sorry, i can", "sorry, but i can", "i can't help with", "i can't assist", "i cannot help with",
        "i cannot assist", "i cannot provide", "i can't provide", "i'm unable to", "i am unable to", "i'm not able to", "i am not able to", "i won't be able to",
        "as an ai language model, i can", "unfortunately, i can", "i must decline", "es tut mir leid, aber ich kann", "lo siento, pero no puedo",
        "je suis d\xc3\xa9sol\xc3\xa9, mais je ne peux",
    };
    enum { SHORT = 600 };               /* what goes on for longer answers something */
    text = dd_str_trim(text);
    for (size_t i = 0; text.len < SHORT && i < DD_COUNT(openings); i++)
        if (dd_str_eq_nocase(dd_str_sub(text, 0, strlen(openings[i])), dd_str_z(openings[i])))
            return true;
    return false;
}

/* The answer's text, and what else it is made of. */
typedef struct { dd_buf text; size_t calls, broken_calls, refusals; } made_of;

static void look(exchange *x, const dd_answer *answer, made_of *m)
{
    for (const dd_part *p = answer->parts; p; p = p->next) {
        if (p->kind == DD_PART_TEXT)
            dd_buf_add(&m->text, dd_jtext_decode(p->text, x->h->arena));
        m->calls        += p->kind == DD_PART_TOOL_CALL;
        m->broken_calls += p->kind == DD_PART_TOOL_CALL && !p->custom && !p->raw.len;
        m->refusals     += p->kind == DD_PART_REFUSAL;
    }
}

static bool is_json(exchange *x, dd_str text)
{
    dd_jspan span = { .n = 0 };
    return dd_jspan_parse(&span, x->h->arena, text, NULL) == DD_OK && (dd_jspan_kind(&span, 0) == DD_J_OBJECT || dd_jspan_kind(&span, 0) == DD_J_ARRAY);
}

/* Which of the route's checks it fails. Bits. */
static unsigned failed_checks(exchange *x, const dd_answer *answer, const made_of *m)
{
    dd_str   text = dd_buf_str(&m->text);
    unsigned bits = 0;
    if (!dd_str_trim(text).len && !m->calls)
        bits |= DD_CHECK_EMPTY;
    if (answer->stop == DD_STOP_LENGTH)
        bits |= DD_CHECK_TRUNCATED;
    if (answer->stop == DD_STOP_FILTER || m->refusals || (!m->calls && opens_with_refusal(text)))
        bits |= DD_CHECK_REFUSAL;
    if (x->asked.json_schema && !m->calls && !is_json(x, text))
        bits |= DD_CHECK_JSON;
    if (m->broken_calls)
        bits |= DD_CHECK_TOOL;
    return bits & x->plan.checks;
}

void check_reject(exchange *x)
{
    dd_jspan span   = { .n = 0 };
    bool     parsed = dd_jspan_parse(&span, x->h->arena, dd_buf_str(&x->collected), NULL) == DD_OK && dd_jspan_kind(&span, 0) == DD_J_OBJECT;
    if (parsed) {
        dd_usage_read(x->to, &span, &x->usage, &x->stop);
        settle_answer(x, &span);
    }
    attempt_end(x, DD_EC_NONE);
    if (x->bill.actual != DD_PUSD_UNKNOWN)
        x->spent = x->bill.actual;
    attempt_keep(x);
    attempt_next(x);
}

bool check_rejects(exchange *x, const dd_jspan *span)
{
    dd_answer      answer = { 0 };
    made_of        m      = { .text = DD_BUF_INIT(0) };
    dd_api_error   error  = { 0 };
    dd_dialect_ctx ctx    = { .arena = x->h->arena, .drops = &x->drops, .unsupported = x->s->unsupported, .names = &x->names, .ids = &x->ids, .error = &error };
    bool           read   = span && dd_answer_read(x->to, span, &ctx, &answer);
    if (read)
        look(x, &answer, &m);
    bool rejected = !read || failed_checks(x, &answer, &m) != 0;
    bool asked    = !rejected && x->plan.verifier.len && !x->verified && verify_start(x, dd_buf_str(&m.text));
    dd_buf_free(&m.text);
    if (asked) {                         /* paid for, should the client leave before it gets it */
        dd_usage_read(x->to, span, &x->usage, &x->stop);
        settle_answer(x, span);
    }
    if (rejected)
        check_reject(x);
    return rejected || asked;
}
