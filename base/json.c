#include "base/json.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

void dd_json_quote(dd_buf *out, dd_str s)
{
    dd_buf_addc(out, '"');
    for (size_t i = 0; i < s.len;) {
        size_t run = i; /* plain ASCII goes in one piece */
        while (run < s.len && (unsigned char)s.ptr[run] >= 0x20 && (unsigned char)s.ptr[run] < 0x7f && s.ptr[run] != '"' &&
               s.ptr[run] != '\\')
            run++;
        dd_buf_add(out, dd_str_sub(s, i, run));
        i = run;
        if (i == s.len)
            break;
        uint32_t cp = dd_utf8_next(s, &i);
        switch (cp) {
        case '"': dd_buf_addz(out, "\\\""); break;
        case '\\': dd_buf_addz(out, "\\\\"); break;
        case '\n': dd_buf_addz(out, "\\n"); break;
        case '\r': dd_buf_addz(out, "\\r"); break;
        case '\t': dd_buf_addz(out, "\\t"); break;
        default:
            if (dd_utf8_harmful(cp))
                dd_buf_printf(out, "\\u%04x", (unsigned)cp);
            else
                dd_buf_utf8(out, cp);
        }
    }
    dd_buf_addc(out, '"');
}

static void newline(dd_json *j)
{
    if (j->indent) {
        dd_buf_addc(j->out, '\n');
        dd_buf_pad(j->out, ' ', (size_t)j->indent * (size_t)j->depth);
    }
}

/* Comma and line break in front of a value or key; a value behind its key needs neither. */
static void before(dd_json *j)
{
    if (j->out->len && j->out->ptr[j->out->len - 1] == ':') {
        if (j->indent)
            dd_buf_addc(j->out, ' ');
        return;
    }
    if (j->depth == 0)
        return;
    uint64_t bit = (uint64_t)1 << (j->depth & 63);
    if (j->used & bit)
        dd_buf_addc(j->out, ',');
    j->used |= bit;
    newline(j);
}

void dd_json_open(dd_json *j, char bracket)
{
    before(j);
    dd_buf_addc(j->out, bracket);
    j->depth++;
    j->used &= ~((uint64_t)1 << (j->depth & 63));
}

void dd_json_close(dd_json *j, char bracket)
{
    bool any = j->used >> (j->depth & 63) & 1;
    j->depth--;
    if (any)
        newline(j);
    dd_buf_addc(j->out, bracket);
}

void dd_json_key_str(dd_json *j, dd_str key)
{
    before(j);
    dd_json_quote(j->out, key);
    dd_buf_addc(j->out, ':');
}

void dd_json_key(dd_json *j, const char *key) { dd_json_key_str(j, dd_str_z(key)); }

void dd_json_raw(dd_json *j, dd_str json)
{
    before(j);
    dd_buf_add(j->out, json);
}

void dd_json_str(dd_json *j, dd_str s)
{
    before(j);
    dd_json_quote(j->out, s);
}

void dd_json_strz(dd_json *j, const char *z)
{
    if (z)
        dd_json_str(j, dd_str_z(z));
    else
        dd_json_null(j);
}

void dd_json_i64(dd_json *j, int64_t n)
{
    char text[24];
    snprintf(text, sizeof text, "%lld", (long long)n);
    dd_json_raw(j, dd_str_z(text));
}

void dd_json_bool(dd_json *j, bool b) { dd_json_raw(j, b ? DD_STR("true") : DD_STR("false")); }

void dd_json_time(dd_json *j, int64_t s)
{
    char      text[32];
    struct tm tm;
    time_t    t = (time_t)s;
    if (s > 0 && gmtime_r(&t, &tm) && strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm))
        dd_json_strz(j, text);
    else
        dd_json_null(j);
}

void dd_json_null(dd_json *j) { dd_json_raw(j, DD_STR("null")); }

cJSON *dd_json_parse(dd_str text, const char *what, dd_err *err)
{
    const char *end = NULL;
    cJSON      *tree = cJSON_ParseWithLengthOpts(text.len ? text.ptr : "", text.len, &end, 0);
    const char *stop = text.ptr + text.len;
    if (tree && end) { /* nothing but white space may follow */
        const char *p = end;
        while (p < stop && (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t' || *p == '\0'))
            p++;
        if (p == stop)
            return tree;
        end = p;
    }
    if (!end || end < text.ptr || end > stop)
        end = stop;
    size_t line = 1, column = 1;
    for (const char *p = text.ptr; p < end; p++) {
        column++;
        if (*p == '\n') {
            line++;
            column = 1;
        }
    }
    cJSON_Delete(tree);
    dd_fail(err, DD_ERR_PARSE, "%s, line %zu, column %zu: not valid JSON", what, line, column);
    return NULL;
}

void dd_json_member_i64(dd_json *j, const char *key, int64_t n)
{
    dd_json_key(j, key);
    dd_json_i64(j, n);
}

void dd_json_member_known(dd_json *j, const char *key, int64_t n)
{
    dd_json_key(j, key);
    if (n < 0)
        dd_json_null(j);
    else
        dd_json_i64(j, n);
}

void dd_json_member_str(dd_json *j, const char *key, dd_str s)
{
    dd_json_key(j, key);
    if (s.len)
        dd_json_str(j, s);
    else
        dd_json_null(j);
}
