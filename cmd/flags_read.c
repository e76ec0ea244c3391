/* cmd/flags_read.c - the file of flags: flagd's format and ours, by one table of keys each. */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/near.h"
#include "base/yaml.h"
#include "cmd/flags.h"

typedef struct {
    dd_yaml    *yaml;
    const char *what;
    dd_arena   *arena;
    dd_err     *err;
    /* of the flag that is read */
    dd_flag    *flag;
    const cJSON *node;
    int64_t      ttl_days;   /* -1: not said */
    const cJSON *variants;
    const char  *standard;   /* the default variant */
    const cJSON *targeting;
} reader;

typedef dd_code set_fn(reader *r, const cJSON *value);
typedef struct { const char *name; set_fn *set; } key;

static dd_code bad(reader *r, const cJSON *at, const char *why)
{
    return dd_fail(r->err, DD_ERR_PARSE, "%s, line %zu: flag \"" DD_STR_FMT "\": %s", r->what, dd_yaml_line(r->yaml, at),
                   DD_STR_ARG(r->flag->name), why);
}

static dd_code set_text(reader *r, const cJSON *v, dd_str *out, const char *why)
{
    if (!cJSON_IsString(v) || !dd_str_trim(dd_str_z(v->valuestring)).len)
        return bad(r, v, why);
    *out = dd_arena_dup(r->arena, dd_str_trim(dd_str_z(v->valuestring)));
    return DD_OK;
}

static dd_code set_owner(reader *r, const cJSON *v) { return set_text(r, v, &r->flag->owner, "the owner is a name"); }
static dd_code set_doc(reader *r, const cJSON *v) { return set_text(r, v, &r->flag->doc, "doc is a text"); }

static dd_code set_created(reader *r, const cJSON *v)
{
    if (cJSON_IsString(v) && dd_day_parse(dd_str_z(v->valuestring), &r->flag->created))
        return DD_OK;
    return bad(r, v, "created is a day such as 2026-11-20");
}

static dd_code set_ttl(reader *r, const cJSON *v)
{
    static const struct { const char *unit; int64_t hours; } units[] = { { "h", 1 }, { "d", 24 }, { "w", 168 } };
    int64_t n = -1, hours = 0;
    if (cJSON_IsNumber(v))
        hours = (int64_t)(v->valuedouble >= 0 && v->valuedouble <= 10000 ? v->valuedouble : 0) * 24;
    for (size_t i = 0; cJSON_IsString(v) && i < DD_COUNT(units); i++) {
        dd_str s = dd_str_z(v->valuestring);
        if (dd_str_endsz(s, units[i].unit) && dd_parse_i64(dd_str_sub(s, 0, s.len - 1), &n) && n > 0 && n <= 10000)
            hours = n * units[i].hours;
    }
    if (hours < 1)
        return bad(r, v, "ttl is a span such as 7d, 2w or 48h");
    r->ttl_days = (hours + 23) / 24;
    if (r->ttl_days <= DD_FLAG_TTL_MAX)
        return DD_OK;
    bad(r, v, "ttl is more than 14 days");
    dd_hint(r->err, "What is to stay longer is no flag: make it a rule, or set created anew when it is renewed.");
    return DD_ERR_PARSE;
}

static dd_code set_on(reader *r, const cJSON *v)
{
    static const struct { const char *word; bool on; } words[] = { { "on", true }, { "yes", true }, { "off", false }, { "no", false } };
    if (cJSON_IsBool(v)) {
        r->flag->on = cJSON_IsTrue(v);
        return DD_OK;
    }
    for (size_t i = 0; cJSON_IsString(v) && i < DD_COUNT(words); i++)
        if (strcmp(v->valuestring, words[i].word) == 0) {
            r->flag->on = words[i].on;
            return DD_OK;
        }
    return bad(r, v, "on is true or false");
}

static bool percent(dd_str s, double *out)
{
    char  text[32], *end;
    if (dd_str_endsz(s, "%"))
        s.len--;
    if (!s.len || s.len >= sizeof text || strspn(s.ptr, "0123456789.") < s.len)
        return false;
    memcpy(text, s.ptr, s.len);
    text[s.len] = '\0';
    *out        = strtod(text, &end);
    return *end == '\0' && *out >= 0 && *out <= 100;
}

static dd_code set_rollout(reader *r, const cJSON *v)
{
    double share = cJSON_IsNumber(v) ? v->valuedouble : -1;
    if (cJSON_IsString(v) && !percent(dd_str_z(v->valuestring), &share))
        share = -1;
    if (!(share >= 0 && share <= 100))
        return bad(r, v, "rollout is a share of 0 to 100");
    r->flag->rollout = share;
    return DD_OK;
}

/* --- flagd's --- */

static dd_code set_state(reader *r, const cJSON *v)
{
    bool on = cJSON_IsString(v) && strcmp(v->valuestring, "ENABLED") == 0;
    if (!on && !(cJSON_IsString(v) && strcmp(v->valuestring, "DISABLED") == 0))
        return bad(r, v, "state is ENABLED or DISABLED");
    r->flag->on = on;
    return DD_OK;
}

static dd_code set_variants(reader *r, const cJSON *v)
{
    const cJSON *one;
    if (!cJSON_IsObject(v))
        return bad(r, v, "variants are names with true or false");
    cJSON_ArrayForEach(one, v)
        if (!cJSON_IsBool(one))
            return bad(r, one, "a variant is true or false: other kinds decide nothing here");
    r->variants = v;
    return DD_OK;
}

static dd_code set_default(reader *r, const cJSON *v)
{
    if (!cJSON_IsString(v) && !cJSON_IsNull(v))
        return bad(r, v, "defaultVariant names a variant");
    r->standard = v->valuestring;
    return DD_OK;
}

static dd_code set_targeting(reader *r, const cJSON *v)
{
    if (!cJSON_IsObject(v))
        return bad(r, v, "targeting is a mapping");
    r->targeting = v;
    return DD_OK;
}

static dd_code set_metadata(reader *r, const cJSON *v);

static const key metadata_keys[] = {
    { "owner", set_owner }, { "created", set_created }, { "ttl", set_ttl }, { "doc", set_doc }, { "description", set_doc },
};
static const key short_keys[] = {
    { "on", set_on }, { "rollout", set_rollout }, { "owner", set_owner }, { "created", set_created }, { "ttl", set_ttl }, { "doc", set_doc },
};
static const key flagd_keys[] = {
    { "state", set_state }, { "variants", set_variants }, { "defaultVariant", set_default }, { "targeting", set_targeting }, { "metadata", set_metadata },
};

static const key *key_of(const key *keys, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(keys[i].name, name) == 0)
            return &keys[i];
    return NULL;
}

static dd_code unknown_key(reader *r, const cJSON *at, const key *keys, size_t n)
{
    dd_near near = { .asked = dd_str_z(at->string) };
    dd_fail(r->err, DD_ERR_PARSE, "%s, line %zu: flag \"" DD_STR_FMT "\": unrecognized key \"%.60s\"", r->what, dd_yaml_line(r->yaml, at),
            DD_STR_ARG(r->flag->name), at->string);
    for (size_t i = 0; i < n; i++)
        dd_near_look(&near, dd_str_z(keys[i].name));
    dd_near_hint(&near, r->err);
    return DD_ERR_PARSE;
}

/* strict: a key that is not known is an error; metadata may hold what it likes. */
static dd_code read_keys(reader *r, const cJSON *object, const key *keys, size_t n, bool strict)
{
    const cJSON *v;
    dd_code      rc = DD_OK;
    cJSON_ArrayForEach(v, object) {
        const key *k = key_of(keys, n, v->string);
        if (k)
            rc = k->set(r, v);
        else if (strict)
            rc = unknown_key(r, v, keys, n);
        if (rc != DD_OK)
            return rc;
    }
    return DD_OK;
}

static dd_code set_metadata(reader *r, const cJSON *v)
{
    return cJSON_IsObject(v) ? read_keys(r, v, metadata_keys, DD_COUNT(metadata_keys), false) : bad(r, v, "metadata is a mapping");
}

/* 1: the variant is true; 0: false; -1: there is none. */
static int variant(const reader *r, const cJSON *name)
{
    const cJSON *v = cJSON_IsString(name) ? cJSON_GetObjectItemCaseSensitive(r->variants, name->valuestring) : NULL;
    return v ? cJSON_IsTrue(v) : -1;
}

/* {"fractional": [WHAT IT SPREADS OVER, ["on", 10], ["off", 90]]}: the first is optional, and always session, user or key here. */
static dd_code read_fractional(reader *r, const cJSON *list)
{
    const cJSON *part;
    double       all = 0, in = 0;
    cJSON_ArrayForEach(part, list) {
        const cJSON *name = cJSON_GetArrayItem(part, 0), *weight = cJSON_GetArrayItem(part, 1);
        bool         spread = part == list->child && !(cJSON_IsArray(part) && variant(r, name) >= 0);
        double       w      = !weight ? 1 : cJSON_IsNumber(weight) && weight->valuedouble >= 0 ? weight->valuedouble : -1;
        if (spread)
            continue;
        if (!cJSON_IsArray(part) || variant(r, name) < 0 || w < 0)
            return bad(r, part, "a part of fractional is [VARIANT, WEIGHT]");
        all += w;
        in += variant(r, name) ? w : 0;
    }
    r->flag->rollout = all > 0 ? in / all * 100 : 0;
    return DD_OK;
}

static dd_code end_flagd(reader *r)
{
    static const char only[] = "only {\"fractional\": [...]} is understood in targeting";
    const cJSON *rule = r->targeting ? r->targeting->child : NULL;
    const cJSON *on   = r->standard && r->variants ? cJSON_GetObjectItemCaseSensitive(r->variants, r->standard) : NULL;
    if (!r->variants)
        return bad(r, r->node, "variants are missing");
    if (r->standard && !on)
        return bad(r, r->node, "defaultVariant is none of the variants");
    r->flag->rollout = cJSON_IsTrue(on) ? 100 : 0;
    if (!rule)
        return DD_OK;
    if (rule->next || strcmp(rule->string, "fractional") != 0 || !cJSON_IsArray(rule))
        return bad(r, rule, only);
    return read_fractional(r, rule);
}

/* --- one flag, all flags --- */

static dd_code finish(reader *r)
{
    const struct { bool missing; const char *why; } needed[] = {
        { !r->flag->owner.len, "owner is missing: who takes it out again?" },
        { r->flag->created == DD_DAY_NONE, "created is missing" },
        { r->ttl_days < 0, "ttl is missing: 14 days at most" },
    };
    for (size_t i = 0; i < DD_COUNT(needed); i++)
        if (needed[i].missing)
            return bad(r, r->node, needed[i].why);
    r->flag->expires = r->flag->created + (dd_day)r->ttl_days;
    return DD_OK;
}

static dd_code read_flag(reader *r, const cJSON *node, const cJSON *common, dd_flag *out)
{
    *out = (dd_flag){ .name = dd_arena_dupz(r->arena, node->string), .on = true, .rollout = 100, .created = DD_DAY_NONE, .expires = DD_DAY_NONE,
                      .line = (int)dd_yaml_line(r->yaml, node) };
    r->flag     = out;
    r->node     = node;
    r->ttl_days = -1;
    r->variants = r->targeting = NULL;
    r->standard = NULL;
    if (!cJSON_IsObject(node))
        return bad(r, node, "on, rollout, owner, created and ttl are needed");
    out->flagd = cJSON_HasObjectItem(node, "state") || cJSON_HasObjectItem(node, "variants");
    dd_code rc = common ? set_metadata(r, common) : DD_OK;
    if (rc == DD_OK && out->flagd)
        rc = read_keys(r, node, flagd_keys, DD_COUNT(flagd_keys), true);
    else if (rc == DD_OK)
        rc = read_keys(r, node, short_keys, DD_COUNT(short_keys), true);
    if (rc == DD_OK && out->flagd)
        rc = end_flagd(r);
    return rc == DD_OK ? finish(r) : rc;
}

static int by_name(const void *a, const void *b) { return dd_str_cmp(((const dd_flag *)a)->name, ((const dd_flag *)b)->name); }

static dd_code read_all(reader *r, const cJSON *root, dd_flags *out)
{
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(root, "flags"), *common = NULL, *node;
    bool         below = list && cJSON_IsObject(list) && !cJSON_HasObjectItem(list, "owner");
    dd_code      rc = DD_OK;
    if (!cJSON_IsObject(root))
        return dd_fail(r->err, DD_ERR_PARSE, "%s: names of flags are needed", r->what);
    if (below && cJSON_HasObjectItem(root, "$evaluators"))
        return dd_fail(r->err, DD_ERR_PARSE, "%s: $evaluators are not understood", r->what);
    if (below)
        common = cJSON_GetObjectItemCaseSensitive(root, "metadata");
    else
        list = root;
    *out = (dd_flags){ dd_newn(r->arena, dd_flag, (size_t)cJSON_GetArraySize(list) + 1), 0 };
    cJSON_ArrayForEach(node, list) {
        if (node->string[0] == '$')
            continue;                            /* "$schema" */
        rc = read_flag(r, node, common, &out->v[out->n]);
        if (rc != DD_OK)
            return rc;
        out->n++;
    }
    if (out->n)
        qsort(out->v, out->n, sizeof *out->v, by_name);
    return DD_OK;
}

dd_code dd_flags_parse(dd_str text, const char *what, dd_arena *arena, dd_flags *out, dd_err *err)
{
    reader r = { .what = what, .arena = arena, .err = err, .yaml = dd_yaml_parse(text, what, err) };
    *out     = (dd_flags){ NULL, 0 };
    if (!r.yaml)
        return err->code;
    dd_code rc = read_all(&r, dd_yaml_root(r.yaml), out);
    if (rc != DD_OK)
        *out = (dd_flags){ NULL, 0 };
    dd_yaml_free(r.yaml);
    return rc;
}

/* --- the configuration's --- */

const char *dd_flags_path(const dd_config *c)
{
    const char *env = getenv("DD0C_FLAGS");
    return c->flags.file ? c->flags.file : env && *env ? env : NULL;
}

/* DD0C_FLAG_CHEAP_CHAT for "cheap-chat". */
static dd_code override(dd_flag *f, dd_err *err)
{
    dd_buf name = DD_BUF_INIT(256);
    dd_buf_addz(&name, "DD0C_FLAG_");
    for (size_t i = 0; i < f->name.len; i++) {
        char c = f->name.ptr[i];
        dd_buf_addc(&name, c >= 'a' && c <= 'z' ? (char)(c - 32) : (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ? c : '_');
    }
    const char *value = getenv(dd_buf_z(&name));
    dd_str      s     = dd_str_z(value);
    dd_code     rc    = DD_OK;
    if (dd_str_eqz(s, "on") || dd_str_eqz(s, "off"))
        f->on = dd_str_eqz(s, "on");
    else if (s.len && percent(s, &f->rollout))
        f->on = true;
    else if (s.len)
        rc = dd_fail(err, DD_ERR_USAGE, "%s is on, off or a share such as 25%%, not \"%.60s\"", dd_buf_z(&name), value);
    dd_buf_free(&name);
    return rc;
}

dd_code dd_flags_load(const dd_config *c, dd_arena *arena, dd_flags *out, dd_err *err)
{
    const char *path = dd_flags_path(c);
    dd_buf      text = DD_BUF_INIT(1 << 20), what = DD_BUF_INIT(4200);
    *out = (dd_flags){ NULL, 0 };
    if (!path)
        return DD_OK;
    dd_buf_printf(&what, "flags \"%s\"", path);
    dd_code rc = dd_file_read(path, &text, err);
    if (rc != DD_OK)
        dd_wrap(err, "flags");
    else
        rc = dd_flags_parse(dd_buf_str(&text), dd_buf_z(&what), arena, out, err);
    for (size_t i = 0; rc == DD_OK && i < out->n; i++)
        rc = override(&out->v[i], err);
    dd_buf_free(&text);
    dd_buf_free(&what);
    return rc;
}
