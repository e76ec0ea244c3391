/* Any line is read or refused; what is read has a class with a score within 0 and 1, the same with blanks around the line. */
#include <stdlib.h>

#include "cmd/classify_line.h"

static bool classify(dd_str line, dd_arena *arena, dd_class *out)
{
    dd_prompt p;
    dd_err    err = DD_ERR_INIT;
    if (dd_classify_line(line, arena, &p, &err) != DD_OK)
        return false;
    *out = dd_classify(&p);
    if (!(out->score >= 0 && out->score <= 1) || out->why == NULL || out->task >= DD_TASK_COUNT)
        abort();
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    dd_arena arena = DD_ARENA_INIT;
    dd_buf   wide  = DD_BUF_INIT(0);
    dd_class plain, spaced;
    dd_str   line = { (const char *)data, size };
    dd_buf_addz(&wide, " \t");
    dd_buf_add(&wide, line);
    dd_buf_addz(&wide, " \r");
    bool read = classify(line, &arena, &plain);
    if (read != classify(dd_buf_str(&wide), &arena, &spaced))
        abort();
    if (read && (plain.task != spaced.task || plain.score != spaced.score || plain.complexity != spaced.complexity))
        abort();
    dd_arena_fini(&arena);
    dd_buf_free(&wide);
    return 0;
}
