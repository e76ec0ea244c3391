/* cmd/route_classify.c - dd0c route classify: how hard a request is and what kind of work it asks for. */
#include "base/json.h"
#include "cmd/classify_line.h"
#include "cmd/cmd.h"
#include "cmd/lines.h"

#define LINE_MAX_BYTES ((size_t)1 << 28) /* a longer line is refused */
#define CHUNK ((size_t)1 << 16)

typedef struct {
    bool jsonl, why;
} classify_args;

const dd_opt dd_route_classify_opts[] = {
    DD_OPT(DD_OPT_FLAG, 0, "jsonl", classify_args, jsonl, NULL,
           "read lines of JSON, a request or {\"text\": ...} each; write a line for each in the same order"),
    DD_OPT(DD_OPT_FLAG, 0, "why", classify_args, why, NULL, "also say what decided the task"),
    DD_OPT_END
};

typedef struct {
    const classify_args *args;
    dd_arena             arena;
    dd_buf               out;
} run;

static void answer(run *r, const dd_class *c)
{
    dd_buf_printf(&r->out, "{\"complexity\": \"%s\", \"score\": %.6f, \"task\": \"%s\"", dd_complexity_name(c->complexity), c->score,
                  dd_task_name(c->task));
    if (r->args->why) {
        dd_buf_addz(&r->out, ", \"why\": ");
        dd_json_quote(&r->out, dd_str_z(c->why));
    }
    dd_buf_addz(&r->out, "}\n");
}

static dd_code flush(void *ctx, dd_err *err)
{
    run    *r  = ctx;
    dd_code rc = dd_cmd_print(dd_buf_str(&r->out), err);
    dd_buf_clear(&r->out);
    return rc;
}

static dd_code classify_line(void *ctx, dd_str line, dd_err *err)
{
    run          *r    = ctx;
    dd_arena_mark mark = dd_arena_here(&r->arena);
    dd_prompt     p;
    dd_code       rc = dd_classify_line(line, &r->arena, &p, err);
    if (rc == DD_OK) {
        dd_class c = dd_classify(&p);
        answer(r, &c);
    } else {
        dd_hint(err, "Each line must be a JSON object with \"messages\" as in a request, or with a string \"text\".");
    }
    dd_arena_back(&r->arena, mark);
    return rc != DD_OK || r->out.len < CHUNK ? rc : flush(r, err);
}

/* A text of its own: all of it is what the user asks. */
static dd_code classify_text(run *r, const char *name, dd_err *err)
{
    dd_buf  text = DD_BUF_INIT(LINE_MAX_BYTES);
    dd_code rc   = dd_lines_all(name, &text, err);
    if (rc == DD_OK) {
        dd_prompt p = { .text = dd_buf_str(&text), .input_tokens = -1, .max_tokens = -1, .messages = 1 };
        dd_class  c = dd_classify(&p);
        dd_buf_printf(&r->out, "%s, %s, score %.3f", dd_task_name(c.task), dd_complexity_name(c.complexity), c.score);
        if (r->args->why)
            dd_buf_printf(&r->out, " (%s)", c.why);
        dd_buf_addc(&r->out, '\n');
        rc = flush(r, err);
    }
    dd_buf_free(&text);
    return rc;
}

dd_code dd_cmd_route_classify(const dd_cmd *cmd, int argc, char **argv, int *status, dd_err *err)
{
    classify_args args  = { 0 };
    int           words = 0;
    bool          done  = false;
    (void)status;
    dd_code rc = dd_cmd_args(cmd, argc, argv, &args, &words, &done, err);
    if (rc != DD_OK || done)
        return rc;
    if (words > 1)
        return dd_fail(err, DD_ERR_USAGE, "more than one file");
    const char *name = words == 1 ? argv[1] : "-";
    run         r    = { .args = &args, .arena = DD_ARENA_INIT, .out = DD_BUF_INIT(0) };
    rc = args.jsonl ? dd_lines_each(name, LINE_MAX_BYTES, classify_line, flush, &r, err) : classify_text(&r, name, err);
    dd_arena_fini(&r.arena);
    dd_buf_free(&r.out);
    return rc;
}
