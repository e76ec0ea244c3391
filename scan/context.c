/* scan/context.c - where in a product a call runs: production, script, test, example, notebook (call-shapes 21, X-7). */
#include "scan/detect_tables.h"

enum { MAX_IMPORTS = 128 };   /* this is asked for each call: generated files import thousands */

static bool ends(dd_str s, const char *list)
{
    dd_str rest = dd_str_z(list);
    while (rest.len)
        if (dd_str_ends(s, dd_str_cut(&rest, '|')))
            return true;
    return false;
}

static bool test_file(dd_str name)
{
    return dd_str_startsz(name, "test_") || ends(name, "_test.py|_tests.py") || dd_str_eqz(name, "conftest.py") || dd_str_has(name, ".test.") || dd_str_has(name, ".spec.")
        || dd_str_has(name, "-test.") || dd_str_has(name, ".e2e.");
}

typedef struct { bool test, example, script; } path_says;

static path_says read_path(dd_str path)
{
    static const char tests[] = "test|tests|__tests__|spec|specs|mocks|__mocks__|fixtures|e2e|testing|integration_tests|unit_tests";
    static const char examples[] = "example|examples|docs|doc|cookbook|cookbooks|benchmark|benchmarks|evals|samples|sample|demo|demos|tutorial|tutorials";
    static const char scripts[] = "script|scripts|bin|tools|cli|cron|jobs|tasks|migrations";
    path_says says = { false, false, false };
    dd_str rest = path;
    while (rest.len) {
        dd_str part = dd_str_cut(&rest, '/');
        if (!rest.len) {
            says.test |= test_file(part);
            says.example |= dd_str_has(part, ".stories.");
            break;
        }
        says.test |= dd_word_in(tests, part);
        says.example |= dd_word_in(examples, part);
        says.script |= dd_word_in(scripts, part);
    }
    return says;
}

bool dd_path_is_test(dd_str path)
{
    return read_path(path).test;
}

static bool imports_any(const dd_unit_ir *unit, const char *packages)
{
    for (uint32_t i = 0; i < unit->n_imports && i < MAX_IMPORTS; i++)
        if (!unit->imports[i]->level && dd_package_name_match(packages, unit->imports[i]->module))
            return true;
    return false;
}

static bool is_python(const dd_unit_ir *unit)
{
    return unit->file->lang == DD_LANG_PYTHON || unit->file->lang == DD_LANG_NOTEBOOK;
}

/* Code that somebody runs by hand or by a timer: a guard, a command line, a shebang, statements outside any function. */
static bool runs_as_script(const dd_unit_ir *unit, const dd_expr *call)
{
    static const char served[] = "flask|fastapi|django|starlette|sanic|aiohttp|tornado|litestar|quart|bottle|streamlit|gradio|chainlit|celery|rq|dramatiq|express|fastify|hono|koa|next|@nestjs/*|"
                                 "@hapi/*|@remix-run/*|@sveltejs/*|nuxt|discord|telegram|slack_bolt|@slack/bolt|mcp|uvicorn|modal|azure.functions|aws_lambda_powertools|socketio|grpc";
    static const char commands[] = "argparse|click|typer|fire|commander|yargs|meow|cac|schedule|apscheduler|node-cron|cron|optparse|docopt|inquirer|@clack/prompts";
    for (const dd_branch *b = call->branch; b; b = b->parent)
        if (b->kind == DD_BR_MAIN)
            return true;
    if (imports_any(unit, served))
        return false;
    if (!dd_scope_func(call->scope) && is_python(unit))
        return true;
    if (dd_str_startsz(unit->file->text, "#!") || imports_any(unit, commands))
        return true;
    return unit->has_main;
}

dd_context dd_context_of(const dd_unit_ir *unit, const dd_expr *call)
{
    path_says says = read_path(unit->file->path);
    if (says.test)
        return DD_CTX_TEST;
    if (unit->file->lang == DD_LANG_NOTEBOOK)
        return DD_CTX_NOTEBOOK;
    if (says.example)
        return DD_CTX_EXAMPLE;
    return says.script || runs_as_script(unit, call) ? DD_CTX_SCRIPT : DD_CTX_PRODUCTION;
}
