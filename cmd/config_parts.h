/* cmd/config_parts.h - the table of keys of dd0c.yaml, and the reader that goes by it. */
#ifndef DD_CMD_CONFIG_PARTS_H
#define DD_CMD_CONFIG_PARTS_H
#include "base/json.h"
#include "base/yaml.h"
#include "cmd/config.h"

typedef enum {
    KEY_TEXT, KEY_PATH,
    KEY_LIST,      /* dd_opt_list */
    KEY_INT, KEY_SIZE, KEY_USD, KEY_DURATION,   /* int64_t */
    KEY_CHOICE,    /* const char *, one of `choices` */
    KEY_MAP,       /* dd_deployment[], names and values */
    KEY_SECRETS,   /* keys of a provider */
    KEY_SWITCH,    /* int: on, yes, true 1; off, no, false 0 */
    KEY_SHARE,     /* double: 10%, 0.1 */
    KEY_NUMBER,    /* double, not negative */
    KEY_WORD,      /* int64_t, by `word` */
    KEY_WORDS,     /* int64_t, bits, by `word`; a list or one */
    KEY_STEPS,     /* dd_config_steps */
    KEY_SPAN,      /* dd_config_span: 250ms..5s */
    KEY_RATE,      /* dd_config_rate: 100/min */
    KEY_LIMIT,     /* dd_config_budget: $100/month */
    KEY_EXCEED,    /* dd_config_budget: block, downgrade:ROUTE ... */
    KEY_KEYS,      /* keys of its own: the section `choices` */
    KEY_POLICY     /* a policy file's; becomes routes and fallback */
} dd_key_kind;

/* The number behind a word; false: there is no such word. */
typedef bool dd_key_word(dd_str word, int64_t *out);

typedef struct {
    const char  *section, *name;   /* section "": at the top; else of a section, or of each entry in it */
    dd_key_kind  kind;
    size_t       offset, count;    /* count: of the number of entries, for KEY_MAP */
    const char  *choices, *help;   /* choices: words by |; for KEY_KEYS the section */
    dd_key_word *word;
} dd_config_key;

typedef struct dd_config_reader dd_config_reader;
typedef enum { SECTION_KEYS, SECTION_NAMED, SECTION_LIST, SECTION_PART /* stands below a key, not at the top */ } dd_section_shape;
typedef struct {
    const char      *name;
    dd_section_shape shape;
    const char      *help;
    size_t           list, count, size;                                           /* of NAMED and LIST: members of dd_config, and an entry's size */
    const void      *initial;                                                     /* an entry nothing is said of */
    dd_code        (*finish)(dd_config_reader *r, const cJSON *node, void *entry);   /* NAMED, LIST: an entry is read */
    const char      *brief;                                                       /* key that plain text in an entry's place sets */
} dd_config_section;

extern const dd_config_key     dd_config_keys[];       /* sorted by section and name */
extern const size_t            dd_config_keys_count;
extern const dd_config_section dd_config_sections[];   /* sorted */
extern const size_t            dd_config_sections_count;
const dd_config_section *dd_config_section_find(const char *name);

struct dd_config_reader {
    dd_config  *config;
    dd_yaml    *yaml;
    const char *what;   /* config "dd0c.yaml" */
    dd_str      dir;
    dd_err     *err;
};

/* config "dd0c.yaml", line 7: WHY "NAME" */
dd_code dd_config_fail(dd_config_reader *r, const cJSON *node, const char *why, const char *name);
int     dd_config_line(const dd_config_reader *r, const cJSON *node);
const char *dd_config_text(dd_config_reader *r, const char *text, bool path);
/* One value, into the struct at `base`. */
dd_code dd_config_set(dd_config_reader *r, const dd_config_key *k, const cJSON *node, void *base);
/* The keys of one mapping, into the struct at `base`. */
dd_code dd_config_read_keys(dd_config_reader *r, const char *section, const cJSON *mapping, void *base);
/* What is not a plain value (config_route.c). */
dd_code dd_config_set_steps(dd_config_reader *r, const dd_config_key *k, const cJSON *node, dd_config_steps *out);
dd_code dd_config_set_words(dd_config_reader *r, const dd_config_key *k, const cJSON *node, int64_t *out);
dd_code dd_config_set_word(dd_config_reader *r, const dd_config_key *k, const cJSON *node, int64_t *out);
/* (config_amount.c) */
dd_code dd_config_set_amount(dd_config_reader *r, const dd_config_key *k, const cJSON *node, void *base);
/* A duration, size, amount of money or whole number as options spell it. */
bool    dd_config_amount(dd_opt_kind kind, dd_str text, int64_t *out);

/* routing_policy and fallback_chain of the root (config_policy.c). */
dd_code dd_config_read_policy(dd_config_reader *r, const cJSON *root);
/* Reads more sections into the same configuration. */
dd_code dd_config_parse_more(dd_config_reader *r, dd_str text, const char *what);

/* After an entry was read. */
dd_code dd_config_end_provider(dd_config_reader *r, const cJSON *node, void *entry);
dd_code dd_config_end_model(dd_config_reader *r, const cJSON *node, void *entry);
dd_code dd_config_end_route(dd_config_reader *r, const cJSON *node, void *entry);
dd_code dd_config_end_budget(dd_config_reader *r, const cJSON *node, void *entry);
dd_code dd_config_end_limit(dd_config_reader *r, const cJSON *node, void *entry);
#endif
