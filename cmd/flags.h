/* cmd/flags.h - the file of feature flags, and what turned itself off (docs/flags.md).
 *
 * Two spellings, YAML or JSON, also mixed:
 *   cheap-chat: {on: true, rollout: 10, owner: ada, created: 2026-11-20, ttl: 7d, doc: ...}
 *   flags: {cheap-chat: {state: ENABLED, variants: {on: true, off: false}, defaultVariant: off, targeting: {fractional: [...]},
 *                        metadata: {owner, created, ttl}}}
 * What has tripped stands in $DD0C_HOME/flags-tripped.json: every proxy of the machine reads it each second. */
#ifndef DD_CMD_FLAGS_H
#define DD_CMD_FLAGS_H
#include "cmd/config.h"
#include "route/flags.h"
#include "store/audit.h"

/* The flags of a text; memory is the arena's. DD_ERR_PARSE with line and flag: nothing of a bad file counts. `what`: flags "flags.yaml". */
dd_code dd_flags_parse(dd_str text, const char *what, dd_arena *arena, dd_flags *out, dd_err *err);
/* Those of the configuration's file, with what the environment overrides: DD0C_FLAG_CHEAP_CHAT=on|off|25%. No file: none. */
dd_code dd_flags_load(const dd_config *c, dd_arena *arena, dd_flags *out, dd_err *err);
/* Where they stand: flags.file of the configuration, else $DD0C_FLAGS; NULL: nowhere. */
const char *dd_flags_path(const dd_config *c);

/* --- what has tripped --- */

typedef struct { dd_str name, why; int64_t at_s; } dd_tripped;
typedef struct { dd_tripped *v; size_t n; } dd_tripped_list;
dd_code dd_tripped_read(dd_arena *arena, dd_tripped_list *out, dd_err *err);
dd_code dd_tripped_add(dd_str name, const char *why, int64_t now_s, dd_err *err);
/* *was: whether it had tripped. */
dd_code dd_tripped_remove(dd_str name, bool *was, dd_err *err);

/* In a proxy: the guards of its flags, and the file. One thread. */
typedef struct dd_flag_watch dd_flag_watch;
typedef void dd_flag_log(void *ctx, int level, const char *line);
dd_flag_watch *dd_flag_watch_new(dd_flag_log *log, void *ctx);
void           dd_flag_watch_free(dd_flag_watch *w);                 /* when nobody counts any more */
void           dd_flag_watch_attach(dd_flag_watch *w, dd_flags *f);  /* a snapshot's, before it serves; borrowed until the next */
const dd_flags *dd_flag_watch_flags(const dd_flag_watch *w);         /* those that serve */
void           dd_flag_watch_keep(dd_flag_watch *w, dd_arena *arena, dd_flags *out);   /* a copy of them */
void           dd_flag_watch_look(dd_flag_watch *w);                 /* once a second: trips, and takes over what other proxies and people did */
#endif
