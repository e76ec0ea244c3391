#include "base/near.h"

size_t dd_near_distance(dd_str asked, dd_str name)
{
    size_t half = asked.len ? (asked.len - 1) / 2 : 0, most = half < DD_NEAR_EDITS ? half : DD_NEAR_EDITS;
    size_t d    = dd_str_distance(asked, name, most);
    return d > most ? DD_NEAR_NONE : d;
}

void dd_near_look(dd_near *n, dd_str name)
{
    size_t d = name.len ? dd_near_distance(n->asked, name) : DD_NEAR_NONE;
    if (d == DD_NEAR_NONE || (n->best.len && d >= n->distance))
        return;
    n->best     = name;
    n->distance = d;
}

bool dd_near_hint(const dd_near *n, dd_err *err)
{
    if (n->best.len)
        dd_hint(err, "Did you mean \"" DD_STR_FMT "\"?", DD_STR_ARG(n->best));
    return n->best.len > 0;
}
