/* cmd/table.c - every command, a row each, sorted by name (a test says so). */
#include "cmd/cmd.h"

const dd_cmd dd_cmds[] = {
    { "audit", dd_cmd_audit, "list changes of keys and secrets: who, what, when", "", dd_audit_opts,
      "Every change that a command makes to keys and secrets is kept for 90 days, with what was there before and after, never with a key or a value. JSON and CSV "
      "hold all of it; the text leaves out before and after.",
      "dd0c audit --days 7\n# to take away\ndd0c audit --format csv > audit.csv" },
    { "bench", dd_cmd_bench, "measure what a gateway adds to a request", "", dd_bench_opts,
      "Asks a provider directly and through a gateway in turns and prints what the gateway adds; then load at the gateway's limit and at a fixed rate, streams, and bodies of 50 and 500 kB. "
      "Works with any gateway that speaks OpenAI's API; `dd0c mock` is a provider to put behind it.",
      "dd0c mock --listen 127.0.0.1:9010 &\ndd0c bench --upstream http://127.0.0.1:9010 --gateway http://127.0.0.1:4000" },
    { "bench cache", dd_cmd_bench_cache, "measure what equal requests cost with the cache on", "", dd_bench_cache_opts,
      "Asks one question again and again, each round another one, and prints how many were answered from the cache, what they cost with it and without, and how long a hit "
      "takes. Starts a proxy and a mock provider of its own unless --gateway names a proxy that runs. Status 1: less than 99% was saved in a round.",
      "dd0c bench cache --rounds 3" },
    { "budgets", dd_cmd_budgets, "show how budgets stand and where they will end", "", dd_budgets_opts,
      "A row for each account: a budget's value (a key, a team ...) in the period of now, the fullest first, with what is spent, what requests under way have reserved, "
      "the limit, and whether it holds until the period's end at the pace so far. Reads the configuration, the ledger that proxies keep, and for what was never "
      "charged there the sums; a proxy need not run.\n\n"
      "`dd0c budgets explain` says which budgets a request meets, `dd0c budgets reset` begins one anew.",
      "dd0c budgets\n# for a program\ndd0c budgets --format json" },
    { "budgets explain", dd_cmd_budgets_explain, "say which budgets a request meets, and whether it fits", "", dd_budgets_explain_opts,
      "Names every budget of the configuration, whether it applies to such a request and why not, and what is left of it. A budget applies when the request has a "
      "value of its scope (a team, a user ...) that its match fits. Status 1: a budget has no room for the cost.",
      "dd0c budgets explain --key ci --team search --cost 0.25" },
    { "budgets list", dd_cmd_budgets, "show how budgets stand and where they will end", "", dd_budgets_opts, "The same as `dd0c budgets`.", "dd0c budgets list" },
    { "budgets reset", dd_cmd_budgets_reset, "count what a budget has spent no more", "NAME [VALUE]", dd_budgets_reset_opts,
      "From now on the account begins at 0, until its period ends; what requests under way have reserved stays. VALUE is whose account it is: a key's id or name, a team. "
      "A running proxy needs no word. What was spent stays in `dd0c costs`, and the change is in `dd0c audit`.",
      "dd0c budgets reset per-key ci\ndd0c budgets reset everything" },
    { "cache", dd_cmd_cache, "show how many answers are kept, and what that saved", "", dd_cache_cmd_opts,
      "Answers that are kept for equal requests: in the file of the state folder, and in the memory of the proxies that run, which are asked over their sockets, with their hits and "
      "misses since they started; and what hits of the last seven days saved, as recorded.\n\n"
      "`dd0c cache clear` takes some out, or all.",
      "dd0c cache\n# for a program\ndd0c cache --format json" },
    { "cache clear", dd_cmd_cache_clear, "take kept answers out, wherever they are", "", dd_cache_clear_opts,
      "Takes answers out of the file and out of the memory of every proxy of this state folder that runs; the next equal request is asked anew. What --key, "
      "--pattern and --tag say must all fit. It stands in dd0c audit. Status 3: a proxy could not be told.",
      "dd0c cache clear --pattern 'gpt-4o*'\ndd0c cache clear --tag team=search --key ci\ndd0c cache clear --all" },
    { "cache invalidate", dd_cmd_cache_clear, "the same as cache clear", "", dd_cache_clear_opts,
      "Takes answers out of the file and out of the memory of every proxy of this state folder that runs; the next equal request is asked anew. What --key, "
      "--pattern and --tag say must all fit. It stands in dd0c audit. Status 3: a proxy could not be told.",
      "dd0c cache invalidate --pattern 'gpt-4o*'\ndd0c cache invalidate --tag team=search --key ci\ndd0c cache invalidate --all" },
    { "completion", dd_cmd_completion_run, "print a completion script for bash, fish or zsh", "SHELL", dd_completion_opts,
      "Prints a script that lets the shell complete commands, options and choices.",
      "# for this shell\nsource <(dd0c completion bash)\n# for good, with fish\ndd0c completion fish > ~/.config/fish/completions/dd0c.fish" },
    { "config check", dd_cmd_config_check, "check a configuration file", "[FILE]", dd_config_opts,
      "Reads the file as every command does and names the first thing that is wrong: a key or value with its line, a provider, a target, an address that the proxy would "
      "refuse. A rule that never matches, a name that is no model, route or flag, a cascade of one model are errors; a retired model, a budget that nobody reaches, a setting "
      "without effect are warnings. So is a variable that the environment lacks, since the proxy may run elsewhere; secrets are not opened, no provider is asked.",
      "dd0c config check dd0c.yaml" },
    { "config import", dd_cmd_config_import, "make a dd0c.yaml of another gateway's configuration", "litellm|portkey|policy FILE", dd_config_import_opts,
      "Reads a LiteLLM proxy's config.yaml, a Portkey config (JSON), or a policy file with routing_policy and fallback_chain, and writes a dd0c.yaml that config check "
      "accepts. What was decided stands in it as comments; all that has no equivalent is listed by its path, at the file's end and on standard error.\n\n"
      "No secret is copied: where the source holds one, ${NAME} stands in the result, and the name is told.",
      "dd0c config import litellm config.yaml -o dd0c.yaml\ndd0c config import portkey config.json\ndd0c config import policy policy.yaml" },
    { "config schema", dd_cmd_config_schema, "print the configuration's JSON schema", "", dd_config_opts,
      "Editors use the schema to complete and check dd0c.yaml.", "dd0c config schema > dd0c.schema.json" },
    { "costs", dd_cmd_costs, "show what was spent on what, and where the month will end", "", dd_costs_opts,
      "Sums what proxies have recorded: calls, cost, its part of all, the average of a day, what routing saved, and the budget of a key, team or feature that has one. "
      "Below: this month, today, the month's end at the pace so far, and budgets of all requests and those that will not hold. Calls whose price is not known are "
      "counted and told; they are in no amount. A day begins at midnight of the configuration's `timezone`, else UTC; spans of more than 89 days in UTC.\n\n"
      "A line of small bars behind a name is what it cost day by day (hour by hour up to two days, week by week past 400), each row to its own height.",
      "dd0c costs\ndd0c costs --by key --period 7d\n# which place in the code, which rule\ndd0c costs --by call_site --period 24h\ndd0c costs --by route\n# for a spreadsheet\ndd0c costs --by day --since 2026-10-01 --format csv > costs.csv" },
    { "flags", dd_cmd_flags, "list feature flags", "", dd_flags_opts,
      "Lists the flags of the configuration's file: whether they are on, for which share, until when, whose they are, and which turned themselves off "
      "(state tripped) because their route was slower or failed more than the requests beside it.\n\n"
      "`dd0c flags set` changes one, `dd0c flags reset` lets one that turned itself off count again, `dd0c flags check` is for CI.",
      "dd0c flags\n# for a program\ndd0c flags --format json" },
    { "flags check", dd_cmd_flags_check, "fail when a flag has outlived its ttl", "", dd_flags_set_opts,
      "Reads the file of flags as a proxy does. Status 1 and a line \"Expired flag at full rollout: NAME\" for each flag that is on for everyone and past its ttl: "
      "its rule should have become an ordinary one. Other expired flags are warned of.",
      "dd0c flags check\n# before it is merged\ndd0c flags check --file flags.yaml" },
    { "flags list", dd_cmd_flags, "list feature flags", "", dd_flags_opts, "The same as `dd0c flags`.", "dd0c flags list" },
    { "flags reset", dd_cmd_flags_reset, "let a flag that turned itself off count again", "NAME", dd_flags_set_opts,
      "Every proxy of this machine takes the flag's route again within about a second, and counts anew.", "dd0c flags reset cheap-chat" },
    { "flags set", dd_cmd_flags_set, "turn a flag on or off, or change its share", "NAME on|off|rollout SHARE", dd_flags_set_opts,
      "Changes the flag's line in its file and nothing else; a running proxy takes it within about a second. Who did it is in the audit log.",
      "dd0c flags set cheap-chat rollout 25\n# at once, for everybody\ndd0c flags set cheap-chat off" },
    { "flags show", dd_cmd_flags_show, "show one feature flag", "NAME", dd_flags_opts, "Shows what the file says of the flag, and why it turned itself off.", "dd0c flags show cheap-chat" },
    { "help", dd_cmd_help_run, "explain a command", "[COMMAND]", dd_help_opts,
      "Without a command it lists all of them.", "dd0c help scan" },
    { "keys create", dd_cmd_keys_create, "make a key for clients of the proxy", "--name NAME", dd_keys_create_opts,
      "Makes a key and prints it, once: it is kept as a bcrypt hash only. A running proxy takes it at once. Clients send it where they would send a provider's key: "
      "Authorization: Bearer, x-api-key or api-key.\n\n"
      "A model is allowed when a --model fits the name as the client wrote it, or provider/model; * and ? are as in a shell, and a glob without a slash also fits "
      "the part behind the last one. --user, --team, --feature and --tag stand in the events of requests that do not name their own.",
      "# for a pipeline: the key alone\nKEY=$(dd0c keys create --name ci --expires 90d --quiet)\n"
      "# for a team, cheap models only\ndd0c keys create --name search --team search --model 'gpt-*-mini' --model 'anthropic/claude-haiku-*' --tag env=prod" },
    { "keys list", dd_cmd_keys_list, "list keys", "", dd_keys_list_opts,
      "Lists the keys that are not revoked, oldest first. No command can show a key's text again.", "dd0c keys list\ndd0c keys list --all --format json" },
    { "keys revoke", dd_cmd_keys_revoke, "end keys for good", "KEY ...", dd_keys_revoke_opts,
      "KEY is an id, the start of one, a name that only one key has, or the key itself when it was found somewhere. Every running proxy on this state folder refuses "
      "it within a tenth of a second, with 401; requests under way end as they would. Nothing brings it back.",
      "dd0c keys revoke ci" },
    { "keys rotate", dd_cmd_keys_rotate, "give a key a new text", "KEY", dd_keys_rotate_opts,
      "Prints the new text, once; the old one is refused at once. The id stays, and with it name, tags, limits and history.",
      "KEY=$(dd0c keys rotate ci --quiet)" },
    { "keys show", dd_cmd_keys_show, "show what is known of a key", "KEY", dd_keys_show_opts,
      "Shows all but the key itself, which nobody has. The last use is kept to the minute.", "dd0c keys show ci --format json" },
    { "keys usage", dd_cmd_keys_usage, "show what a key has asked for and cost", "KEY", dd_keys_usage_opts,
      "Adds up the requests of the key from the daily sums that the proxy keeps (UTC days). A cost that is not known is said to be unknown and is in no amount.",
      "dd0c keys usage ci --days 7\ndd0c keys usage ci --by day --format json" },
    { "mock", dd_cmd_mock, "be a provider to test against", "", dd_mock_opts,
      "Serves OpenAI's chat.completions, responses, completions, embeddings and models, and Anthropic's messages, count_tokens and models, plain and streaming, under "
      "any prefix and for any model name. The same request gets the same bytes. Tokens are counted with o200k_base.\n\n"
      "A text that begins with \"echo \" is said back. Tools are called when tool_choice asks for it, or when the last words of the user name one, say \"tool\", or say "
      "\"parallel\" (all of them); arguments and structured answers are samples of the given schemas.\n\n"
      "Faults come by the request header x-mock-fault, behind \"!\" in the model's name, or by --fault for a share of all requests; several are joined by \";\": "
      "status=N, retry-after=S, retry-after-ms=N, reset, stall, truncate, malformed, garbage-headers, drip=TIME, no-done, no-usage, reset-after=N, stall-after=N and "
      "error-after=N events, and latency=TIME, chunk-delay=TIME, tokens=N for one request.\n\n"
      "GET /mock/stats tells open connections, requests, aborted streams and faults. SIGTERM ends it.",
      "dd0c mock --listen 127.0.0.1:4010\n# a slow provider that fails now and then\ndd0c mock --ttft 200ms..800ms --chunk-delay 20ms --fault '5%:status=429;retry-after=1' --fault 1%:reset\n"
      "# one request that fails\ncurl -H 'x-mock-fault: status=503' -d '{\"model\":\"m\",\"messages\":[]}' http://127.0.0.1:4010/v1/chat/completions" },
    { "policy approve", dd_cmd_policy_approve, "let a change that waits be applied", "ID", dd_policy_word_opts,
      "In strict mode a change of rules, providers, prices or flags that a running proxy finds waits until it is approved by its id, or the front of it. The proxy "
      "takes it within about a second. Approved is this very change, from those contents to these.",
      "dd0c policy show\ndd0c policy approve 3fa9c1d2e4b5" },
    { "policy log", dd_cmd_policy_log, "list checks of changes, words on them, panic and flags", "", dd_policy_log_opts,
      "A line for each check: \"Allowed by audit mode\", \"Blocked by strict mode\", \"Panic mode active \xe2\x80\x94 frozen\" and the like, with who and what. It is a part of "
      "what `dd0c audit` lists.",
      "dd0c policy log\ndd0c policy log --days 30 --format json" },
    { "policy panic", dd_cmd_policy_panic, "freeze rules and stop failover, or end that", "on|off", dd_policy_panic_opts,
      "Writes panic_mode into policy.json; every proxy that reads it follows within about a second. While there is panic the rules that hold stay as they are, nothing "
      "falls back, panic.provider gets every request if it is set, and answers carry X-DD0C-Panic: active. Revoked keys stay revoked. DD0C_PANIC=1 and "
      "POST /admin/panic do the same.",
      "dd0c policy panic on\n# and back\ndd0c policy panic off" },
    { "policy reject", dd_cmd_policy_reject, "say no to a change that waits", "ID", dd_policy_word_opts,
      "The change is asked about no more and is not applied; the files stay as they are, and the next change of them has an id of its own.", "dd0c policy reject 3fa9c1d2e4b5" },
    { "policy show", dd_cmd_policy_show, "show how changes are governed, and which wait", "", dd_policy_show_opts,
      "Shows policy.json, how many changes of the last seven days were applied by themselves and how many by somebody's word, and those that wait. An alert stands there "
      "when more than 80% were applied by themselves in audit mode, or any in strict mode.",
      "dd0c policy show\n# for a program\ndd0c policy show --format json" },
    { "prices diff", dd_cmd_prices_diff, "show what a newer price list changes", "[FILE]", dd_prices_diff_opts,
      "Compares the fetched list, or FILE in any format that import takes, with the table inside the program.", "dd0c prices diff\ndd0c prices diff api.json --all" },
    { "prices import", dd_cmd_prices_import, "take a price list from a file", "FILE", dd_prices_import_opts,
      "Reads FILE (- is standard input) and keeps it as the price table, until `dd0c prices update` or a newer dd0c replaces it. Formats: dd0c-prices/1, LiteLLM's "
      "model_prices JSON, models.dev's api.json and OpenRouter's /models. Nothing is kept of a file that cannot be read whole.",
      "dd0c prices import model_prices_and_context_window.json" },
    { "prices list", dd_cmd_prices_list, "list models and their prices", "[TEXT ...]", dd_prices_list_opts,
      "Lists the models whose name holds every TEXT, in USD per million tokens: the table inside the program, with a fetched list and prices of your own laid over it.",
      "dd0c prices list --provider anthropic --status active\ndd0c prices list gpt mini --format csv" },
    { "prices show", dd_cmd_prices_show, "show all that is known about a model", "MODEL ...", dd_prices_show_opts,
      "Takes a name in any spelling a program may use and says which row it leads to and how. An unknown name ends it with status 3 and the nearest names.",
      "dd0c prices show gpt-4o-mini\ndd0c prices show us.anthropic.claude-haiku-4-5-v1:0 --format json" },
    { "prices update", dd_cmd_prices_update, "fetch a newer price list", "", dd_prices_update_opts,
      "Fetches a list over HTTP(S) and keeps it in the cache folder; formats as for import. A server that is named without a path is asked for "
      "/api/v1/pricing/current. A list that cannot be read leaves the old one in place. This and `scan --refresh-prices` are the only uses of the network.",
      "dd0c prices update --url https://openrouter.ai/api/v1/models" },
    { "proxy", dd_cmd_proxy, "serve LLM calls: translate, price and record them", "", dd_proxy_opts,
      "Takes requests in OpenAI's and Anthropic's APIs and sends each to the provider that has its model, translating where client and provider speak "
      "differently. Within one API the bytes go through as they are. Each request is authenticated, priced and recorded; no word of a prompt is kept.\n\n"
      "Providers come from dd0c.yaml, or without one from the environment: OPENAI_API_KEY, ANTHROPIC_API_KEY, GEMINI_API_KEY, MISTRAL_API_KEY, DEEPSEEK_API_KEY, XAI_API_KEY, "
      "GROQ_API_KEY, TOGETHER_API_KEY, OPENROUTER_API_KEY, AZURE_OPENAI_API_KEY with AZURE_OPENAI_ENDPOINT, OLLAMA_BASE_URL. A client's own key is passed on "
      "only where no key guards the proxy, it listens on this machine alone, and the provider has no key here.\n\n"
      "SIGTERM lets open requests end and stops; SIGHUP, or a change of the file, reads the configuration again.",
      "# any OpenAI client\ndd0c proxy &\nexport OPENAI_BASE_URL=http://127.0.0.1:4000/v1\n# with a local model, for nothing\ndd0c proxy --dev\n"
      "# for others, guarded by keys\ndd0c keys create --name team-a\ndd0c proxy --listen 0.0.0.0:4000 --tls-cert cert.pem --tls-key key.pem" },
    { "report", dd_cmd_report, "render a saved scan again", "FILE.json", dd_report_opts_table,
      "Reads what `dd0c scan --format json` wrote and prints it in any format, without the source tree.",
      "dd0c scan --format json -o audit.json\ndd0c report audit.json --format html -o audit.html" },
    { "report savings", dd_cmd_report_savings, "print the statement of what routing saved", "", dd_report_savings_opts,
      "What requests would have cost with the models that were asked for, what they cost, and where the difference comes from: by model, feature, team and rule, day by "
      "day and week over week, the cache apart, against the premium model, and what was not counted and why. Days are UTC. Every figure is an exact sum over recorded "
      "requests; one whose price is not known is in none.\n\n"
      "HTML is one page without script or outside parts, to be sent or printed. CSV has a line a row and JSON (dd0c.savings/1) everything, both with exact amounts.",
      "dd0c report savings\n# the last whole month, for somebody else\ndd0c report savings --period last-month -o savings.html\n"
      "dd0c report savings --period 2026-10 --format markdown\n# for a script\ndd0c report savings --period 7d --format json" },
    { "route check", dd_cmd_route_check, "find what is wrong or doubtful in routing rules", "[FILE]", dd_route_check_opts,
      "Reads the routes of dd0c.yaml and lists what cannot be meant: a condition with an unknown name or a wrong type, a route that never matches or stands behind "
      "one that always does, a model that nobody serves, that is retired or has no price, a chain that names a model twice. Status 1 when there are errors; warnings "
      "alone are fine.", "dd0c route check\n# in a pipeline\ndd0c route check dd0c.yaml --format json" },
    { "route classify", dd_cmd_route_classify, "say how hard requests are and what they ask for", "[FILE]", dd_route_classify_opts,
      "Reads FILE, or standard input (also named -), as one text and prints the kind of work it asks for, how complex it is, and a score: 0 to 1, higher needs the "
      "stronger model. It is what routing rules see as task, complexity and score. Everything happens on this machine; nothing is kept.\n\n"
      "With --jsonl each line is a JSON object: the body of a request in OpenAI's or Anthropic's API, or {\"text\": ...}; the answers come in the same order, a line "
      "each. A line that is not one ends it with status 3 and the line's number, after the answers before it.",
      "echo 'Extract the name from this text: I am Ada.' | dd0c route classify --why\n# many at once\ndd0c route classify --jsonl < requests.jsonl" },
    { "route explain", dd_cmd_route_explain, "show what the proxy would do with a request, and why", "[FILE]", dd_route_explain_opts,
      "Reads a request in OpenAI's or Anthropic's API, or plain text as one message, from FILE or standard input, and decides as the proxy does: the facts, each rule "
      "that was tried and what did not hold, the candidates with the cost of this very request, their quality by public evidence, what they cannot do, the choice, "
      "what comes when it fails, and what it saves. No provider is asked, nothing is sent or kept.\n\n"
      "What a running proxy knows of late (latency, open breakers, sessions, spent budgets) is not in it: POST /v1/router/debug tells that.",
      "dd0c route explain request.json --tag feature=search\n# another model, at night, as a key\n"
      "echo 'Translate to French: good morning' | dd0c route explain --model gpt-4o --at 2026-11-20T23:30 --key ci" },
    { "route replay", dd_cmd_route_replay, "decide recorded requests again under another policy", "", dd_route_replay_opts,
      "Reads the events of the last days and decides each again by the routes of the configuration: what they cost, what they would have cost, which route saves how "
      "much, what goes where. No prompt was kept, so a condition that asks for the number of messages, for tools and the like cannot be told; those "
      "requests are counted by route and left out.\n\n"
      "The same tokens are priced at the other model, with a cold prompt cache; whether its answers would have been as good is not in it.",
      "dd0c route replay --config new.yaml\n# one team's last day, for a script\ndd0c route replay --since 24h --filter team=search --config new.yaml --format json" },
    { "run", dd_cmd_run, "run a command with its LLM calls going through a proxy", "-- COMMAND [ARGUMENT ...]", dd_run_opts,
      "Starts a proxy on a free port of this machine, sets OPENAI_BASE_URL, OPENAI_API_BASE and ANTHROPIC_BASE_URL to it, runs COMMAND and ends with its status. "
      "The providers' keys stay with the proxy: COMMAND gets a key in OPENAI_API_KEY and ANTHROPIC_API_KEY that is good for this run alone, also where keys guard the proxy.",
      "dd0c run -- python app.py\ndd0c run --dev -- npm test" },
    { "scan", dd_cmd_scan, "find LLM calls in source code and price them", "[PATH ...]", dd_scan_opts_table,
      "Finds every LLM call in Python, JavaScript, TypeScript and notebooks below PATH (default: here), says which model each uses and how that "
      "is known, what it costs a call and a month, and which cheaper model would do.\n\n"
      "Nothing leaves the machine: a scan opens no network connection unless --refresh-prices or --opt-in is given. Every figure is an estimate and names "
      "what it rests on; a model or price that is not known is said to be unknown and is in no total.\n\n"
      "A comment beside a call overrides its figures: \"# dd0c: calls=30000 tokens_in=1200 label=summary\", or leaves it out: \"# dd0c: ignore\".",
      "# this folder, in the terminal\ndd0c scan\n# for a browser and for a script\ndd0c scan src -o audit.html -o audit.json\n"
      "# in CI: fail above $500 a month, or when a model is retired\ndd0c scan --max-monthly 500 --fail-on retired\n"
      "# say how often each call really runs\ndd0c scan --sync-usage dd0c-usage.yaml\ndd0c scan --usage dd0c-usage.yaml\n"
      "# why this figure?\ndd0c scan --explain 3fa9c1d2e4b5" },
    { "secrets list", dd_cmd_secrets_list, "list the names of secrets", "", dd_secrets_list_opts,
      "Lists names and times. Values are never printed, and no master key is needed.", "dd0c secrets list" },
    { "secrets rm", dd_cmd_secrets_rm, "remove a secret", "NAME", dd_secrets_opts,
      "Removes the secret for good. A proxy that uses it keeps the value it has until it reloads its configuration.", "dd0c secrets rm openai" },
    { "secrets rotate", dd_cmd_secrets_rotate, "seal all secrets under a new master key", "", dd_secrets_opts,
      "Opens every secret with the master key and seals it under a new one, all or none. Where the key is the file master.key, a new one is made and put in its "
      "place; else, or to move it out of the file, the new key is read from DD0C_NEW_MASTER_KEY.",
      "dd0c secrets rotate\n# out of the file, into the environment\nDD0C_NEW_MASTER_KEY=$NEW dd0c secrets rotate" },
    { "secrets set", dd_cmd_secrets_set, "keep a provider's key, sealed", "NAME", dd_secrets_opts,
      "Reads the value from standard input, or asks for it on a terminal without showing it, and keeps it under NAME, sealed with AES-256-GCM. The configuration "
      "names it as secret:NAME where a key is wanted.\n\n"
      "The master key is DD0C_MASTER_KEY (64 hexadecimal digits or base64), else what the command in DD0C_MASTER_KEY_CMD prints, else the file master.key in "
      "the state folder, which is made with the first secret. Keep a copy of it: without the master key the secrets are lost.",
      "# asks for the value\ndd0c secrets set openai\n# from another store\npass show openai | dd0c secrets set openai" },
    { "tail", dd_cmd_tail, "show requests as they are recorded", "[FILTER ...]", dd_tail_opts,
      "Prints the newest requests that a proxy has recorded, oldest first, and ends; with -f it goes on until it is interrupted, through restarts of the proxy and "
      "replacements of the store. A request is one line, or with --format json one object with its attempts inside; figures that are not known are null there and - in "
      "text. What they come to stands at the end: below the lines in a terminal, else on standard error. Prompts and answers are never recorded.\n\n"
      "A filter is NAME=VALUE, NAME!=VALUE, or with >, >=, < and <=; all must hold. Names are those that --format json prints, and: model, cost, saved, key, latency, "
      "usage.input and the like, tags.NAME. A * in a value stands for anything, 5xx for a family of statuses, an empty value for what is not known; money is in USD, "
      "durations are microseconds unless they end in ms, s or m.",
      "# the last twenty\ndd0c tail\n# failures as they happen\ndd0c tail -f --limit 0 'status>=400'\n# what a team's costly requests were\n"
      "dd0c tail team=search 'cost>0.05' --format json --limit 100\n# the last two hours for a spreadsheet\ndd0c tail --since 2h --format csv\n"
      "# columns of one's own\ndd0c tail --columns time,status,used_model,route,cost_actual,total_us" },
    { "tokens", dd_cmd_tokens, "count the tokens of a text", "[FILE ...]", dd_tokens_opts,
      "Counts the tokens of each FILE, or of standard input (also named -), as the model that reads it will: exactly for cl100k_base and o200k_base, "
      "by a stated ratio with its error range where a tokenizer is not public. Special tokens count as plain text; bytes that are not UTF-8 count as U+FFFD.\n\n"
      "With --jsonl each line is a JSON object with a member \"text\"; the answers come in the same order, a line each. A line that is not one ends it with "
      "status 3 and the line's number, after the answers before it.",
      "# two files and their sum\ndd0c tokens README.md LICENSE\n# as a model counts\ndd0c tokens --model claude-opus-5 README.md\n"
      "# many texts at once\ndd0c tokens --encoding o200k_base --jsonl < texts.jsonl" },
    { "top", dd_cmd_top, "watch spend, savings, providers, budgets and requests live", "", dd_top_opts_table,
      "Shows what the proxies of this machine do, and what they have recorded: requests and dollars now, what was saved, latency and overhead; who spends, as a treemap and "
      "as tables by team, feature, model, call site, provider, key and route; providers with their breakers; budgets with their projection; the latest requests, each with its "
      "decision, alternatives, attempts and timings. Prompts and answers are never recorded.\n\n"
      "Keys: 1 to 5 and Tab for screens, arrows and Enter, Esc, / to find or filter, p for the period, s to sort, space to pause, ? for help, q to leave; the mouse works. "
      "Without a proxy it shows what is stored. --once prints one screen and ends, as it does when standard output is no terminal; --plain prints lines, and later only what "
      "changed, for screen readers and logs.",
      "dd0c top\n# a screen for a bug report\ndd0c top --once --tab spend --by model --period 7d --size 120x40\n# for a program\ndd0c top --once --format json\n"
      "# lines that tell what changed\ndd0c top --plain" },
    { "trace", dd_cmd_trace, "show where a request's time and money went, and why", "ID", dd_trace_opts,
      "Prints a recorded request as a tree: each step with its time as a bar on the way from the request's start to its end, then the decision (strategy, the rules that "
      "did not hold, the models that were compared and why they stand where they do, what it cost against the requested model), the attempts with tokens and cost, and "
      "whose it was. No word of a prompt is in it: none is recorded.\n\n"
      "ID is a request's (header x-dd0c-request-id, dd0c tail), a trace's with 32 hexadecimal digits or a traceparent: then all its requests, oldest first; or last: the "
      "newest request. Either is found at once or nearly so, however many requests there are. Requests are kept for 30 days unless telemetry.retention says otherwise.",
      "dd0c trace last\ndd0c trace req_0cnpq5z12mv1n\n# for a program\ndd0c trace 0af7651916cd43dd8448eb211c80319c --format json" },
    { NULL, NULL, NULL, NULL, NULL, NULL, NULL },
};
