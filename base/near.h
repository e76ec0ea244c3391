/* base/near.h - the name that may have been meant by a word that is none: for messages only.
 *
 * A name is near when it takes at most DD_NEAR_EDITS edits (a swap of two letters is one) and fewer than half as many as the word has letters: of "modle"
 * model is told, of "foo" nothing. Names are borrowed. */
#ifndef DD_BASE_NEAR_H
#define DD_BASE_NEAR_H
#include "base/err.h"
#include "base/str.h"

enum { DD_NEAR_EDITS = 3 };
#define DD_NEAR_NONE SIZE_MAX
/* Edits between them; DD_NEAR_NONE: they are not near. */
size_t dd_near_distance(dd_str asked, dd_str name);

typedef struct {
    dd_str asked, best;   /* best "": none yet */
    size_t distance;
} dd_near;
/* Begins as { .asked = word }, and is shown all names; of equals the first stays. */
void dd_near_look(dd_near *n, dd_str name);
/* Sets the hint 'Did you mean "model"?'; false: nothing is near, and the hint as it was. */
bool dd_near_hint(const dd_near *n, dd_err *err);
#endif
