/* base/opt.h - command-line options from one table.
 *
 * A command's table makes its parser, its --help, its man page and its shell completion. */
#ifndef DD_BASE_OPT_H
#define DD_BASE_OPT_H
#include <stddef.h>
#include "base/err.h"
#include "base/str.h"

typedef enum {
    DD_OPT_FLAG,    /* bool */
    DD_OPT_TEXT,    /* const char *, the last one wins */
    DD_OPT_LIST,    /* dd_opt_list, every one counts */
    DD_OPT_INT,     /* int64_t, not negative */
    DD_OPT_SIZE,    /* int64_t bytes: 1048576, 512K, 1MB */
    DD_OPT_DURATION,/* int64_t milliseconds: 250ms, 30s (or 30), 10m, 24h, 30d */
    DD_OPT_USD,     /* int64_t picodollars: 12.50 or $12.50 */
    DD_OPT_CHOICE,  /* const char *, one of `arg` separated by | */
    DD_OPT_CHOICES, /* dd_opt_list, each one of `arg` */
    DD_OPT_HEADING  /* a heading in the help, no option */
} dd_opt_kind;

typedef struct {
    const char **v;
    size_t       n;
} dd_opt_list;

typedef struct {
    char        letter;  /* 0: none */
    const char *name;    /* without dashes */
    dd_opt_kind kind;
    size_t      offset;  /* of the member in the command's argument struct */
    const char *arg;     /* placeholder, or the choices */
    const char *help;    /* one line, lower case, no full stop */
} dd_opt;

#define DD_OPT(kind, letter, name, type, member, arg, help) { letter, name, kind, offsetof(type, member), arg, help }
#define DD_OPT_END { 0, NULL, DD_OPT_FLAG, 0, NULL, NULL }

/* Parses argv[1..argc) into *into, whose members hold the defaults. Words that are no options are moved to the front of
 * argv (from index 1) and counted in *words. `--` ends options, `--name=value` and `--name value` are equal, letters may
 * be joined (-qf json), unambiguous prefixes of names are not taken. Lists are on the heap, also after an error: dd_opt_fini.
 * DD_ERR_USAGE with the nearest name as hint. *help is set when -h or --help was there. */
dd_code dd_opt_parse(const dd_opt *table, int argc, char **argv, void *into, int *words, bool *help, dd_err *err);
/* Frees the lists in *into; its other members stay. */
void dd_opt_fini(const dd_opt *table, void *into);
/* The options part of --help, wrapped to `width` columns. */
void dd_opt_help(const dd_opt *table, size_t width, dd_buf *out);
/* "-f, --format text|json": as help and man page write an option. */
void dd_opt_spelling(const dd_opt *o, dd_buf *out);
/* `text` broken at blanks into lines of `width` columns, all but the first indented. Ends with a newline. */
void dd_opt_wrap(dd_str text, size_t indent, size_t width, dd_buf *out);
#endif
