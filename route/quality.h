/* route/quality.h - what public sources say about how good models are.
 *
 * Facts with source and date (route/quality.def, made by tools/quality-import.py): tiers of a family from strongest to
 * cheapest, and scores, which are compared only within one set. A model sold by several providers has one quality. Const tables. */
#ifndef DD_ROUTE_QUALITY_H
#define DD_ROUTE_QUALITY_H
#include "pricing-cache/price.h"
#include "route/classify.h"

typedef struct {
    const char *family;
    int         tier, tiers;   /* 0: strongest */
} dd_quality_tier;

/* False: the model is in no family. */
bool dd_quality_tier_of(const dd_price *model, dd_quality_tier *out);

typedef struct {
    const char *title, *date, *source;
    double      from, to;      /* as published */
    bool        rating;        /* points of a rating, by people's preference in conversations */
    double      ratio;         /* to / from; of a rating 1 + difference / 400 */
} dd_quality_compare;

/* Both models in one score set: the task's own set first, then the general ones, newest and widest first. False: in none. */
bool dd_quality_between(const dd_price *from, const dd_price *to, dd_task task, dd_quality_compare *out);
/* True when any public fact about the model is there. */
bool dd_quality_known(const dd_price *model);
#endif
