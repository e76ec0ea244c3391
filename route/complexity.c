/* Problem: order requests by how much a stronger model would gain, in microseconds, without asking a model.
 *
 * Idea: the longer a text, the more; beside that two learned corrections, for questions with options to choose from (what the strong model gains: boosted
 * trees and hashed words) and for all others (how hard it is for a cheap model: a line through the features and hashed words). Why so:
 * docs/decisions/0017-classifier.json. What it does not do: know facts, or what a given pair of models is good at. */
#include <math.h>

#include "route/complexity.h"

typedef struct {
    int8_t  feature;
    int16_t limit;
    uint8_t first, second;
} tree_node;

typedef struct { int16_t low, high, weight; } linear_weight;

#include "route/complexity.def"

_Static_assert(DD_COUNT(linear_weights) == DD_CF_COUNT, "route/complexity.def belongs to other features: make train-router");

static int64_t sum_trees(const int16_t *v)
{
    int64_t sum = 0;
    for (size_t t = 0; t < DD_COUNT(tree_starts); t++) {
        const tree_node *tree = tree_nodes + tree_starts[t], *at = tree;
        while (at->feature >= 0)
            at = tree + (v[at->feature] <= at->limit ? at->first : at->second);
        sum += at->limit;
    }
    return sum;
}

static int64_t sum_features(const int16_t *v)
{
    int64_t sum = 0;
    for (int i = 0; i < DD_CF_COUNT; i++) {
        const linear_weight *w = &linear_weights[i];
        int64_t x = v[i] < w->low ? w->low : v[i] > w->high ? w->high : v[i];
        sum += x * w->weight;
    }
    return sum;
}

/* A word says less among many. */
static double sum_words(const dd_complexity_view *view, const int8_t *weights)
{
    int64_t sum = 0;
    for (int i = 0; i < view->words; i++)
        sum += weights[view->word[i]];
    return (double)sum / sqrt(view->words + 1.0);
}

double dd_complexity_score(const dd_complexity_view *view)
{
    double raw = LENGTH_UNIT * (view->v[DD_CF_BYTES] - LENGTH_MEAN);
    if (view->v[DD_CF_OPTIONS] > 0)
        raw += TREE_UNIT * (double)sum_trees(view->v) + CHOICE_WORD_UNIT * sum_words(view, choice_words) - CHOICE_MEAN;
    else
        raw += LINEAR_UNIT * (double)sum_features(view->v) + OPEN_WORD_UNIT * sum_words(view, open_words) - OPEN_MEAN;
    return 1 / (1 + exp(-SLOPE * (raw - MIDDLE)));
}
