/* cmd/config_table.c - every section and key of dd0c.yaml. The reader, the schema and docs/configuration.md's test go by it. */
#include <stddef.h>
#include <string.h>

#include "cmd/config_parts.h"
#include "route/policy.h"

#define KEY(section, name, kind, member, choices, help) { section, name, kind, offsetof(dd_config, member), 0, choices, help, NULL }
#define WORD(section, name, kind, type, member, word, choices, help) { section, name, kind, offsetof(type, member), 0, choices, help, word }
#define MAP(section, name, member, number, help) \
    { section, name, KEY_MAP, offsetof(dd_config, member), offsetof(dd_config, number), NULL, help, NULL }
#define OF(section, type, name, kind, member, choices, help) { section, name, kind, offsetof(type, member), 0, choices, help, NULL }
#define PROVIDER(name, kind, member, choices, help) OF("providers", dd_config_provider, name, kind, member, choices, help)
#define MODEL(name, kind, member, choices, help) OF("models", dd_config_model, name, kind, member, choices, help)
#define ROUTE(name, kind, member, choices, help) OF("routes", dd_config_route, name, kind, member, choices, help)
#define STEP(name, kind, member, choices, help) OF("step", dd_config_step, name, kind, member, choices, help)
#define BUDGET(name, kind, member, choices, help) OF("budgets", dd_config_budget, name, kind, member, choices, help)
#define LIMIT(name, kind, member, choices, help) OF("limits", dd_config_limit, name, kind, member, choices, help)
#define OTLP(name, kind, member, choices, help) OF("otlp", dd_config_otlp, name, kind, member, choices, help)
#define WEIGHT(name, member, help) OF("weights", dd_config_weights, name, KEY_NUMBER, member, NULL, help)

static bool strategy(dd_str word, int64_t *out)
{
    dd_strategy s;
    if (!dd_strategy_find(word, &s))
        return false;
    *out = s;
    return true;
}

static bool failure(dd_str word, int64_t *out)
{
    unsigned bits;
    if (!dd_on_find(word, &bits))
        return false;
    *out = bits;
    return true;
}

static bool check(dd_str word, int64_t *out)
{
    unsigned bits;
    if (!dd_check_find(word, &bits))
        return false;
    *out = bits;
    return true;
}

static bool scope(dd_str word, int64_t *out)
{
    dd_budget_scope s;
    if (!dd_budget_scope_find(word, &s))
        return false;
    *out = s;
    return true;
}

static bool period(dd_str word, int64_t *out)
{
    dd_period p;
    if (!dd_period_find(word, &p))
        return false;
    *out = p;
    return true;
}

static bool sticky(dd_str word, int64_t *out)
{
    static const char *const words[] = { [DD_STICKY_NONE] = "no", [DD_STICKY_SESSION] = "session", [DD_STICKY_USER] = "user" };
    for (size_t i = 0; i < DD_COUNT(words); i++)
        if (dd_str_eqz(word, words[i])) {
            *out = (int64_t)i;
            return true;
        }
    return false;
}

#define STRATEGIES "passthrough|cheapest|quality-first|cascading|score|weighted|latency|complexity"
#define FAILURES   "429|5xx|timeout|reset|context|content_policy|auth|bad_answer|not_found"
#define CHECKS     "empty|truncated|refusal|invalid_json|tool_error|verifier"
#define SCOPES     "global|org|key|user|team|feature"
#define PERIODS    "hour|day|week|month|total"

const dd_config_key dd_config_keys[] = {
    KEY("", "fallback", KEY_STEPS, fallback, NULL, "what is called when a model fails and its route has no fallback of its own, in order"),
    { "", "fallback_chain", KEY_POLICY, 0, 0, NULL, "a policy file's fallback, in place of fallback: (docs/import.md)", NULL },
    WORD("", "fallback_on", KEY_WORDS, dd_config, fallback_on, failure, FAILURES, "failures that make a request go on to the next step"),
    KEY("", "log_format", KEY_CHOICE, log_format, "text|json", "how the proxy writes its log"),
    KEY("", "premium", KEY_TEXT, premium, NULL, "model that savings_estimate compares with (the strongest known)"),
    KEY("", "registry", KEY_STEPS, registry, NULL, "models that POST /v1/chat and routes without from: choose among (all priced ones)"),
    { "", "routing_policy", KEY_POLICY, 0, 0, NULL, "a policy file's rules of name, condition and action, in place of routes: (docs/import.md)",
      NULL },
    KEY("", "timezone", KEY_TEXT, timezone, NULL, "IANA zone of hour, weekday and of budgets that name none (UTC)"),
    KEY("", "unpriced", KEY_CHOICE, unpriced, "warn|block", "what the proxy does with a model whose price is not known"),
    KEY("", "unsupported", KEY_CHOICE, unsupported, "drop|error",
        "what translation does with a member that the target has no place for; it is named in x-dd0c-dropped"),
    KEY("breaker", "cooldown", KEY_DURATION, breaker.cooldown, NULL, "time until an open breaker lets a probe through (30s)"),
    KEY("breaker", "error_rate", KEY_SHARE, breaker.error_rate, "off", "share of failures that opens a provider's breaker (10%); off: never"),
    KEY("breaker", "min_requests", KEY_INT, breaker.min_requests, NULL, "fewer requests in the window never open it (20)"),
    KEY("breaker", "probes", KEY_INT, breaker.probes, NULL, "good probes in a row that close it (1)"),
    KEY("breaker", "window", KEY_DURATION, breaker.window, NULL, "time that is looked back (60s)"),
    WORD("budgets", "limit", KEY_LIMIT, dd_config_budget, limit, NULL, NULL, "$100/month, or an amount with period"),
    BUDGET("match", KEY_TEXT, match, NULL, "glob of the keys, users, teams ... it holds for; without one each has its own"),
    BUDGET("name", KEY_TEXT, name, NULL, "what messages, events and `dd0c budgets` call it; once"),
    WORD("budgets", "on_exceed", KEY_EXCEED, dd_config_budget, on_exceed, NULL, "block|local|warn|downgrade:ROUTE",
        "what a request meets when it would go past the limit (block)"),
    WORD("budgets", "period", KEY_WORD, dd_config_budget, period, period, PERIODS, "when it begins anew (month); weeks begin on Monday"),
    BUDGET("plan", KEY_SWITCH, plan, NULL, "a plan's limit: answered with 429 and a link, not 402"),
    WORD("budgets", "scope", KEY_WORD, dd_config_budget, scope, scope, SCOPES, "whose spending is counted (global)"),
    BUDGET("timezone", KEY_TEXT, timezone, NULL, "IANA zone its periods begin in"),
    BUDGET("warn_at", KEY_SHARE, warn_at, "off", "share of the limit from which answers carry a warning (80%)"),
    KEY("cache", "disk", KEY_SIZE, cache.disk, "off", "largest file of kept answers (1GB); off: memory alone"),
    KEY("cache", "max_entry", KEY_SIZE, cache.max_entry, NULL, "larger answers are not kept (1MB)"),
    KEY("cache", "max_memory", KEY_SIZE, cache.max_memory, NULL, "memory for kept answers (64MB)"),
    KEY("cache", "mode", KEY_CHOICE, cache.mode, "off|exact", "whether equal requests get the answer that was kept (off)"),
    KEY("cache", "scope", KEY_CHOICE, cache.scope, "key|org|global", "who may get an answer that was kept for another (key)"),
    KEY("cache", "ttl", KEY_DURATION, cache.ttl, NULL, "how long an answer is kept (24h)"),
    KEY("classifier", "model", KEY_TEXT, classifier.model, NULL, "cheap model that is asked how hard a request is; without one it is reckoned here"),
    KEY("classifier", "thresholds", KEY_KEYS, classifier.thresholds, "thresholds", "scores at which complexity is low and high"),
    KEY("classifier", "timeout", KEY_DURATION, classifier.timeout, NULL, "time the model gets; then the local classifier's word counts (500ms)"),
    KEY("dev", "base_url", KEY_TEXT, dev.base_url, NULL, "local server that development mode sends everything to"),
    KEY("dev", "model", KEY_TEXT, dev.model, NULL, "local model for every name that has none of its own"),
    MAP("dev", "models", dev.models, dev.n_models, "names asked for, and the local models for them"),
    KEY("flags", "file", KEY_PATH, flags.file, NULL, "file of feature flags, flagd's format or dd0c's"),
    KEY("governance", "file", KEY_PATH, governance.file, NULL, "policy.json: governance and panic mode, watched for changes"),
    KEY("health", "interval", KEY_DURATION, health.interval, NULL, "how often providers are asked whether they answer (30s); 0: never"),
    KEY("health", "path", KEY_TEXT, health.path, NULL, "what they are asked for, behind base_url (/models)"),
    KEY("health", "timeout", KEY_DURATION, health.timeout, NULL, "time an answer may take (5s)"),
    LIMIT("concurrent", KEY_INT, concurrent, NULL, "requests that may be under way at once"),
    LIMIT("match", KEY_TEXT, match, NULL, "glob of the keys, organisations ... it holds for; without one each has its own"),
    LIMIT("name", KEY_TEXT, name, NULL, "what messages call it; once"),
    LIMIT("requests", KEY_RATE, requests, NULL, "requests in a time: 100/min"),
    WORD("limits", "scope", KEY_WORD, dd_config_limit, scope, scope, SCOPES, "whose requests are counted (key)"),
    LIMIT("tokens", KEY_RATE, tokens, NULL, "tokens of requests and answers in a time: 100000/min"),
    KEY("metrics", "listen", KEY_TEXT, metrics.listen, NULL, "address and port where GET /metrics needs no key: 127.0.0.1:9464 (nowhere)"),
    WORD("models", "fallback_on", KEY_WORDS, dd_config_model, fallback_on, failure, FAILURES,
        "failures that make a request go on to the next target"),
    WORD("models", "strategy", KEY_WORD, dd_config_model, strategy, strategy, STRATEGIES,
        "how one of the targets is chosen (passthrough: the first that can)"),
    MODEL("targets", KEY_STEPS, targets, NULL, "provider/model, in order of preference"),
    OTLP("certificate", KEY_PATH, certificate, NULL, "authorities that the collector's certificate is checked by, PEM (the system's)"),
    OTLP("compression", KEY_CHOICE, compression, "none|gzip", "how messages are packed (none)"),
    OTLP("endpoint", KEY_TEXT, endpoint, NULL,
        "collector, http://localhost:4318; /v1/traces and /v1/metrics are put behind. Without one nothing is sent"),
    { "otlp", "headers", KEY_MAP, offsetof(dd_config_otlp, headers), offsetof(dd_config_otlp, n_headers), NULL,
      "headers of each message, such as a key's; values may be ${NAME} or secret:NAME", NULL },
    OTLP("interval", KEY_DURATION, interval, NULL, "how often metrics are sent (60s)"),
    OTLP("metrics", KEY_SWITCH, metrics, NULL, "whether metrics are sent (yes)"),
    OTLP("protocol", KEY_CHOICE, protocol, "http/protobuf|http/json", "form of the messages (http/protobuf)"),
    OTLP("queue", KEY_INT, queue, NULL, "traces that may wait to be sent (2048); what comes when it is full is not sent, and counted"),
    OTLP("retry", KEY_DURATION, retry, NULL, "how long a message that is not taken is tried again (60s)"),
    OTLP("sample", KEY_SHARE, sample, NULL, "share of traces that is sent, where a client does not say it (100%)"),
    OTLP("timeout", KEY_DURATION, timeout, NULL, "time that a message gets (10s)"),
    OTLP("traces", KEY_SWITCH, traces, NULL, "whether traces are sent (yes)"),
    KEY("panic", "mode", KEY_SWITCH, panic.on, NULL, "on: rules are frozen and nothing falls back"),
    KEY("panic", "provider", KEY_TEXT, panic.provider, NULL, "provider that then gets every request"),
    KEY("prices", "max_age_days", KEY_INT, prices.max_age_days, NULL, "fail when the price table is older than this many days"),
    KEY("prices", "override", KEY_PATH, prices.override, NULL, "file of prices that win over the table"),
    KEY("prices", "url", KEY_TEXT, prices.url, NULL, "where `dd0c prices update` fetches the table"),
    PROVIDER("api_key", KEY_TEXT, api_key, NULL,
        "the provider's key: ${NAME} and os.environ/NAME read the environment, secret:NAME the secret store"),
    PROVIDER("api_version", KEY_TEXT, api_version, NULL, "api-version of Azure, anthropic-version of Anthropic"),
    PROVIDER("base_url", KEY_TEXT, base_url, NULL, "where it answers, with or without /v1"),
    PROVIDER("connect", KEY_DURATION, connect, NULL, "time to connect"),
    PROVIDER("cost", KEY_INT, cost, NULL, "0: its models cost nothing"),
    PROVIDER("first_token", KEY_DURATION, first_token, NULL, "time until the answer begins"),
    PROVIDER("health", KEY_TEXT, health, NULL, "no: never asked whether it answers; a path: asked for that"),
    PROVIDER("idle", KEY_DURATION, idle, NULL, "time between two pieces of an answer"),
    PROVIDER("keys", KEY_SECRETS, keys, NULL, "several keys, each with value and weight"),
    PROVIDER("local", KEY_SWITCH, local, NULL, "yes: it counts as on this machine (on_exceed: local), whatever its address"),
    PROVIDER("models", KEY_LIST, models, NULL, "globs of the only models it serves"),
    PROVIDER("total", KEY_DURATION, total, NULL, "time for the whole answer"),
    PROVIDER("type", KEY_TEXT, type, NULL, "which row of the provider table it follows; openai for any compatible server"),
    PROVIDER("verify_tls", KEY_CHOICE, verify_tls, "yes|no", "check its certificate"),
    KEY("retry", "attempts", KEY_INT, retry.attempts, NULL, "attempts at one step, the first among them (1)"),
    KEY("retry", "backoff", KEY_SPAN, retry.backoff, NULL, "wait before the second attempt, doubling up to the other: 250ms..5s"),
    KEY("retry", "budget", KEY_SHARE, retry.budget, NULL, "share of requests that retries and fallbacks may add (20%)"),
    KEY("retry", "budget_min", KEY_NUMBER, retry.budget_min, NULL, "retries a second that are always allowed"),
    WORD("retry", "on", KEY_WORDS, dd_config, retry.on, failure, FAILURES, "failures that are tried again at the same step"),
    KEY("retry", "respect_retry_after", KEY_SWITCH, retry.respect_retry_after, NULL, "wait as long as the provider says (yes)"),
    KEY("retry", "retry_after_max", KEY_DURATION, retry.retry_after_max, NULL, "longer than this: on to the next step instead"),
    KEY("roles", "cheap", KEY_TEXT, roles.cheap, NULL, "model for plain chat"),
    KEY("roles", "coding", KEY_TEXT, roles.coding, NULL, "model for code"),
    KEY("roles", "fallback", KEY_TEXT, roles.fallback, NULL, "model when others fail"),
    KEY("roles", "reasoning", KEY_TEXT, roles.reasoning, NULL, "model for hard thinking"),
    ROUTE("cache", KEY_SWITCH, cache, NULL, "on or off for this route, whatever cache.mode says"),
    WORD("routes", "checks", KEY_WORDS, dd_config_route, checks, check, CHECKS, "cascading: what an answer must not be (all but verifier)"),
    WORD("routes", "escalate_on", KEY_WORDS, dd_config_route, checks, check, CHECKS, "another name of checks"),
    ROUTE("fallback", KEY_STEPS, fallback, NULL, "what is called when the choice fails; none: nothing"),
    WORD("routes", "fallback_on", KEY_WORDS, dd_config_route, fallback_on, failure, FAILURES, "failures that make a request go on to the next step"),
    ROUTE("flag", KEY_TEXT, flag, NULL, "feature flag that must be on for the route to match"),
    ROUTE("from", KEY_STEPS, from, NULL,
        "models to choose among; without it the requested one, or with cheapest, score and quality-first its equals"),
    ROUTE("min_quality", KEY_SHARE, min_quality, NULL, "least quality of a choice, as a share of the requested model's"),
    ROUTE("name", KEY_TEXT, name, NULL, "what headers, events and messages call it; once"),
    WORD("routes", "sticky", KEY_WORD, dd_config_route, sticky, sticky, "no|session|user",
        "keep a session's or user's model, so that its prompt cache stays warm"),
    WORD("routes", "strategy", KEY_WORD, dd_config_route, strategy, strategy, STRATEGIES,
        "how one of from: is chosen (passthrough: the first that can)"),
    ROUTE("verifier", KEY_TEXT, verifier, NULL, "cascading: model that is asked whether an answer is good"),
    ROUTE("weights", KEY_KEYS, weights, "weights", "weights of strategy score, in place of scoring.weights"),
    ROUTE("when", KEY_TEXT, when, NULL, "condition over the request's facts, in CEL; without one it always matches"),
    KEY("scan", "calls", KEY_INT, scan.calls, NULL, "calls a month of each production site"),
    KEY("scan", "default_model", KEY_TEXT, scan.default_model, NULL, "model to price sites with whose own is only known at run time"),
    MAP("scan", "deployments", scan.deployments, scan.n_deployments, "Azure deployment names and the models behind them"),
    KEY("scan", "exclude", KEY_LIST, scan.exclude, NULL, "globs of files not to scan"),
    KEY("scan", "fail_on", KEY_LIST, scan.fail_on, NULL, "gates: unknown, retired, opportunity=USD"),
    KEY("scan", "include", KEY_LIST, scan.include, NULL, "globs of the only files to scan"),
    KEY("scan", "max_filesize", KEY_SIZE, scan.max_filesize, NULL, "files larger than this are listed, not scanned"),
    KEY("scan", "max_monthly", KEY_USD, scan.max_monthly, NULL, "exit 1 when the monthly estimate is above this"),
    KEY("scan", "preset", KEY_CHOICE, scan.preset, "default|small|medium|large", "volume preset"),
    KEY("scan", "summary_url", KEY_TEXT, scan.summary_url, NULL, "where `dd0c scan --opt-in` posts its summary"),
    KEY("scan", "tests", KEY_CHOICE, scan.tests, "exclude|separate|include", "what to do with tests, examples and notebooks"),
    KEY("scan", "usage", KEY_PATH, scan.usage, NULL, "usage file with calls and tokens a site"),
    KEY("scoring", "weights", KEY_KEYS, scoring.weights, "weights", "weights of strategy score (0.4, 0.3, 0.3)"),
    KEY("server", "cors_origins", KEY_LIST, server.cors_origins, NULL, "origins that browsers may call from; * for all"),
    KEY("server", "listen", KEY_TEXT, server.listen, NULL, "address and port, 127.0.0.1:4000"),
    KEY("server", "max_body", KEY_SIZE, server.max_body, NULL, "largest request body (64MB)"),
    KEY("server", "tls_cert", KEY_PATH, server.tls_cert, NULL, "certificate chain, PEM"),
    KEY("server", "tls_key", KEY_PATH, server.tls_key, NULL, "its key, PEM"),
    KEY("server", "tls_min", KEY_CHOICE, server.tls_min, "1.2|1.3", "oldest TLS version that clients may use (1.3)"),
    KEY("server", "workers", KEY_INT, server.workers, NULL, "worker threads (one a core)"),
    STEP("max_score", KEY_SHARE, threshold, NULL, "another name of threshold"),
    STEP("model", KEY_TEXT, model, NULL, "provider/model, a name of models:, or a model that one provider has"),
    STEP("provider", KEY_TEXT, model, NULL, "in place of model: this provider's nearest equal of the requested one"),
    STEP("retries", KEY_INT, retries, NULL, "attempts after the first (as retry: says)"),
    STEP("threshold", KEY_SHARE, threshold, NULL, "strategy complexity: taken up to this score of the classifier"),
    STEP("timeout", KEY_DURATION, timeout, NULL, "time until its answer begins (as the provider's)"),
    STEP("weight", KEY_INT, weight, NULL, "strategy weighted: its share (1)"),
    KEY("telemetry", "otlp", KEY_KEYS, telemetry.otlp, "otlp", "where traces and metrics are sent (docs/otlp.md)"),
    KEY("telemetry", "queue", KEY_INT, telemetry.queue, NULL, "events that may wait to be written (1000)"),
    KEY("telemetry", "retention", KEY_DURATION, telemetry.retention, NULL, "how long events are kept (30d)"),
    KEY("telemetry", "spool", KEY_SIZE, telemetry.spool, NULL, "largest file for events that the store could not take (64MB); 0: none"),
    KEY("telemetry", "store", KEY_CHOICE, telemetry.store, "sqlite|off", "where events are kept"),
    { "thresholds", "high", KEY_SHARE, sizeof(double), 0, NULL, "complexity is high from this score", NULL },
    { "thresholds", "low", KEY_SHARE, 0, 0, NULL, "complexity is low below this score", NULL },
    KEY("timeouts", "connect", KEY_DURATION, timeouts.connect, NULL, "time to connect to a provider (3s)"),
    KEY("timeouts", "drain", KEY_DURATION, timeouts.drain, NULL, "time that open requests get when the proxy is told to end (30s)"),
    KEY("timeouts", "first_token", KEY_DURATION, timeouts.first_token, NULL, "time until an answer begins (5m)"),
    KEY("timeouts", "idle", KEY_DURATION, timeouts.idle, NULL, "time between two pieces of an answer (60s)"),
    KEY("timeouts", "total", KEY_DURATION, timeouts.total, NULL, "time for a whole answer (10m)"),
    WEIGHT("cost", cost, "of a low cost"),
    WEIGHT("latency", latency, "of a quick answer"),
    WEIGHT("task", task, "of a model that is good at the task"),
};
const size_t dd_config_keys_count = DD_COUNT(dd_config_keys);

static const dd_config_provider any_provider = { .cost = -1, .connect = -1, .first_token = -1, .idle = -1, .total = -1, .local = -1 };
static const dd_config_model    any_model    = { .fallback_on = -1, .strategy = -1 };
static const dd_config_route    any_route    = { .strategy = -1, .sticky = -1, .fallback_on = -1, .checks = -1, .weights = { -1, -1, -1 },
                                                 .min_quality = -1, .cache = -1 };
static const dd_config_budget   any_budget   = { .scope = -1, .period = -1, .limit = -1, .limit_period = -1, .warn_at = -1 };
static const dd_config_limit    any_limit    = { .scope = -1, .concurrent = -1, .requests = { -1, 60000 }, .tokens = { -1, 60000 } };

#define KEYS(name, help) { name, SECTION_KEYS, help, 0, 0, 0, NULL, NULL, NULL }
#define PART(name) { name, SECTION_PART, NULL, 0, 0, 0, NULL, NULL, NULL }
#define ENTRIES(name, shape, help, member, type, initial, finish, brief) \
    { name, shape, help, offsetof(dd_config, member), offsetof(dd_config, n_##member), sizeof(type), initial, finish, brief }

const dd_config_section dd_config_sections[] = {
    KEYS("breaker", "when a provider that fails is left alone"),
    ENTRIES("budgets", SECTION_LIST, "what may be spent", budgets, dd_config_budget, &any_budget, dd_config_end_budget, NULL),
    KEYS("cache", "answers kept for equal requests"),
    KEYS("classifier", "how hard a request is"),
    KEYS("dev", "development mode"),
    KEYS("flags", "feature flags"),
    KEYS("governance", "who must agree to changes"),
    KEYS("health", "asking providers whether they answer; without this section nobody is asked"),
    ENTRIES("limits", SECTION_LIST, "how often may be asked", limits, dd_config_limit, &any_limit, dd_config_end_limit, NULL),
    KEYS("metrics", "figures for Prometheus"),
    ENTRIES("models", SECTION_NAMED, "names that clients may ask for besides provider/model", models, dd_config_model, &any_model,
            dd_config_end_model, "targets"),
    PART("otlp"),
    KEYS("panic", "frozen rules"),
    KEYS("prices", "the price table"),
    ENTRIES("providers", SECTION_NAMED, "who serves models", providers, dd_config_provider, &any_provider, dd_config_end_provider, NULL),
    KEYS("retry", "trying again at the same provider"),
    KEYS("roles", "models for kinds of work"),
    ENTRIES("routes", SECTION_LIST, "rules, the first match wins", routes, dd_config_route, &any_route, dd_config_end_route, NULL),
    KEYS("scan", "`dd0c scan`"),
    KEYS("scoring", "strategy score"),
    KEYS("server", "where the proxy listens"),
    PART("step"),
    KEYS("telemetry", "events"),
    PART("thresholds"),
    KEYS("timeouts", "time limits"),
    PART("weights"),
};
const size_t dd_config_sections_count = DD_COUNT(dd_config_sections);

const dd_config_section *dd_config_section_find(const char *name)
{
    for (size_t i = 0; i < DD_COUNT(dd_config_sections); i++)
        if (strcmp(dd_config_sections[i].name, name) == 0)
            return &dd_config_sections[i];
    return NULL;
}

void dd_config_init(dd_config *c)
{
    *c = (dd_config){ .scan        = { .calls = -1, .max_monthly = -1, .max_filesize = -1 },
                      .prices      = { .max_age_days = -1 },
                      .server      = { .workers = -1, .max_body = -1 },
                      .timeouts    = { -1, -1, -1, -1, -1 },
                      .telemetry   = { .retention = -1, .spool = -1, .queue = -1, .otlp = { .timeout = -1, .interval = -1, .retry = -1, .queue = -1,
                                       .traces = -1, .metrics = -1, .sample = -1 } },
                      .fallback_on = -1,
                      .retry       = { .attempts = -1, .retry_after_max = -1, .backoff = { -1, -1 }, .respect_retry_after = -1, .budget = -1,
                                       .budget_min = -1, .on = -1 },
                      .breaker     = { -1, -1, -1, -1, -1 },
                      .scoring     = { { -1, -1, -1 } },
                      .classifier  = { .timeout = -1, .thresholds = { -1, -1 } },
                      .health      = { .interval = -1, .timeout = -1 },
                      .cache       = { .ttl = -1, .max_memory = -1, .max_entry = -1, .disk = -1 },
                      .panic       = { .on = -1 } };
}
