/* Problem: order requests by how much a stronger model would gain, in microseconds, without asking a model.
 *
 * Idea: the longer a text, the more; beside that two learned corrections, of boosted trees and hashed words each: for questions with options to choose
 * from what the strong model gains, for all others also how hard they are for a cheap one. Why so: docs/decisions/0017-classifier.json. What it does
 * not do: know facts, or what a given pair of models is good at. */
#include <math.h>

#include "route/complexity.h"

typedef struct {
    int8_t  feature;
    int16_t limit;
    uint8_t first, second;
} tree_node;

#include "route/complexity.def"

static int64_t sum_trees(const int16_t *v, const tree_node *nodes, const uint16_t *starts, size_t n)
{
    int64_t sum = 0;
    for (size_t t = 0; t < n; t++) {
        const tree_node *tree = nodes + starts[t], *at = tree;
        while (at->feature >= 0)
            at = tree + (v[at->feature] <= at->limit ? at->first : at->second);
        sum += at->limit;
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

static double of_choice(const dd_complexity_view *view)
{
    int64_t trees = sum_trees(view->v, choice_nodes, choice_starts, DD_COUNT(choice_starts));
    return TREE_UNIT * (double)trees + CHOICE_WORD_UNIT * sum_words(view, choice_words) - CHOICE_MEAN;
}

static double of_others(const dd_complexity_view *view)
{
    int64_t trees = sum_trees(view->v, open_nodes, open_starts, DD_COUNT(open_starts));
    return TREE_UNIT * (double)trees + OPEN_WORD_UNIT * sum_words(view, open_words) - OPEN_MEAN;
}

double dd_complexity_score(const dd_complexity_view *view)
{
    double raw = BYTES_UNIT * (view->v[DD_CF_BYTES] - BYTES_MEAN) + WORDS_UNIT * (view->v[DD_CF_WORDS] - WORDS_MEAN);
    raw += view->v[DD_CF_OPTIONS] > 0 ? of_choice(view) : of_others(view);
    return 1 / (1 + exp(-SLOPE * (raw - MIDDLE)));
}
