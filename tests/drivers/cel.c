/* Evaluates expressions, one a line of stdin: expression, container, "unchecked" or "-", then name=value pairs; all in hexadecimal but the flag,
 * tabs between. Values are expressions too. A line of JSON for each: {"error": ...} or the typed value, texts in hexadecimal. */
#include <stdio.h>

#include "base/zone.h"
#include "route/cel.h"

static dd_str unhex(dd_arena *a, dd_str hex)
{
    char *text = dd_arena_alloc(a, hex.len / 2 + 1);
    for (size_t i = 0; i + 1 < hex.len; i += 2)
        text[i / 2] = (char)(dd_hex_digit(hex.ptr[i]) * 16 + dd_hex_digit(hex.ptr[i + 1]));
    text[hex.len / 2] = '\0';
    return (dd_str){ text, hex.len / 2 };
}

static void show_hex(const char *kind, dd_str s)
{
    printf("{\"%s\":\"", kind);
    for (size_t i = 0; i < s.len; i++)
        printf("%02x", (unsigned char)s.ptr[i]);
    printf("\"}");
}

static void show(const dd_cel_value *v)
{
    switch (v->type) {
    case DD_CEL_NULL:      printf("{\"null\":null}"); break;
    case DD_CEL_BOOL:      printf("{\"bool\":%s}", v->b ? "true" : "false"); break;
    case DD_CEL_INT:       printf("{\"int\":\"%lld\"}", (long long)v->i); break;
    case DD_CEL_UINT:      printf("{\"uint\":\"%llu\"}", (unsigned long long)v->u); break;
    case DD_CEL_DOUBLE:    printf("{\"double\":\"%.17g\"}", v->d); break;
    case DD_CEL_STRING:    show_hex("string", v->s); break;
    case DD_CEL_BYTES:     show_hex("bytes", v->s); break;
    case DD_CEL_TYPE:      printf("{\"type\":\"%s\"}", dd_cel_type_name((dd_cel_type)v->is)); break;
    case DD_CEL_TIMESTAMP:
    case DD_CEL_DURATION:  printf("{\"%s\":[%lld,%d]}", v->type == DD_CEL_DURATION ? "duration" : "timestamp", (long long)v->seconds, v->ns); break;
    case DD_CEL_LIST:
        printf("{\"list\":[");
        for (size_t i = 0; i < v->list.n; i++) {
            printf(i ? "," : "");
            show(&v->list.items[i]);
        }
        printf("]}");
        break;
    case DD_CEL_MAP:
        printf("{\"map\":[");
        for (size_t i = 0; i < v->map.n; i++) {
            printf(i ? ",[" : "[");
            show(&v->map.entries[i].key);
            printf(",");
            show(&v->map.entries[i].value);
            printf("]");
        }
        printf("]}");
        break;
    default:               printf("{\"error\":\"value\"}"); break;
    }
}

static dd_code value_of(dd_arena *a, dd_str text, dd_cel_env *env, const dd_cel_vars *vars, dd_cel_value *out, dd_err *err)
{
    size_t  at;
    dd_cel *p = dd_cel_compile(text, env, a, err, &at);
    return p ? dd_cel_eval(p, vars, a, out, err) : DD_ERR_PARSE;
}

int main(void)
{
    dd_zones *zones = dd_zones_open(NULL);
    char     *line = NULL;
    size_t    cap = 0;
    ssize_t   n;
    while ((n = getline(&line, &cap, stdin)) > 0) {
        dd_arena     a = DD_ARENA_INIT;
        dd_err       err = DD_ERR_INIT;
        dd_cel_var   vars[16] = { { 0 } };
        dd_cel_value values[16] = { { 0 } }, v;
        dd_cel_env   none = { 0 }, env = { .vars = vars, .zone = dd_zones_offset, .zone_ctx = zones };
        dd_str       rest = dd_str_trim((dd_str){ line, (size_t)n }), text = unhex(&a, dd_str_cut(&rest, '\t'));
        dd_str       container = unhex(&a, dd_str_cut(&rest, '\t'));
        env.container = container.ptr;
        env.unchecked = dd_str_eqz(dd_str_cut(&rest, '\t'), "unchecked");
        while (rest.len && env.n < DD_COUNT(vars)) {
            dd_str pair = dd_str_cut(&rest, '\t'), name = unhex(&a, dd_str_cut(&pair, '='));
            if (value_of(&a, unhex(&a, pair), &none, NULL, &values[env.n], &err) != DD_OK)
                printf("binding: %s\n", err.msg);
            vars[env.n++] = (dd_cel_var){ name.ptr, DD_CEL_DYN, DD_CEL_UNSET, "" };
        }
        if (value_of(&a, text, &env, &(dd_cel_vars){ .values = values }, &v, &err) == DD_OK)
            show(&v);
        else
            show_hex("error", dd_str_z(err.msg));
        printf("\n");
        dd_arena_fini(&a);
    }
    free(line);
    dd_zones_close(zones);
    return 0;
}
