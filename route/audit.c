#include "route/audit.h"

/* A name table by enumerator; a number outside it is "unknown". */
#define NAME_OF(table, i) ((size_t)(i) < DD_COUNT(table) ? (table)[i] : "unknown")

static const char *const langs[DD_LANG_COUNT] = {
    [DD_LANG_PYTHON] = "python", [DD_LANG_JAVASCRIPT] = "javascript", [DD_LANG_TYPESCRIPT] = "typescript",
    [DD_LANG_TSX] = "typescript", [DD_LANG_NOTEBOOK] = "notebook",
};
static const char *const contexts[DD_CTX_COUNT] = {
    [DD_CTX_PRODUCTION] = "production", [DD_CTX_SCRIPT] = "script", [DD_CTX_TEST] = "test",
    [DD_CTX_EXAMPLE] = "example", [DD_CTX_NOTEBOOK] = "notebook",
};
static const char *const sources[DD_SRC_COUNT] = {
    [DD_SRC_LITERAL] = "literal", [DD_SRC_CONST_SAME_FILE] = "constant-same-file",
    [DD_SRC_CONST_CROSS_FILE] = "constant-cross-file", [DD_SRC_DEFAULT_PARAM] = "default-parameter",
    [DD_SRC_ENV_DEFAULT] = "env-default", [DD_SRC_CLASS_ATTR] = "class-attribute", [DD_SRC_CONFIG_FILE] = "config-file",
    [DD_SRC_SDK_DEFAULT] = "sdk-default", [DD_SRC_DYNAMIC] = "dynamic",
};
static const char *const provenances[DD_PROV_COUNT] = {
    [DD_PROV_CONSTRUCTED] = "constructed", [DD_PROV_TYPED] = "typed", [DD_PROV_IMPORTED] = "imported",
    [DD_PROV_ARGUMENTS] = "arguments", [DD_PROV_SUFFIX] = "suffix",
};
static const char *const confidences[DD_CONF_COUNT] = {
    [DD_CONF_HIGH] = "high", [DD_CONF_MEDIUM] = "medium", [DD_CONF_LOW] = "low",
};
static const struct { const char *rule, *name; } advice[DD_ADVICE_COUNT] = {
    [DD_ADVICE_DOWNGRADE] = { "DD0C001", "downgrade" },     [DD_ADVICE_RETIRED] = { "DD0C002", "retired-model" },
    [DD_ADVICE_NO_CAP] = { "DD0C003", "no-output-cap" },    [DD_ADVICE_CACHE] = { "DD0C004", "cacheable-prefix" },
    [DD_ADVICE_BATCH] = { "DD0C005", "batch-price" },       [DD_ADVICE_UNKNOWN] = { "DD0C006", "unknown-price" },
    [DD_ADVICE_SDK_DEFAULT] = { "DD0C007", "sdk-default" }, [DD_ADVICE_EMBED] = { "DD0C008", "embedding-model" },
};

const char *dd_lang_name(dd_lang l) { return NAME_OF(langs, l); }
const char *dd_context_name(dd_context c) { return NAME_OF(contexts, c); }
const char *dd_source_name(dd_source s) { return NAME_OF(sources, s); }
const char *dd_provenance_name(dd_provenance p) { return NAME_OF(provenances, p); }
const char *dd_confidence_name(dd_confidence c) { return NAME_OF(confidences, c); }
const char *dd_advice_rule(dd_advice_kind k) { return (size_t)k < DD_COUNT(advice) ? advice[k].rule : "unknown"; }
const char *dd_advice_name(dd_advice_kind k) { return (size_t)k < DD_COUNT(advice) ? advice[k].name : "unknown"; }
