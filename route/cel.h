/* route/cel.h - conditions of routing rules: the Common Expression Language.
 *
 * `feature == "classify" && input_tokens < 500`: the syntax, types and errors of google/cel-spec, over variables that a table names. A condition is
 * compiled once (parsed, names and types checked, constants folded) and read by all threads; evaluating it changes nothing, allocates nothing for
 * ordinary comparisons and ends within a fixed number of steps. No I/O, no clock: time zones come from a function of the table. What is not there:
 * docs/expressions.md. Source: docs/decisions/0018-cel.json. */
#ifndef DD_ROUTE_CEL_H
#define DD_ROUTE_CEL_H
#include "base/arena.h"
#include "base/err.h"

typedef enum {
    DD_CEL_UNSET, /* no value was asked for yet: what zeroed memory says */
    DD_CEL_NULL,
    DD_CEL_BOOL,
    DD_CEL_INT,
    DD_CEL_UINT,
    DD_CEL_DOUBLE,
    DD_CEL_STRING,
    DD_CEL_BYTES,
    DD_CEL_LIST,
    DD_CEL_MAP,
    DD_CEL_TIMESTAMP,
    DD_CEL_DURATION,
    DD_CEL_TYPE,
    DD_CEL_DYN,   /* of a variable or an expression: known at run time only. No value has it */
    DD_CEL_ERROR, /* of a value: why there is none */
    DD_CEL_TYPES
} dd_cel_type;
const char *dd_cel_type_name(dd_cel_type t); /* "int", "string", "null_type" ..., as type() shows it */

/* Errors of evaluation, as the language names them. */
typedef enum {
    DD_CEL_E_NONE, DD_CEL_E_OVERLOAD, DD_CEL_E_DIVIDE, DD_CEL_E_MODULUS, DD_CEL_E_OVERFLOW, DD_CEL_E_RANGE, DD_CEL_E_KEY, DD_CEL_E_INDEX,
    DD_CEL_E_KEY_TYPE, DD_CEL_E_REPEATED, DD_CEL_E_NAME, DD_CEL_E_FIELD, DD_CEL_E_CONVERT, DD_CEL_E_PATTERN, DD_CEL_E_FORMAT, DD_CEL_E_ZONE,
    DD_CEL_E_LIMIT, DD_CEL_E_COUNT
} dd_cel_error;

typedef struct dd_cel_value dd_cel_value;
typedef struct dd_cel_entry dd_cel_entry;
/* By value. Text, items and entries are borrowed: from the caller's variables, the program's arena or the scratch arena. */
struct dd_cel_value {
    uint8_t type; /* dd_cel_type */
    uint8_t kind; /* ERROR: dd_cel_error */
    union {
        int32_t  ns; /* TIMESTAMP, DURATION: 0..999999999; DURATION: of the sign of s */
        uint32_t at; /* ERROR: byte offset in the expression */
    };
    union {
        bool     b;
        int64_t  i;
        uint64_t u;
        double   d;
        dd_str   s;                                            /* STRING (UTF-8), BYTES; ERROR: what it is about, may be empty */
        struct { const dd_cel_value *items; size_t n; } list;
        struct { const dd_cel_entry *entries; size_t n; } map; /* keys: bool, int, uint, string; each once */
        int64_t  seconds;                                      /* TIMESTAMP since 1970, DURATION */
        int      is;                                           /* TYPE: dd_cel_type */
    };
};
struct dd_cel_entry { dd_cel_value key, value; };

static inline dd_cel_value dd_cel_null(void) { return (dd_cel_value){ .type = DD_CEL_NULL }; }
static inline dd_cel_value dd_cel_bool(bool b) { return (dd_cel_value){ .type = DD_CEL_BOOL, .b = b }; }
static inline dd_cel_value dd_cel_int(int64_t i) { return (dd_cel_value){ .type = DD_CEL_INT, .i = i }; }
static inline dd_cel_value dd_cel_uint(uint64_t u) { return (dd_cel_value){ .type = DD_CEL_UINT, .u = u }; }
static inline dd_cel_value dd_cel_double(double d) { return (dd_cel_value){ .type = DD_CEL_DOUBLE, .d = d }; }
static inline dd_cel_value dd_cel_string(dd_str s) { return (dd_cel_value){ .type = DD_CEL_STRING, .s = s }; }
static inline dd_cel_value dd_cel_list(const dd_cel_value *items, size_t n)
{
    return (dd_cel_value){ .type = DD_CEL_LIST, .list = { items, n } };
}
static inline dd_cel_value dd_cel_map(const dd_cel_entry *entries, size_t n)
{
    return (dd_cel_value){ .type = DD_CEL_MAP, .map = { entries, n } };
}

/* --- what an expression may name --- */
/* `name` may have dots ("budget.used"): `a.b.c` means the longest name that is there, then members of its value. */
typedef struct {
    const char *name;
    dd_cel_type type; /* DYN: any */
    dd_cel_type of;   /* LIST, MAP: its items, values (UNSET, DYN: any); a map's keys are strings then */
    const char *doc;
} dd_cel_var;
/* Seconds east of UTC at `t` (Unix) in a zone of that name ("Europe/Berlin"); false: no such zone. "UTC" and "+01:00" never get here. */
typedef bool dd_cel_zone_fn(void *ctx, dd_str name, int64_t t, int32_t *offset);
typedef struct {
    const dd_cel_var *vars; /* a variable's index here is what dd_cel_vars is asked for */
    size_t            n;
    dd_cel_zone_fn   *zone; /* NULL: named zones are an error. Any thread */
    void             *zone_ctx;
    const char       *container; /* names are looked for in here first, "com.example"; NULL: none */
    bool              unchecked; /* unknown names and types that do not fit are errors of evaluation, not of compiling */
    bool              unfolded;  /* constants are computed at each evaluation: for tests */
} dd_cel_env;

/* --- a condition --- */
enum { DD_CEL_MAX_TEXT = 65536, DD_CEL_MAX_DEPTH = 200, DD_CEL_MAX_STEPS = 250000 };
typedef struct dd_cel dd_cel; /* immutable, in the arena it was compiled into; nothing to free but that */
/* NULL: *err says what is wrong, *at (may be NULL) the byte offset of it. `text` and `env` (with its tables) are borrowed as long as the program
 * lives. */
dd_cel     *dd_cel_compile(dd_str text, const dd_cel_env *env, dd_arena *arena, dd_err *err, size_t *at);
dd_cel_type dd_cel_result(const dd_cel *p); /* static type: a condition must be BOOL (or DYN) */
dd_str      dd_cel_text(const dd_cel *p);
/* Line and column, from 1, of a byte offset; columns count characters. */
void        dd_cel_position(dd_str text, size_t at, size_t *line, size_t *column);

/* The variables of one evaluation, by index in the table. What is UNSET is filled at first use and kept: costly facts are computed only if a rule
 * asks for them. `fill` NULL or without a value (false): reading that variable is an error of the expression, as `&&` and `||` know them. A value
 * need not have its variable's type: null for what a request lacks is fine (null == "x" is false; null < 5 is an error). */
typedef struct {
    dd_cel_value *values;
    bool        (*fill)(void *ctx, size_t index, dd_cel_value *out);
    void         *ctx;
} dd_cel_vars;

/* Pure. DD_OK: *out. Else *out is the ERROR value and *err (may be NULL: costs nothing) the message. `scratch` owns what is new in *out; it may be
 * emptied then. */
dd_code dd_cel_eval(const dd_cel *p, const dd_cel_vars *vars, dd_arena *scratch, dd_cel_value *out, dd_err *err);
/* A condition holds: it is true. False, another value and an error do not. */
bool    dd_cel_test(const dd_cel *p, const dd_cel_vars *vars, dd_arena *scratch);

/* --- values --- */
bool dd_cel_equal(const dd_cel_value *a, const dd_cel_value *b); /* as ==: numbers by value, NaN never, other types are unequal */
void dd_cel_print(const dd_cel_value *v, dd_buf *out);           /* as a literal: "text", 5u, [1, 2], {"a": 1}; an error's message */

/* --- looking into conditions: lint and explain --- */
/* Does the expression read the variable at this index? */
bool dd_cel_reads(const dd_cel *p, size_t index);
typedef enum { DD_CEL_VARIES, DD_CEL_ALWAYS, DD_CEL_NEVER } dd_cel_truth;
/* NEVER: constant false or contradictory (x == "a" && x == "b"). VARIES when not known. */
dd_cel_truth dd_cel_constant(const dd_cel *p);
/* Whenever `later` is true, `earlier` is too: behind it, `later` never matches. False when not known. Both compiled with the same table. */
bool dd_cel_covers(const dd_cel *earlier, const dd_cel *later);
/* Why it is not true: the first part of the conjunction that is not, with the values it looked at:
 * `input_tokens < 500` is false: input_tokens is 812. Nothing is added when it is true. */
void dd_cel_why(const dd_cel *p, const dd_cel_vars *vars, dd_arena *scratch, dd_buf *out);
#endif
