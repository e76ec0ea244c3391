/* cmd/help.c - help, man pages and shell completion, all from the command table. */
#include "cmd/cmd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const dd_cmd *dd_cmd_find(const char *name)
{
    for (const dd_cmd *c = dd_cmds; c->name; c++)
        if (strcmp(c->name, name) == 0)
            return c;
    return NULL;
}

dd_code dd_cmd_args(const dd_cmd *cmd, int argc, char **argv, void *into, int *words, bool *done, dd_err *err)
{
    int     n  = 0;
    dd_code rc = dd_opt_parse(cmd->opts, argc, argv, into, words ? words : &n, done, err);
    if (rc == DD_OK && !*done && n)
        return dd_fail(err, DD_ERR_USAGE, "unexpected word \"%s\"", argv[1]);
    if (rc != DD_OK || !*done)
        return rc;
    dd_buf out = DD_BUF_INIT(0);
    dd_cmd_help(cmd, dd_cmd_width(), &out);
    rc = dd_cmd_print(dd_buf_str(&out), err);
    dd_buf_free(&out);
    return rc;
}

/* Paragraphs of `text`, each wrapped. */
static void paragraphs(const char *text, size_t width, dd_buf *out)
{
    dd_str rest = dd_str_z(text);
    while (rest.len) {
        ptrdiff_t gap  = dd_str_findz(rest, "\n\n");
        dd_str    para = gap < 0 ? rest : dd_str_sub(rest, 0, (size_t)gap);
        dd_opt_wrap(para, 0, width, out);
        rest = gap < 0 ? DD_STR_NULL : dd_str_sub(rest, (size_t)gap + 2, rest.len);
        if (rest.len)
            dd_buf_addc(out, '\n');
    }
}

static size_t text_width(size_t width) { return width > 100 ? 100 : width < 40 ? 40 : width; }

void dd_cmd_help(const dd_cmd *cmd, size_t width, dd_buf *out)
{
    width = text_width(width);
    dd_buf_printf(out, "dd0c %s - %s\n\nusage: dd0c %s [options]%s%s\n\n", cmd->name, cmd->summary, cmd->name,
                  *cmd->words ? " " : "", cmd->words);
    paragraphs(cmd->about, width, out);
    if (cmd->opts[0].name) {
        if (cmd->opts[0].kind != DD_OPT_HEADING)
            dd_buf_addz(out, "\nOptions:\n");
        dd_opt_help(cmd->opts, width, out);
    }
    if (cmd->examples) {
        dd_buf_addz(out, "\nExamples:\n");
        dd_str rest = dd_str_z(cmd->examples);
        while (rest.len) {
            dd_str line = dd_str_cut(&rest, '\n');
            dd_buf_printf(out, "  " DD_STR_FMT "\n", DD_STR_ARG(line));
        }
    }
    dd_buf_addz(out, "\nExit status: 0 done, 1 a gate you set was crossed, 2 usage, 3 could not finish.\n");
}

static void overview(size_t width, dd_buf *out)
{
    dd_buf_addz(out, "dd0c - find the LLM calls in your code, know what they cost, pay less\n\n"
                     "usage: dd0c <command> [options]\n       dd0c help <command>\n\nCommands:\n");
    for (const dd_cmd *c = dd_cmds; c->name; c++) {
        dd_buf_printf(out, "  %-16s ", c->name);
        dd_opt_wrap(dd_str_z(c->summary), 19, text_width(width), out);
    }
    dd_buf_addz(out, "\nStart with: dd0c scan .\nOr carry the live calls: dd0c proxy\n");
}

bool dd_cmd_help_group(const char *group, size_t width, dd_buf *out)
{
    size_t n = strlen(group), found = 0;
    for (const dd_cmd *c = dd_cmds; c->name; c++) {
        if (strncmp(c->name, group, n) != 0 || c->name[n] != ' ')
            continue;
        if (!found++)
            dd_buf_printf(out, "usage: dd0c %s <command> [options]\n\nCommands:\n", group);
        dd_buf_printf(out, "  %-16s ", c->name);
        dd_opt_wrap(dd_str_z(c->summary), 19, text_width(width), out);
    }
    if (found)
        dd_buf_printf(out, "\n\"dd0c help %s <command>\" explains one.\n", group);
    return found != 0;
}

typedef struct { bool man, names; } help_args;

const dd_opt dd_help_opts[] = {
    DD_OPT(DD_OPT_FLAG, 0, "man", help_args, man, NULL, "print the man page's source instead"),
    DD_OPT(DD_OPT_FLAG, 0, "names", help_args, names, NULL, "print the names of all commands, one a line"),
    DD_OPT_END
};

dd_code dd_cmd_help_run(const dd_cmd *self, int argc, char **argv, int *status, dd_err *err)
{
    help_args args = { false, false };
    bool      done;
    int       words;
    (void)status;
    dd_code rc = dd_cmd_args(self, argc, argv, &args, &words, &done, err);
    if (rc != DD_OK || done)
        return rc;
    dd_buf        name = DD_BUF_INIT(256), out = DD_BUF_INIT(0);
    const dd_cmd *cmd  = NULL;
    for (int i = 1; i <= words; i++)
        dd_buf_printf(&name, "%s%s", i > 1 ? " " : "", argv[i]);
    if (words && !(cmd = dd_cmd_find(dd_buf_z(&name))) && (args.man || args.names || !dd_cmd_help_group(dd_buf_z(&name), dd_cmd_width(), &out))) {
        dd_fail(err, DD_ERR_USAGE, "no command \"%s\"", name.ptr);
        dd_hint(err, "\"dd0c help\" lists all commands.");
        rc = DD_ERR_USAGE;
    } else if (args.names) {
        for (const dd_cmd *c = dd_cmds; c->name; c++)
            dd_buf_printf(&out, "%s\n", c->name);
    } else if (args.man) {
        dd_cmd_man(cmd, &out);
    } else if (cmd) {
        dd_cmd_help(cmd, dd_cmd_width(), &out);
    } else if (!words) {
        overview(dd_cmd_width(), &out);
    }
    if (rc == DD_OK)
        rc = dd_cmd_print(dd_buf_str(&out), err);
    dd_buf_free(&name);
    dd_buf_free(&out);
    return rc;
}

/* --- man pages --- */

/* Text in which troff sees no requests and no escapes. */
static void troff(dd_str s, dd_buf *out)
{
    bool line_start = true;
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        if (line_start && (c == '.' || c == '\''))
            dd_buf_addz(out, "\\&");
        if (c == '\\')
            dd_buf_addz(out, "\\e");
        else if (c == '-')
            dd_buf_addz(out, "\\-");
        else
            dd_buf_addc(out, c);
        line_start = c == '\n';
    }
}

static void man_options(const dd_opt *opts, dd_buf *out)
{
    bool section = false;
    for (const dd_opt *o = opts; o->name; o++) {
        if (o->kind == DD_OPT_HEADING) {
            dd_buf_printf(out, "%s.SS ", section ? "" : ".SH OPTIONS\n");
            troff(dd_str_z(o->name), out);
            dd_buf_addc(out, '\n');
            section = true;
            continue;
        }
        if (!section)
            dd_buf_addz(out, ".SH OPTIONS\n");
        section         = true;
        dd_buf spelling = DD_BUF_INIT(0);
        dd_opt_spelling(o, &spelling);
        dd_buf_addz(out, ".TP\n.B ");
        troff(dd_str_trim(dd_buf_str(&spelling)), out);
        dd_buf_addc(out, '\n');
        troff(dd_str_z(o->help), out);
        dd_buf_addc(out, '\n');
        dd_buf_free(&spelling);
    }
}

static void man_examples(const char *examples, dd_buf *out)
{
    dd_buf_addz(out, ".SH EXAMPLES\n.EX\n");
    troff(dd_str_z(examples), out);
    dd_buf_addz(out, "\n.EE\n");
}

static void man_head(const char *name, const char *summary, dd_buf *out)
{
    dd_buf dashed = DD_BUF_INIT(0);
    dd_buf_addz(&dashed, name);
    for (size_t i = 0; i < dashed.len; i++)
        if (dashed.ptr[i] == ' ')
            dashed.ptr[i] = '-';
    dd_buf_printf(out, ".TH \"%s\" 1 \"\" \"dd0c " DD_VERSION "\"\n.SH NAME\n", dd_buf_z(&dashed));
    troff(dd_buf_str(&dashed), out);
    dd_buf_addz(out, " \\- ");
    troff(dd_str_z(summary), out);
    dd_buf_addz(out, "\n.SH SYNOPSIS\n");
    dd_buf_free(&dashed);
}

static void man_paragraphs(const char *text, dd_buf *out)
{
    dd_str rest = dd_str_z(text);
    while (rest.len) {
        ptrdiff_t gap = dd_str_findz(rest, "\n\n");
        dd_buf_addz(out, ".PP\n");
        troff(gap < 0 ? rest : dd_str_sub(rest, 0, (size_t)gap), out);
        dd_buf_addc(out, '\n');
        rest = gap < 0 ? DD_STR_NULL : dd_str_sub(rest, (size_t)gap + 2, rest.len);
    }
}

void dd_cmd_man(const dd_cmd *cmd, dd_buf *out)
{
    if (!cmd) {
        man_head("dd0c", "find the LLM calls in your code, know what they cost, pay less", out);
        dd_buf_addz(out, ".B dd0c\n.I command\n[options]\n.SH COMMANDS\n");
        for (const dd_cmd *c = dd_cmds; c->name; c++) {
            dd_buf_printf(out, ".TP\n.B %s\n", c->name);
            troff(dd_str_z(c->summary), out);
            dd_buf_addc(out, '\n');
        }
        dd_buf_addz(out, ".PP\nEach command has a page of its own, such as\n.BR dd0c\\-scan (1).\n");
        return;
    }
    char name[80];
    snprintf(name, sizeof name, "dd0c %s", cmd->name);
    man_head(name, cmd->summary, out);
    dd_buf_printf(out, ".B %s\n[options]\n", name);
    troff(dd_str_z(cmd->words), out);
    dd_buf_addz(out, "\n.SH DESCRIPTION\n");
    man_paragraphs(cmd->about, out);
    man_options(cmd->opts, out);
    if (cmd->examples)
        man_examples(cmd->examples, out);
    dd_buf_addz(out, ".SH EXIT STATUS\n0 done, 1 a gate you set was crossed, 2 usage, 3 could not finish.\n");
}
