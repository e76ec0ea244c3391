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

/* --- one number a model, for ranking many --- */
/* A model's score as a share of the best model's, in points of the set of the task's kind. A model that is not in that set is carried over by the
 * straight line that fits the models which are in both (at least four); one that is in none, by the mean of its family's tier. Weaker evidence than a
 * comparison within one set, and said to be: `linked`. */
typedef enum { DD_QUALITY_GENERAL, DD_QUALITY_CODING, DD_QUALITY_AGENTIC, DD_QUALITY_KINDS } dd_quality_kind;
enum { DD_QUALITY_SETS = 16 };
typedef struct {
    double most[DD_QUALITY_KINDS];
    struct { double slope, base; } link[DD_QUALITY_KINDS][DD_QUALITY_SETS];   /* slope 0: none */
} dd_quality_scale;
typedef struct { double level[DD_QUALITY_KINDS]; bool linked[DD_QUALITY_KINDS]; } dd_quality_levels;
dd_quality_kind dd_quality_kind_of(dd_task task);
void dd_quality_scale_make(dd_quality_scale *out);
/* False: no public fact; levels are -1 then. */
bool dd_quality_levels_of(const dd_quality_scale *scale, const dd_price *model, dd_quality_levels *out);
#endif
