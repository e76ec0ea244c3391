#include "route/tokens_split.h"

typedef const uint8_t *place;

static inline uint8_t class_of(uint32_t cp)
{
    const dd_tok_head *head = (const dd_tok_head *)(const void *)dd_tok_blob;
    unsigned block = dd_tok_blob[head->class_index + cp / DD_TOK_BLOCK];
    return dd_tok_blob[head->class_blocks + block * DD_TOK_BLOCK + cp % DD_TOK_BLOCK];
}

/* Class of the code point at p, which is valid UTF-8; *next is behind it. */
static inline uint8_t class_at(place p, place *next)
{
    uint32_t c = p[0];
    if (c < 0x80) {
        *next = p + 1;
    } else if (c < 0xe0) {
        *next = p + 2;
        c = (c & 0x1f) << 6 | (p[1] & 0x3fu);
    } else if (c < 0xf0) {
        *next = p + 3;
        c = (c & 0x0f) << 12 | (p[1] & 0x3fu) << 6 | (p[2] & 0x3fu);
    } else {
        *next = p + 4;
        c = (c & 0x07) << 18 | (p[1] & 0x3fu) << 12 | (p[2] & 0x3fu) << 6 | (p[3] & 0x3fu);
    }
    return class_of(c);
}

/* Behind the code points from p on that have one of the class bits (or, negated, none of them). */
static inline place run(place p, place end, uint8_t bits, bool negated)
{
    place next;
    while (p < end && !(class_at(p, &next) & bits) == negated)
        p = next;
    return p;
}

/* Of two bytes, the higher first: re ve ll in any case, and U+017F. */
static bool two_byte_ending(uint32_t pair)
{
    uint32_t lower = pair | 0x2020;
    return lower == ('r' << 8 | 'e') || lower == ('v' << 8 | 'e') || lower == ('l' << 8 | 'l') || pair == 0xc5bf;
}

size_t dd_tok_contraction(place p, place end)
{
    static const uint8_t one_byte[] = {'s', 't', 'm', 'd'};
    size_t left = (size_t)(end - p);
    if (left < 2 || p[0] != '\'')
        return 0;
    if (memchr(one_byte, p[1] | 0x20, sizeof one_byte) != NULL)
        return 2;
    return left > 2 && two_byte_ending((uint32_t)p[1] << 8 | p[2]) ? 3 : 0;
}

/* \p{N}{1,3} */
static place numbers(place p, place end)
{
    place next;
    for (int i = 0; i < 3 && p < end && (class_at(p, &next) & DD_TOK_NUMBER); i++)
        p = next;
    return p;
}

/* " ?[^\s\p{L}\p{N}]+", then CRs, LFs and what else `slash` names (0: nothing); NULL: it is not that. */
static place others(place p, place end, uint8_t slash)
{
    const uint8_t inside = DD_TOK_SPACE | DD_TOK_LETTER | DD_TOK_NUMBER;
    place from = p + (*p == ' '), to = run(from, end, inside, true);
    if (to == from)
        return NULL;
    while (to < end && (*to == '\r' || *to == '\n' || (slash && *to == slash)))
        to++;
    return to;
}

/* White space at p, which there is: to the text's end if `to_end` (cl100k: \s++$), else up to the last line break of the
 * run, else all but its last character, which is left for the word behind, unless the text ends or it is the only one. */
static place spaces(place p, place end, bool to_end)
{
    place q = p, next, last = p, line = NULL;
    for (uint8_t class; q < end && ((class = class_at(q, &next)) & DD_TOK_SPACE); q = next) {
        last = q;
        if (class & DD_TOK_BREAK)
            line = next;
    }
    if (q == end && to_end)
        return q;
    if (line != NULL)
        return line;
    return q == end || last == p ? q : last;
}

static place rest(place p, place end, uint8_t slash, bool to_end)
{
    place other = others(p, end, slash);
    return other != NULL ? other : spaces(p, end, to_end);
}

place dd_tok_split_cl100k(place p, place end)
{
    size_t  cut = dd_tok_contraction(p, end);
    place   next, behind;
    uint8_t class;
    if (cut > 0)
        return p + cut;
    class = class_at(p, &next);
    if (class & DD_TOK_LETTER)
        return run(next, end, DD_TOK_LETTER, false);
    if (class & DD_TOK_NUMBER)
        return numbers(p, end);
    if (!(class & DD_TOK_BREAK) && next < end && (class_at(next, &behind) & DD_TOK_LETTER))
        return run(behind, end, DD_TOK_LETTER, false);
    return rest(p, end, 0, true);
}

/* [Lu Lt Lm Lo M]*[Ll Lm Lo M]+ from p; NULL: no match. The first run gives back, from its end, what may also stand in
 * the second: then the match ends behind the last such character, as behind it the second run cannot go on. */
static place word_lower(place p, place end)
{
    place q = p, next, both = NULL;
    for (uint8_t class; q < end && ((class = class_at(q, &next)) & DD_TOK_UPPER); q = next)
        if (class & DD_TOK_LOWER)
            both = next;
    place to = run(q, end, DD_TOK_LOWER, false);
    return to > q ? to : both;
}

/* [Lu Lt Lm Lo M]+[Ll Lm Lo M]* */
static place word_upper(place p, place end)
{
    place q = run(p, end, DD_TOK_UPPER, false);
    return q > p ? run(q, end, DD_TOK_LOWER, false) : NULL;
}

/* The two word alternatives, each first behind the optional leading character, then without it. */
static place word(place p, place end)
{
    place   from;
    uint8_t class = class_at(p, &from);
    bool    lead = !(class & (DD_TOK_LETTER | DD_TOK_NUMBER | DD_TOK_BREAK)) && from < end;
    place   to = lead ? word_lower(from, end) : NULL;
    if (to == NULL)
        to = word_lower(p, end);
    if (to == NULL && lead)
        to = word_upper(from, end);
    if (to == NULL)
        to = word_upper(p, end);
    return to == NULL ? NULL : to + dd_tok_contraction(to, end);
}

place dd_tok_split_o200k(place p, place end)
{
    place   next, to = word(p, end);
    uint8_t class;
    if (to != NULL)
        return to;
    class = class_at(p, &next);
    if (class & DD_TOK_NUMBER)
        return numbers(p, end);
    return rest(p, end, '/', false);
}
