/* cmd/completion.c - completion scripts for bash, zsh and fish, made from the command table. */
#include "cmd/cmd.h"

#include <string.h>

static bool has_choices(const dd_opt *o) { return o->kind == DD_OPT_CHOICE || o->kind == DD_OPT_CHOICES; }

static void choices(const dd_opt *o, dd_buf *out)
{
    dd_str rest = dd_str_z(o->arg);
    for (bool first = true; rest.len; first = false) {
        if (!first)
            dd_buf_addc(out, ' ');
        dd_buf_add(out, dd_str_cut(&rest, '|'));
    }
}

static void option_words(const dd_cmd *cmd, dd_buf *out)
{
    for (const dd_opt *o = cmd->opts; o->name; o++)
        if (o->kind != DD_OPT_HEADING)
            dd_buf_printf(out, "--%s ", o->name);
    dd_buf_addz(out, "--help");
}

/* First words of the commands, each once: "prices list" and "prices show" give "prices". */
static void first_words(dd_buf *out)
{
    dd_str last = DD_STR_NULL;
    for (const dd_cmd *c = dd_cmds; c->name; c++) {
        dd_str rest = dd_str_z(c->name), word = dd_str_cut(&rest, ' ');
        if (!dd_str_eq(word, last))
            dd_buf_printf(out, "%s" DD_STR_FMT, last.len ? " " : "", DD_STR_ARG(word));
        last = word;
    }
}

/* Second words behind `first`. */
static void second_words(dd_str first, dd_buf *out)
{
    for (const dd_cmd *c = dd_cmds; c->name; c++) {
        dd_str rest = dd_str_z(c->name), word = dd_str_cut(&rest, ' ');
        if (dd_str_eq(word, first) && rest.len)
            dd_buf_printf(out, " " DD_STR_FMT, DD_STR_ARG(rest));
    }
}

/* "help" is followed by the words of a command. */
static void bash_help(dd_buf *out)
{
    dd_str last = DD_STR_NULL;
    dd_buf_addz(out, "  if [ \"$cmd\" = help ] && [ \"${cur#-}\" = \"$cur\" ]; then\n    [ \"$COMP_CWORD\" -eq 2 ] && words=\"");
    first_words(out);
    dd_buf_addz(out, "\"\n    [ \"$COMP_CWORD\" -eq 3 ] && case \"$prev\" in\n");
    for (const dd_cmd *c = dd_cmds; c->name; c++) {
        dd_str rest = dd_str_z(c->name), word = dd_str_cut(&rest, ' ');
        if (!rest.len || dd_str_eq(word, last))
            continue;
        dd_buf_printf(out, "      " DD_STR_FMT ") words=\"", DD_STR_ARG(word));
        second_words(word, out);
        dd_buf_addz(out, "\" ;;\n");
        last = word;
    }
    dd_buf_addz(out, "    esac\n    COMPREPLY=($(compgen -W \"$words\" -- \"$cur\")); return\n  fi\n");
}

static void bash(dd_buf *out)
{
    dd_buf_addz(out, "# bash completion for dd0c: source it, or put it into bash-completion's folder as \"dd0c\"\n"
                     "_dd0c() {\n  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
                     "  local cmd=\"${COMP_WORDS[1]}\" words=\"\"\n  COMPREPLY=()\n"
                     "  if [ \"$COMP_CWORD\" -eq 1 ]; then\n    COMPREPLY=($(compgen -W \"");
    first_words(out);
    dd_buf_addz(out, "\" -- \"$cur\")); return\n  fi\n");
    bash_help(out);
    dd_buf_addz(out, "  case \"$cmd ${COMP_WORDS[2]}\" in\n");
    for (const dd_cmd *c = dd_cmds; c->name; c++) {
        bool two = strchr(c->name, ' ') != NULL;
        if (!two)
            continue;
        dd_buf_printf(out, "    \"%s\") cmd=\"%s\" ;;\n", c->name, c->name);
    }
    dd_buf_addz(out, "  esac\n  case \"$cmd:$prev\" in\n");
    for (const dd_cmd *c = dd_cmds; c->name; c++)
        for (const dd_opt *o = c->opts; o->name; o++)
            if (o->kind != DD_OPT_HEADING && has_choices(o)) {
                dd_buf_printf(out, "    \"%s:--%s\"", c->name, o->name);
                if (o->letter)
                    dd_buf_printf(out, "|\"%s:-%c\"", c->name, o->letter);
                dd_buf_addz(out, ") COMPREPLY=($(compgen -W \"");
                choices(o, out);
                dd_buf_addz(out, "\" -- \"$cur\")); return ;;\n");
            }
    dd_buf_addz(out, "  esac\n  case \"$cmd\" in\n");
    dd_str last = DD_STR_NULL;
    for (const dd_cmd *c = dd_cmds; c->name; c++) {
        dd_str rest = dd_str_z(c->name), word = dd_str_cut(&rest, ' ');
        if (rest.len && !dd_str_eq(word, last)) {
            dd_buf_printf(out, "    \"" DD_STR_FMT "\") words=\"", DD_STR_ARG(word));
            second_words(word, out);
            dd_buf_addz(out, "\" ;;\n");
        }
        last = word;
        dd_buf_printf(out, "    \"%s\") words=\"", c->name);
        option_words(c, out);
        dd_buf_addz(out, "\" ;;\n");
    }
    dd_buf_addz(out, "  esac\n  case \"$cur\" in\n    -*) COMPREPLY=($(compgen -W \"$words\" -- \"$cur\")) ;;\n"
                     "    *) COMPREPLY=($(compgen -W \"${words//--*/}\" -- \"$cur\") $(compgen -f -- \"$cur\")) ;;\n  esac\n}\n"
                     "complete -o filenames -F _dd0c dd0c\n");
}

/* Single quotes closed, escaped and opened again. */
static void shell_quote(const char *text, const char *special, dd_buf *out)
{
    for (; *text; text++) {
        if (*text == '\'')
            dd_buf_addz(out, "'\\''");
        else {
            if (strchr(special, *text))
                dd_buf_addc(out, '\\');
            dd_buf_addc(out, *text);
        }
    }
}

static void zsh_option(const dd_opt *o, dd_buf *out)
{
    dd_buf_printf(out, " \\\n      '%s--%s[", o->kind == DD_OPT_LIST || o->kind == DD_OPT_CHOICES ? "*" : "", o->name);
    shell_quote(o->help, "[]:", out);
    dd_buf_addz(out, "]");
    if (has_choices(o)) {
        dd_buf_printf(out, ":%s:(", o->name);
        choices(o, out);
        dd_buf_addc(out, ')');
    } else if (o->kind != DD_OPT_FLAG) {
        dd_buf_printf(out, ":%s:_files", o->arg);
    }
    dd_buf_addc(out, '\'');
}

static void zsh(dd_buf *out)
{
    dd_buf_addz(out, "#compdef dd0c\n# zsh completion for dd0c: put it into a folder of $fpath as \"_dd0c\"\n_dd0c() {\n"
                     "  local -a names\n  names=(");
    first_words(out);
    dd_buf_addz(out, ")\n  if (( CURRENT == 2 )); then compadd -a names; return; fi\n"
                     "  local cmd=$words[2]\n  case \"$words[2] $words[3]\" in\n");
    for (const dd_cmd *c = dd_cmds; c->name; c++)
        if (strchr(c->name, ' '))
            dd_buf_printf(out, "    \"%s\") cmd=\"%s\" ;;\n", c->name, c->name);
    dd_buf_addz(out, "  esac\n  case \"$cmd\" in\n");
    dd_str last = DD_STR_NULL;
    for (const dd_cmd *c = dd_cmds; c->name; c++) {
        dd_str rest = dd_str_z(c->name), word = dd_str_cut(&rest, ' ');
        if (rest.len && !dd_str_eq(word, last)) {
            dd_buf_printf(out, "    \"" DD_STR_FMT "\") compadd", DD_STR_ARG(word));
            second_words(word, out);
            dd_buf_addz(out, " ;;\n");
        }
        last = word;
        dd_buf_printf(out, "    \"%s\") _arguments", c->name);
        for (const dd_opt *o = c->opts; o->name; o++)
            if (o->kind != DD_OPT_HEADING)
                zsh_option(o, out);
        dd_buf_addz(out, " \\\n      '--help[print help]' '*:file:_files' ;;\n");
    }
    dd_buf_addz(out, "  esac\n}\n_dd0c \"$@\"\n");
}

static void fish(dd_buf *out)
{
    dd_buf_addz(out, "# fish completion for dd0c: put it into ~/.config/fish/completions as \"dd0c.fish\"\n");
    dd_str last = DD_STR_NULL;
    for (const dd_cmd *c = dd_cmds; c->name; c++) {
        dd_str rest = dd_str_z(c->name), word = dd_str_cut(&rest, ' ');
        if (rest.len && !dd_str_eq(word, last)) /* the first word alone has no row of its own */
            dd_buf_printf(out, "complete -c dd0c -n __fish_use_subcommand -a '" DD_STR_FMT "'\n", DD_STR_ARG(word));
        last = word;
        if (rest.len)
            dd_buf_printf(out, "complete -c dd0c -n '__fish_seen_subcommand_from " DD_STR_FMT "' -a '" DD_STR_FMT "' -d '",
                          DD_STR_ARG(word), DD_STR_ARG(rest));
        else
            dd_buf_printf(out, "complete -c dd0c -n __fish_use_subcommand -a '%s' -d '", c->name);
        shell_quote(c->summary, "", out);
        dd_buf_addz(out, "'\n");
        for (const dd_opt *o = c->opts; o->name; o++) {
            if (o->kind == DD_OPT_HEADING)
                continue;
            dd_buf_printf(out, "complete -c dd0c -n '__fish_seen_subcommand_from " DD_STR_FMT "' -l %s", DD_STR_ARG(rest.len ? rest : word),
                          o->name);
            if (o->letter)
                dd_buf_printf(out, " -s %c", o->letter);
            if (has_choices(o)) {
                dd_buf_addz(out, " -x -a '");
                choices(o, out);
                dd_buf_addc(out, '\'');
            } else if (o->kind != DD_OPT_FLAG) {
                dd_buf_addz(out, " -r");
            }
            dd_buf_addz(out, " -d '");
            shell_quote(o->help, "", out);
            dd_buf_addz(out, "'\n");
        }
    }
}

static const struct { const char *shell; void (*write)(dd_buf *); } shells[] = { { "bash", bash }, { "fish", fish }, { "zsh", zsh } };

dd_code dd_cmd_completion(const char *shell, dd_buf *out, dd_err *err)
{
    for (size_t i = 0; i < DD_COUNT(shells); i++)
        if (strcmp(shells[i].shell, shell) == 0) {
            shells[i].write(out);
            return DD_OK;
        }
    dd_fail(err, DD_ERR_USAGE, "no completion for shell \"%s\"", shell);
    dd_hint(err, "One of: bash, fish, zsh.");
    return DD_ERR_USAGE;
}

const dd_opt dd_completion_opts[] = { DD_OPT_END };

dd_code dd_cmd_completion_run(const dd_cmd *self, int argc, char **argv, int *status, dd_err *err)
{
    char unused;
    int  words;
    bool done;
    (void)status;
    dd_code rc = dd_cmd_args(self, argc, argv, &unused, &words, &done, err);
    if (rc != DD_OK || done)
        return rc;
    if (words != 1) {
        dd_fail(err, DD_ERR_USAGE, "it takes the name of one shell");
        dd_hint(err, "dd0c completion bash, dd0c completion fish or dd0c completion zsh.");
        return DD_ERR_USAGE;
    }
    dd_buf out = DD_BUF_INIT(0);
    rc         = dd_cmd_completion(argv[1], &out, err);
    if (rc == DD_OK)
        rc = dd_cmd_print(dd_buf_str(&out), err);
    dd_buf_free(&out);
    return rc;
}
