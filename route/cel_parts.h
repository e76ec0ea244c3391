/* route/cel_parts.h - what the parts of the expression engine share; for route/cel*.c only.
 *
 * Text becomes tokens (cel_lex.c), tokens a tree (cel_parse.c), names in it variables and calls rows of one table of functions (cel_check.c,
 * cel_table.c). Each node holds the function that evaluates it (cel_eval.c): running a condition is following pointers. An error is a value; strict
 * functions never see one. */
#ifndef DD_ROUTE_CEL_PARTS_H
#define DD_ROUTE_CEL_PARTS_H
#include "base/near.h"
#include "route/cel.h"

/* --- types --- */
typedef struct cel_type cel_type;
struct cel_type { dd_cel_type t; const cel_type *key, *of; }; /* NULL: any */
extern const cel_type cel_types[DD_CEL_TYPES];
#define CEL_BIT(T) (1u << DD_CEL_##T)
enum {
    CEL_NUM   = CEL_BIT(INT) | CEL_BIT(UINT) | CEL_BIT(DOUBLE),
    CEL_SIZED = CEL_BIT(STRING) | CEL_BIT(BYTES) | CEL_BIT(LIST) | CEL_BIT(MAP),
    CEL_ANY   = (1u << DD_CEL_DYN) - 2,
    CEL_ARGS  = 4 /* of one function, its receiver among them */
};

/* --- tokens --- */
typedef enum {
    CEL_T_END, CEL_T_INT, CEL_T_UINT, CEL_T_DOUBLE, CEL_T_STRING, CEL_T_BYTES, CEL_T_NAME, CEL_T_QUOTED, CEL_T_TRUE, CEL_T_FALSE, CEL_T_NULL,
    CEL_T_IN, CEL_T_EQ, CEL_T_NE, CEL_T_LE, CEL_T_GE, CEL_T_LT, CEL_T_GT, CEL_T_AND, CEL_T_OR, CEL_T_NOT, CEL_T_PLUS, CEL_T_MINUS, CEL_T_STAR,
    CEL_T_SLASH,
    CEL_T_PERCENT, CEL_T_ASK, CEL_T_COLON, CEL_T_COMMA, CEL_T_DOT, CEL_T_OPEN, CEL_T_CLOSE, CEL_T_BRACKET, CEL_T_BRACKET_END, CEL_T_BRACE,
    CEL_T_BRACE_END
} cel_token_kind;
typedef struct {
    cel_token_kind kind;
    uint32_t       from, to;
    union { uint64_t u; double d; dd_str s; }; /* INT: its magnitude; NAME, QUOTED, STRING, BYTES: the text */
} cel_token;
typedef struct {
    dd_str    text;
    dd_arena *arena;
    dd_err   *err;
    size_t    at; /* of what failed */
} cel_source;
/* The token at *pos, which moves behind it. */
dd_code cel_lex(cel_source *src, size_t *pos, cel_token *out);
dd_code cel_lex_string(cel_source *src, size_t *pos, cel_token *out); /* at its prefix or quote */
dd_code cel_wrong(cel_source *src, size_t at, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* --- the tree --- */
typedef struct cel_node  cel_node;
typedef struct cel_frame cel_frame;
typedef struct cel_row   cel_row;
typedef void cel_run(const cel_node *n, cel_frame *f, dd_cel_value *out);
typedef enum {
    CEL_N_CONST, CEL_N_NAME, CEL_N_VAR, CEL_N_LOCAL, CEL_N_SELECT, CEL_N_HAS, CEL_N_CALL, CEL_N_AND, CEL_N_OR, CEL_N_COND, CEL_N_LIST, CEL_N_MAP,
    CEL_N_LOOP
} cel_kind;
typedef enum { CEL_ALL, CEL_EXISTS, CEL_EXISTS_ONE, CEL_MAP, CEL_FILTER } cel_loop;
struct cel_node {
    cel_run        *run;
    cel_kind        kind;
    cel_loop        loop;
    uint16_t        height;
    bool            rooted;   /* NAME: with a leading dot */
    bool            receiver; /* CALL: kid 0 stands in front of the dot */
    uint32_t        at;       /* operator, name: where errors point */
    uint32_t        from, to; /* of the whole, in the text */
    const cel_type *type;
    dd_cel_value    value;    /* CONST */
    dd_str          name;     /* NAME, SELECT, HAS, CALL; LOOP: its variable */
    size_t          index;    /* VAR, LOCAL, LOOP */
    cel_node      **kids;     /* LOOP: range, filter or NULL, body or NULL. MAP: key, value, ... */
    size_t          n, cap;
    const cel_row  *rows;     /* CALL: overloads of that name */
    size_t          n_rows;
    const void     *pattern;  /* of matches() with a constant: cel_regex.c */
};
enum { CEL_MAX_LOCALS = 16 };
struct dd_cel {
    cel_node         *root;
    dd_str            text;
    const dd_cel_env *env;
    uint64_t         *reads; /* a bit a variable */
};
dd_code cel_parse(cel_source *src, cel_node **out);
dd_code cel_check(cel_source *src, const dd_cel_env *env, dd_cel *program);
bool    cel_same(const cel_node *a, const cel_node *b); /* the same tree, wherever it stands */

/* --- evaluation --- */
struct cel_frame {
    const dd_cel_vars *vars;
    const dd_cel_env  *env;
    dd_arena          *arena;
    int64_t            steps; /* left */
    dd_cel_value       locals[CEL_MAX_LOCALS];
};
cel_run cel_run_const, cel_run_name, cel_run_var, cel_run_local, cel_run_select, cel_run_has, cel_run_call, cel_run_and, cel_run_or, cel_run_cond,
    cel_run_list,
    cel_run_map, cel_run_loop;
/* Takes n steps; false, and the error in *out, when there are none left. */
bool cel_take(cel_frame *f, size_t n, dd_cel_value *out);
void cel_fail(dd_cel_value *out, dd_cel_error kind, dd_str about);
bool cel_equal(const dd_cel_value *a, const dd_cel_value *b, int64_t *steps); /* *steps below 0: not known */
const dd_cel_value *cel_find(const dd_cel_value *map, const dd_cel_value *key);
int  cel_order_numbers(const dd_cel_value *a, const dd_cel_value *b); /* -1, 0, 1; 2: with NaN there is no order */
dd_str cel_name(const dd_cel_value *v);                               /* its type's */

/* --- functions: one row an overload, those of one name together --- */
typedef void            cel_fn(cel_frame *f, const cel_node *n, const dd_cel_value *a, dd_cel_value *out); /* *out is not set before */
typedef const cel_type *cel_rule(dd_arena *arena, const cel_node *n);
enum { CEL_GLOBAL = 1, CEL_RECEIVER = 2, CEL_BOTH = 3 };
struct cel_row {
    const char *name;
    int         style;
    unsigned    n, args[CEL_ARGS]; /* sets of types */
    dd_cel_type result;
    cel_fn     *fn;
    cel_rule   *rule; /* of the result; NULL: as said */
};
/* Rows of that name, any style; NULL: none. */
const cel_row *cel_rows(dd_str name, size_t *n);
dd_near        cel_near_function(dd_str name);

/* cel_ops.c */
cel_fn cel_equals, cel_differs, cel_less, cel_less_equal, cel_greater, cel_greater_equal, cel_in_list, cel_in_map, cel_index, cel_not, cel_negate_int,
    cel_negate_double, cel_add_int, cel_add_uint, cel_add_double, cel_add_text, cel_add_list, cel_subtract_int, cel_subtract_uint,
        cel_subtract_double,
    cel_multiply_int, cel_multiply_uint, cel_multiply_double, cel_divide_int, cel_divide_uint, cel_divide_double, cel_modulo_int, cel_modulo_uint,
        cel_size;
/* cel_convert.c */
cel_fn cel_to_int, cel_to_uint, cel_to_double, cel_to_string, cel_to_bool, cel_to_bytes, cel_to_dyn, cel_to_type, cel_to_timestamp, cel_to_duration;
/* The shortest text that reads back as the same number; 1e+21 and longer, 1e-05 and shorter with an exponent. */
void cel_print_double(double d, dd_buf *out);
bool cel_parse_double(dd_str s, double *out);
/* cel_time.c */
cel_fn cel_add_time, cel_time_add, cel_add_duration, cel_subtract_times, cel_subtract_from_time, cel_subtract_duration, cel_get_year, cel_get_month,
    cel_get_date,
    cel_get_day_of_month, cel_get_day_of_week, cel_get_day_of_year, cel_get_hours, cel_get_minutes, cel_get_seconds, cel_get_millis, cel_span_hours,
    cel_span_minutes, cel_span_seconds, cel_span_millis;
bool cel_parse_timestamp(dd_str s, dd_cel_value *out);
bool cel_parse_duration(dd_str s, dd_cel_value *out);
bool cel_timestamp_ok(int64_t seconds);
void cel_print_timestamp(const dd_cel_value *v, dd_buf *out);
void cel_print_duration(const dd_cel_value *v, dd_buf *out);
/* cel_text.c, cel_format.c, cel_regex.c */
cel_fn cel_contains, cel_starts_with, cel_ends_with, cel_char_at, cel_index_of, cel_last_index_of, cel_join, cel_lower, cel_upper, cel_quote,
    cel_replace, cel_reverse,
    cel_split, cel_substring, cel_trim, cel_format, cel_matches;
size_t cel_length(dd_str s); /* in code points */
/* A pattern for cel_matches to find in its node; NULL: *why says what is wrong with it. */
const void *cel_pattern(dd_arena *arena, dd_str re, const char **why);
#endif
