/* Every function and operator of the language, an overload a row. The first row that takes the values is called, so frequent types stand first. */
#include "route/cel_parts.h"

#define I CEL_BIT(INT)
#define U CEL_BIT(UINT)
#define D CEL_BIT(DOUBLE)
#define B CEL_BIT(BOOL)
#define S CEL_BIT(STRING)
#define Y CEL_BIT(BYTES)
#define L CEL_BIT(LIST)
#define M CEL_BIT(MAP)
#define TS CEL_BIT(TIMESTAMP)
#define DU CEL_BIT(DURATION)
#define ANY CEL_ANY
#define G CEL_GLOBAL
#define R CEL_RECEIVER
#define OP1(name, x, result, fn) { name, G, 1, { x }, DD_CEL_##result, fn, NULL }
#define OP2(name, x, y, result, fn) { name, G, 2, { x, y }, DD_CEL_##result, fn, NULL }
#define ON0(name, x, result, fn) { name, R, 1, { x }, DD_CEL_##result, fn, NULL }
#define ON1(name, x, y, result, fn) { name, R, 2, { x, y }, DD_CEL_##result, fn, NULL }
#define ON2(name, x, y, z, result, fn) { name, R, 3, { x, y, z }, DD_CEL_##result, fn, NULL }
#define ORDER(name, fn)                                                                                                       \
    OP2(name, CEL_NUM, CEL_NUM, BOOL, fn), OP2(name, S, S, BOOL, fn), OP2(name, B, B, BOOL, fn), OP2(name, Y, Y, BOOL, fn), \
        OP2(name, TS, TS, BOOL, fn), OP2(name, DU, DU, BOOL, fn)
#define CLOCK(name, fn) ON0(name, TS, INT, fn), ON1(name, TS, S, INT, fn)
#define SPAN(name, fn, span) CLOCK(name, fn), ON0(name, DU, INT, span)

/* --- types of results that depend on the arguments'; NULL: they do not go together --- */
static const cel_type *or_any(const cel_type *t) { return t ? t : &cel_types[DD_CEL_DYN]; }
static const cel_type *type_of(const cel_node *n, size_t i) { return n->kids[i]->type; }

/* Could a value of one type equal one of the other? */
static bool comparable(const cel_type *a, const cel_type *b)
{
    a = or_any(a);
    b = or_any(b);
    unsigned both = 1u << a->t | 1u << b->t;
    if (both & (CEL_BIT(DYN) | CEL_BIT(NULL)) || !(both & ~CEL_NUM))
        return true;
    return a->t == b->t && comparable(a->key, b->key) && comparable(a->of, b->of);
}

static const cel_type *rule_equal(dd_arena *arena, const cel_node *n)
{
    (void)arena;
    return comparable(type_of(n, 0), type_of(n, 1)) ? &cel_types[DD_CEL_BOOL] : NULL;
}

static const cel_type *rule_in_list(dd_arena *arena, const cel_node *n)
{
    (void)arena;
    return comparable(type_of(n, 0), type_of(n, 1)->of) ? &cel_types[DD_CEL_BOOL] : NULL;
}

static const cel_type *rule_in_map(dd_arena *arena, const cel_node *n)
{
    (void)arena;
    return comparable(type_of(n, 0), type_of(n, 1)->key) ? &cel_types[DD_CEL_BOOL] : NULL;
}

static const cel_type *rule_item(dd_arena *arena, const cel_node *n)
{
    (void)arena;
    return or_any(type_of(n, 0)->of);
}

static const cel_type *rule_entry(dd_arena *arena, const cel_node *n)
{
    (void)arena;
    return comparable(type_of(n, 0)->key, type_of(n, 1)) ? or_any(type_of(n, 0)->of) : NULL;
}

static const cel_type *rule_add_list(dd_arena *arena, const cel_node *n)
{
    (void)arena;
    const cel_type *a = or_any(type_of(n, 0)->of), *b = or_any(type_of(n, 1)->of);
    return a->t == b->t ? type_of(n, 0) : &cel_types[DD_CEL_LIST];
}

static const cel_type *rule_texts(dd_arena *arena, const cel_node *n)
{
    static const cel_type texts = { DD_CEL_LIST, NULL, &cel_types[DD_CEL_STRING] };
    (void)arena, (void)n;
    return &texts;
}

static const cel_row rows[] = {
    { "_==_", G, 2, { ANY, ANY }, DD_CEL_BOOL, cel_equals, rule_equal },
    { "_!=_", G, 2, { ANY, ANY }, DD_CEL_BOOL, cel_differs, rule_equal },
    ORDER("_<_", cel_less), ORDER("_<=_", cel_less_equal), ORDER("_>_", cel_greater), ORDER("_>=_", cel_greater_equal),
    { "_in_", G, 2, { ANY, L }, DD_CEL_BOOL, cel_in_list, rule_in_list },
    { "_in_", G, 2, { ANY, M }, DD_CEL_BOOL, cel_in_map, rule_in_map },
    { "_[_]", G, 2, { M, ANY }, DD_CEL_DYN, cel_index, rule_entry },
    { "_[_]", G, 2, { L, CEL_NUM }, DD_CEL_DYN, cel_index, rule_item },
    OP1("!_", B, BOOL, cel_not),
    OP1("-_", I, INT, cel_negate_int), OP1("-_", D, DOUBLE, cel_negate_double),
    OP2("_+_", I, I, INT, cel_add_int), OP2("_+_", U, U, UINT, cel_add_uint), OP2("_+_", D, D, DOUBLE, cel_add_double),
    OP2("_+_", S, S, STRING, cel_add_text),
    OP2("_+_", Y, Y, BYTES, cel_add_text), { "_+_", G, 2, { L, L }, DD_CEL_LIST, cel_add_list, rule_add_list },
    OP2("_+_", TS, DU, TIMESTAMP, cel_add_time), OP2("_+_", DU, TS, TIMESTAMP, cel_time_add), OP2("_+_", DU, DU, DURATION, cel_add_duration),
    OP2("_-_", I, I, INT, cel_subtract_int), OP2("_-_", U, U, UINT, cel_subtract_uint), OP2("_-_", D, D, DOUBLE, cel_subtract_double),
    OP2("_-_", TS, TS, DURATION, cel_subtract_times), OP2("_-_", TS, DU, TIMESTAMP, cel_subtract_from_time),
    OP2("_-_", DU, DU, DURATION, cel_subtract_duration),
    OP2("_*_", I, I, INT, cel_multiply_int), OP2("_*_", U, U, UINT, cel_multiply_uint), OP2("_*_", D, D, DOUBLE, cel_multiply_double),
    OP2("_/_", I, I, INT, cel_divide_int), OP2("_/_", U, U, UINT, cel_divide_uint), OP2("_/_", D, D, DOUBLE, cel_divide_double),
    OP2("_%_", I, I, INT, cel_modulo_int), OP2("_%_", U, U, UINT, cel_modulo_uint),
    { "size", CEL_BOTH, 1, { CEL_SIZED }, DD_CEL_INT, cel_size, NULL },
    OP1("int", CEL_NUM | S | TS, INT, cel_to_int), OP1("uint", CEL_NUM | S, UINT, cel_to_uint), OP1("double", CEL_NUM | S, DOUBLE, cel_to_double),
    OP1("string", CEL_NUM | S | B | Y | TS | DU, STRING, cel_to_string), OP1("bool", B | S, BOOL, cel_to_bool),
    OP1("bytes", Y | S, BYTES, cel_to_bytes),
    OP1("dyn", ANY, DYN, cel_to_dyn), OP1("type", ANY, TYPE, cel_to_type),
    OP1("timestamp", S | I | TS, TIMESTAMP, cel_to_timestamp), OP1("duration", S | DU, DURATION, cel_to_duration),
    CLOCK("getFullYear", cel_get_year), CLOCK("getMonth", cel_get_month), CLOCK("getDate", cel_get_date),
    CLOCK("getDayOfMonth", cel_get_day_of_month),
    CLOCK("getDayOfWeek", cel_get_day_of_week), CLOCK("getDayOfYear", cel_get_day_of_year), SPAN("getHours", cel_get_hours, cel_span_hours),
    SPAN("getMinutes", cel_get_minutes, cel_span_minutes), SPAN("getSeconds", cel_get_seconds, cel_span_seconds),
    SPAN("getMilliseconds", cel_get_millis, cel_span_millis),
    ON1("contains", S, S, BOOL, cel_contains), ON1("startsWith", S, S, BOOL, cel_starts_with), ON1("endsWith", S, S, BOOL, cel_ends_with),
    { "matches", CEL_BOTH, 2, { S, S }, DD_CEL_BOOL, cel_matches, NULL },
    ON1("charAt", S, I, STRING, cel_char_at),
    ON1("indexOf", S, S, INT, cel_index_of), ON2("indexOf", S, S, I, INT, cel_index_of),
    ON1("lastIndexOf", S, S, INT, cel_last_index_of), ON2("lastIndexOf", S, S, I, INT, cel_last_index_of),
    ON0("join", L, STRING, cel_join), ON1("join", L, S, STRING, cel_join),
    ON0("lowerAscii", S, STRING, cel_lower), ON0("upperAscii", S, STRING, cel_upper), ON0("trim", S, STRING, cel_trim),
    ON0("reverse", S, STRING, cel_reverse),
    OP1("strings.quote", S, STRING, cel_quote),
    ON2("replace", S, S, S, STRING, cel_replace), { "replace", R, 4, { S, S, S, I }, DD_CEL_STRING, cel_replace, NULL },
    { "split", R, 2, { S, S }, DD_CEL_LIST, cel_split, rule_texts }, { "split", R, 3, { S, S, I }, DD_CEL_LIST, cel_split, rule_texts },
    ON1("substring", S, I, STRING, cel_substring), ON2("substring", S, I, I, STRING, cel_substring),
    ON1("format", S, L, STRING, cel_format),
};

const cel_row *cel_rows(dd_str name, size_t *n)
{
    size_t from = 0, to;
    while (from < DD_COUNT(rows) && !dd_str_eqz(name, rows[from].name))
        from++;
    for (to = from; to < DD_COUNT(rows) && dd_str_eqz(name, rows[to].name);)
        to++;
    *n = to - from;
    return *n ? &rows[from] : NULL;
}

dd_near cel_near_function(dd_str name)
{
    static const char *const macros[] = { "has", "all", "exists", "exists_one", "map", "filter" };
    dd_near near = { .asked = name };
    for (size_t i = 0; i < DD_COUNT(rows) + DD_COUNT(macros); i++) {
        const char *other = i < DD_COUNT(rows) ? rows[i].name : macros[i - DD_COUNT(rows)];
        if (strchr("_!-", other[0]) == NULL)
            dd_near_look(&near, dd_str_z(other));
    }
    return near;
}
