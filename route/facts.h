/* route/facts.h - what rules may ask of a request, and under which names.
 *
 * The proxy fills what it knows at once; what costs time (counting tokens, classifying, budgets) is filled when a rule first asks. Pure but for
 * `fill`, which the caller supplies. Text is borrowed from the request. What a request lacks is "" for text and null for a number, so that neither
 * `max_tokens > 1000` nor `max_tokens < 1000` holds without a cap. The table of names is the one source of docs/routing.md's list, of `config check`
 * and of `route explain`. */
#ifndef DD_ROUTE_FACTS_H
#define DD_ROUTE_FACTS_H
#include "route/cel.h"
#include "route/classify.h"
#include "route/policy.h"

typedef struct { dd_str name, value; } dd_tag;   /* name in lower case */

enum { DD_FACT_TOKENS = 1, DD_FACT_CLASS = 2, DD_FACT_BUDGET = 4, DD_FACT_COST = 8 };
typedef enum { DD_PRIORITY_NONE, DD_PRIORITY_CHEAP, DD_PRIORITY_BALANCED, DD_PRIORITY_BEST } dd_priority;   /* of POST /v1/chat (RO.1) */

typedef struct dd_facts dd_facts;
struct dd_facts {
    dd_str        model;             /* as the client asked, decoded; "" for the omni endpoints without one */
    dd_family     family;            /* of the endpoint it came in by */
    dd_str        provider;          /* who would serve the requested model; "": dd_plan_make fills it where it is known */
    dd_str        endpoint;          /* "chat.completions", as the event's */
    bool          stream, has_tools, has_images, has_documents, has_audio, json_schema, reasoning;
    int64_t       max_tokens;        /* the cap on the answer; -1: none */
    int           messages, turns, tools;   /* turns: of the user */
    dd_str        feature, team, env, user, call_site, session, org, key, tier;   /* key: its id */
    const dd_tag *tags;     size_t n_tags;
    const dd_tag *key_tags; size_t n_key_tags;
    int64_t       time_s;            /* wall time; hour and weekday follow by the policy's time zone */
    int           tz_minutes;        /* dd_plan_make sets it as the policy says */
    uint64_t      prefix;            /* hash of what a provider's prompt cache would hold of it: system prompt, tools, first turn; 0: nothing */
    uint64_t      random;            /* spreads evenly; of a weighted choice and a rollout */
    dd_priority   priority;
    bool          fast;              /* latency_pref fast */
    dd_pusd       max_cost;          /* DD_PUSD_UNKNOWN: none */

    unsigned      known;             /* DD_FACT_... that are filled below */
    int64_t       input_tokens;
    dd_class      class;
    double        budget_used;       /* the largest used share of the budgets that apply: 0.5 is half */
    dd_pusd       expected_cost;     /* of this request at the requested model; DD_FACT_COST, by dd_plan_make; DD_PUSD_UNKNOWN */
    double        latency_ms, error_rate;   /* of the requested model, of late; < 0: not known; DD_FACT_COST, too */
    void        (*fill)(dd_facts *f, unsigned which);   /* sets what is asked for and its bit in `known`; NULL: all is there */
    void         *ctx;
};
/* Fills what is not there yet; what nobody fills stays as it is. */
void dd_facts_need(dd_facts *f, unsigned which);

extern const dd_cel_env dd_facts_env;                              /* the names: budget.used, call_site, ..., weekday; sorted. Zones: none */
/* `fill` of dd_cel_vars; ctx is a dd_facts_view. */
typedef struct {
    dd_facts *facts;
    dd_arena *arena;                 /* of the maps that `tags` and `key_tags` are */
    void    (*reckon)(void *ctx, dd_facts *f);   /* fills DD_FACT_COST; NULL: those are null */
    void     *ctx;
} dd_facts_view;
bool dd_facts_fill(void *view, size_t variable, dd_cel_value *out);
/* 0 to 23, and 1 Monday to 7 Sunday, in the facts' time zone. */
int  dd_facts_hour(const dd_facts *f);
int  dd_facts_weekday(const dd_facts *f);
const char *dd_priority_name(dd_priority p);   /* "cheap", "balanced", "best"; "" none */
bool        dd_priority_find(dd_str name, dd_priority *out);
#endif
