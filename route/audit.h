/* route/audit.h - the plain types that scan/, report/ and cmd/ share: a call site, its money, an audit.
 *
 * scan/ fills dd_site's upper half (what the code says); route/estimate.h fills the lower half (what it costs);
 * report/ only reads. All text is borrowed from the audit's arena. Numbers that are not known are -1 (tokens) or
 * DD_PUSD_UNKNOWN (money). Source of the vocabulary: docs/findings.md. */
#ifndef DD_ROUTE_AUDIT_H
#define DD_ROUTE_AUDIT_H
#include "base/arena.h"
#include "base/time.h"
#include "pricing-cache/prices.h"
#include "route/classify.h"
#include "route/money.h"

typedef enum { DD_LANG_PYTHON, DD_LANG_JAVASCRIPT, DD_LANG_TYPESCRIPT, DD_LANG_TSX, DD_LANG_NOTEBOOK, DD_LANG_COUNT } dd_lang;
/* Where in a product the code runs; only the first two are in totals. */
typedef enum { DD_CTX_PRODUCTION, DD_CTX_SCRIPT, DD_CTX_TEST, DD_CTX_EXAMPLE, DD_CTX_NOTEBOOK, DD_CTX_COUNT } dd_context;
/* In order of falling confidence. */
typedef enum {
    DD_SRC_LITERAL, DD_SRC_CONST_SAME_FILE, DD_SRC_CONST_CROSS_FILE, DD_SRC_DEFAULT_PARAM, DD_SRC_ENV_DEFAULT,
    DD_SRC_CLASS_ATTR, DD_SRC_CONFIG_FILE, DD_SRC_SDK_DEFAULT, DD_SRC_DYNAMIC, DD_SRC_COUNT
} dd_source;
typedef enum { DD_PROV_CONSTRUCTED, DD_PROV_TYPED, DD_PROV_IMPORTED, DD_PROV_ARGUMENTS, DD_PROV_SUFFIX, DD_PROV_COUNT } dd_provenance;
typedef enum { DD_CONF_HIGH, DD_CONF_MEDIUM, DD_CONF_LOW, DD_CONF_COUNT } dd_confidence;
typedef enum { DD_UNIT_TOKENS, DD_UNIT_IMAGE, DD_UNIT_AUDIO, DD_UNIT_OTHER } dd_unit; /* what is billed; all but tokens are not priced */

/* One step of how a value was found: `--explain` prints them. */
typedef struct {
    dd_str path; uint32_t line; int32_t cell; /* cell -1: no notebook */
    dd_str what;                              /* "name MODEL = \"gpt-4o\"", "env SUMMARY_MODEL, default" */
} dd_step;

typedef struct { int64_t low, expected, high; } dd_range;         /* tokens */
typedef struct { dd_pusd low, expected, high; } dd_money_range;

typedef struct {
    dd_str        model;        /* id as the price table writes it */
    dd_str        provider;
    dd_pusd       monthly;      /* saved a month at the expected volume; DD_PUSD_UNKNOWN when volume is none */
    dd_pusd       per_call;     /* saved a call */
    dd_confidence confidence;
    dd_str        reason;       /* "classification, 40 tokens out; same provider, one tier down" */
    dd_str        unchecked;    /* what was not checked: "output quality on your data" */
} dd_suggestion;

typedef enum {
    DD_ADVICE_DOWNGRADE,   /* DD0C001 */
    DD_ADVICE_RETIRED,     /* DD0C002 model is retired or will be within 90 days */
    DD_ADVICE_NO_CAP,      /* DD0C003 no output cap where the task is short */
    DD_ADVICE_CACHE,       /* DD0C004 static prefix long enough to be cached */
    DD_ADVICE_BATCH,       /* DD0C005 script or offline loop that could use the batch price */
    DD_ADVICE_UNKNOWN,     /* DD0C006 model or price unknown: not in the total */
    DD_ADVICE_SDK_DEFAULT, /* DD0C007 framework default, set it explicitly */
    DD_ADVICE_EMBED,       /* DD0C008 embeddings: newer model is cheaper but has another dimension: re-index */
    DD_ADVICE_COUNT
} dd_advice_kind;
typedef struct {
    dd_advice_kind kind;
    dd_pusd        monthly;   /* what it saves, 0 for a warning, DD_PUSD_UNKNOWN when not known */
    dd_str         text;      /* one sentence */
    dd_str         model;     /* suggested or replacement model, or "" */
    dd_day         day;       /* retirement date, or DD_DAY_NONE */
} dd_advice;

typedef struct dd_site {
    /* --- what the code says (scan/) --- */
    dd_str   id;             /* 12 hex digits, survives line shifts */
    dd_str   path;           /* as printed */
    uint32_t line, end_line, column, start_line; /* 1-based; line: of the called name; in a notebook within the cell */
    int32_t  cell;           /* -1: no notebook */
    dd_lang  lang;
    dd_str   sdk, api;       /* vocabulary of docs/findings.md */
    dd_str   callee;         /* "self.client.chat.completions.create" */
    dd_str   symbol;         /* enclosing "Class.method", "<module>" */
    dd_context    context;
    dd_provenance provenance;
    dd_unit       unit;
    dd_str   provider;       /* who is billed: "openai", "groq", "azure", ...; "" not known */
    bool     local;          /* self-hosted endpoint: no API bill */
    bool     user_host;      /* endpoint supplied by the user: provider unknown */
    bool     deployment;     /* model is an Azure deployment name */
    dd_str   model;          /* as written; ptr NULL: null */
    dd_source model_source;
    dd_str   model_cause;    /* why dynamic: "parameter model", "env OPENAI_MODEL", "choice" ... */
    dd_str   env_var;        /* of env-default / dynamic, or "" */
    const dd_str *candidates; size_t n_candidates;   /* possible models when several */
    const dd_str *variants;   size_t n_variants;     /* models that callers of a wrapper pass */
    const dd_step *chain;     size_t n_chain;
    int64_t  max_tokens;     /* -1: none or not known */
    bool     max_tokens_set; /* a cap is there, perhaps not known */
    /* prompt, as far as it is static */
    dd_str   system_text, user_text;  /* never printed by default */
    int64_t  text_cut;                /* bytes of static text beyond those kept: counted by the ratio of these */
    bool     system_static_first;     /* a static prefix leads the prompt (cacheable) */
    int      holes_small, holes_typed, holes_large, holes_history; /* dynamic parts by class; typed: what a person writes into a field */
    int      messages, tools, images;
    dd_str   tools_text;     /* JSON text of tool and response schemas, for counting */
    int      tools_unknown;  /* tools without a static schema */
    bool     json_schema, stream, reasoning;
    dd_str   reasoning_effort;        /* "low".. or "" */
    int64_t  thinking_budget;         /* tokens, -1 none */
    bool     batch, flex, priority, cached;   /* service tiers; cache_control present */
    /* multipliers */
    int64_t  n;              /* completions a request, 1 */
    int64_t  loop;           /* calls per run of the enclosing code: literal length, 1; 0: per item, count unknown */
    int64_t  rounds;         /* agent/tool rounds bound, 1 */
    bool     in_loop, guarded_by_cache;
    int      retries;        /* -1 not said */
    int      triggers;       /* of a binding: how many found */
    /* inline annotation "# dd0c: ..." */
    int64_t  note_calls, note_tokens_in, note_tokens_out; /* -1: none */
    dd_str   label;
    bool     ignore;

    /* --- what it costs (route/estimate.h) --- */
    dd_price_hit   price;
    dd_class       cls;
    int64_t        static_tokens;
    dd_range       input_tokens, output_tokens;   /* a call, all rounds */
    bool           tokens_exact;
    dd_money_range per_call;       /* USD unknown: all three DD_PUSD_UNKNOWN */
    int64_t        calls;          /* a month; 0 none assumed (test, example, notebook) */
    dd_str         calls_basis;    /* "preset default: production 1,000", "usage file", "inline" */
    dd_str         tokens_basis;   /* "212 static tokens (o200k_base, exact) + 1 large part x 1,500 + ..." */
    dd_money_range monthly;
    bool           in_total;
    dd_suggestion *suggestion;     /* NULL: none */
    dd_suggestion *other_provider; /* cheapest capable elsewhere, NULL none */
    dd_advice     *advice; size_t n_advice;
} dd_site;

typedef struct { dd_str path; dd_str why; } dd_file_note;        /* skipped or failed file */

typedef struct {
    dd_str name;              /* model, provider, path or folder */
    size_t sites;
    dd_money_range monthly;
    dd_pusd savings;
} dd_sum;

typedef struct {
    dd_arena       arena;
    dd_str         root;               /* as the user wrote it */
    dd_wall        when;
    dd_site      **sites; size_t n_sites;       /* sorted by path, cell, line */
    /* totals over sites that are in_total */
    dd_money_range monthly; dd_pusd savings;
    dd_money_range per_1000;           /* 1,000 calls of every priced site; the headline when nothing is in production */
    bool           no_production;
    /* n_priced + n_unknown + n_not_tokens + n_local + n_ignored are all sites; n_ranged: those of n_unknown that show a range */
    size_t n_in_total, n_priced, n_unknown, n_ranged, n_not_tokens, n_local, n_ignored, n_by_context[DD_CTX_COUNT];
    dd_sum *by_model; size_t n_by_model;   dd_sum *by_provider; size_t n_by_provider;
    dd_sum *by_file;  size_t n_by_file;    dd_sum *by_dir;      size_t n_by_dir;
    dd_site **opportunities; size_t n_opportunities;   /* with a suggestion, largest monthly saving first */
    /* files */
    size_t files_seen, files_candidates, files_parsed, files_ignored; uint64_t bytes_seen, bytes_parsed;
    dd_file_note *skipped; size_t n_skipped; dd_file_note *failed; size_t n_failed;
    /* prices and assumptions */
    dd_prices_meta prices; int price_age_days; dd_str price_warning;
    dd_str volume_basis;               /* "preset default" ... */
    dd_str *assumptions; size_t n_assumptions;
    double seconds;
} dd_audit;

const char *dd_lang_name(dd_lang l);               /* "tsx" is "typescript" */
const char *dd_context_name(dd_context c);
const char *dd_source_name(dd_source s);
const char *dd_provenance_name(dd_provenance p);
const char *dd_confidence_name(dd_confidence c);
const char *dd_advice_rule(dd_advice_kind k);      /* "DD0C001" */
const char *dd_advice_name(dd_advice_kind k);      /* "downgrade" */
#endif
