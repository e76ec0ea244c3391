/* route/complexity.h - how much a text needs the stronger model, by a small learned model.
 *
 * A text becomes about a hundred numbers (length, sentences, digits, signs of code and mathematics, options to choose from, kinds of words) and a
 * set of hashed words; trees and weights trained on public results of strong and cheap models (tools/train-router.py -> route/complexity.def) make a
 * score of them. Integers throughout, so that training and run time see the same. Pure, no allocation; of long texts both ends are read.
 * What it learnt from, and how well it does on what it has not seen: docs/classifier.md. */
#ifndef DD_ROUTE_COMPLEXITY_H
#define DD_ROUTE_COMPLEXITY_H
#include "base/str.h"

typedef enum {
#define FEATURE(name, value) DD_CF_##name,
#include "route/complexity_features.def"
#undef FEATURE
    DD_CF_COUNT
} dd_complexity_feature;

enum { DD_COMPLEXITY_WORDS = 768, DD_COMPLEXITY_BITS = 15 };

typedef struct {
    int16_t  v[DD_CF_COUNT];              /* logarithms in sixteenths, shares in 256ths, counts as they are; clamped */
    uint16_t word[DD_COMPLEXITY_WORDS];   /* hashes of DD_COMPLEXITY_BITS bits of words and pairs of words, each once */
    int      words;
} dd_complexity_view;

void   dd_complexity_read(dd_str text, dd_complexity_view *out);
/* 0 to 1, higher needs the stronger model; 0.5 is the middle of what it was trained on. */
double dd_complexity_score(const dd_complexity_view *view);
#endif
