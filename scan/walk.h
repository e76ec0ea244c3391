/* scan/walk.h - which files of a tree are looked at.
 *
 * Parallel; gitignore semantics as git has them; symlink loops end; unreadable places are reported, not fatal. */
#ifndef DD_SCAN_WALK_H
#define DD_SCAN_WALK_H
#include "scan/ignore.h"
#include "scan/source.h"

typedef struct {
    const char *const *include; size_t n_include;  /* globs, gitignore syntax, relative to the root */
    const char *const *exclude; size_t n_exclude;
    bool     no_ignore, hidden;
    int64_t  max_filesize;       /* bytes, 0: none */
    uint32_t langs;              /* bit a dd_lang; 0: all */
    unsigned threads;            /* 0: one a core */
    void   (*progress)(void *ctx, size_t files); void *progress_ctx;  /* from one thread at a time, or NULL */
} dd_walk_opts;

/* Why a source file is not scanned. */
typedef struct { dd_str path; dd_str why; bool failed; } dd_walk_note;

#define DD_WALK_TEXT (8u << 20)   /* bytes; what comes behind is read again when it is parsed */

typedef struct {
    dd_source_file **files; size_t n_files;        /* source files in scope, sorted by path; text not loaded */
    dd_source_file **candidates; size_t n_candidates; /* of those: a trigger literal was found by the prefilter; text loaded, of so many as fit DD_WALK_TEXT */
    dd_walk_note *notes; size_t n_notes;           /* too large, minified, vendored, unreadable */
    size_t ignored_files; uint64_t bytes_seen;
} dd_walk;

/* `root` is a folder or a file. printed: what paths in findings start with ("" : relative to root). Memory from `arena`
 * (candidates' text too). DD_ERR_IO when the root itself cannot be read, DD_ERR_NOT_FOUND when it is not there. */
dd_code dd_walk_tree(const char *root, dd_str printed, const dd_walk_opts *opts, dd_arena *arena, dd_walk *out, dd_err *err);
/* scan/prefilter.c: true when one pass over the bytes finds a trigger literal. */
bool dd_prefilter(dd_str text, dd_lang lang);
#endif
