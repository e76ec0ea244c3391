/* cmd/table.c - every command, a row each, sorted by name (a test says so). */
#include "cmd/cmd.h"

const dd_cmd dd_cmds[] = {
    { "completion", dd_cmd_completion_run, "print a completion script for bash, fish or zsh", "SHELL", dd_completion_opts,
      "Prints a script that lets the shell complete commands, options and choices.",
      "# for this shell\nsource <(dd0c completion bash)\n# for good, with fish\ndd0c completion fish > ~/.config/fish/completions/dd0c.fish" },
    { "help", dd_cmd_help_run, "explain a command", "[COMMAND]", dd_help_opts,
      "Without a command it lists all of them.", "dd0c help scan" },
    { NULL, NULL, NULL, NULL, NULL, NULL, NULL },
};
