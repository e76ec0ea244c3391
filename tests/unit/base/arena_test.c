#include <pthread.h>
#include <string.h>

#include "base/arena.h"
#include "tests/unit/test.h"

/* So many bytes that several blocks of the largest size are needed; each piece holds its number. */
enum { PIECES = 3000, PIECE = 1024 };

static void fill(dd_arena *a, uint32_t **v, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        v[i] = dd_arena_alloc(a, PIECE);
        memset(v[i], 0xa5, PIECE);
        *v[i] = i;
    }
}

static bool intact(uint32_t *const *v, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        if (*v[i] != i)
            return false;
    return true;
}

TEST(arena_blocks_serve_the_next_arena)
{
    static uint32_t *first[PIECES], *second[PIECES];
    dd_arena a = DD_ARENA_INIT, b = DD_ARENA_INIT;
    for (int round = 0; round < 3; round++) {
        fill(&a, first, PIECES);
        fill(&b, second, PIECES);
        CHECK(intact(first, PIECES) && intact(second, PIECES));
        CHECK_EQ(a.used, PIECES * PIECE, "bytes handed out");
        dd_arena_fini(&a);
        fill(&a, first, PIECES);             /* in blocks that were given back */
        CHECK(intact(first, PIECES) && intact(second, PIECES));
        const char *zeros = dd_arena_zalloc(&a, PIECE);
        for (size_t i = 0; i < PIECE; i++)
            CHECK_EQ(zeros[i], 0, "cleared, whatever the block held before");
        dd_arena_fini(&a);
        dd_arena_fini(&b);
    }
}

TEST(arena_goes_back_over_blocks)
{
    static uint32_t *v[PIECES];
    dd_arena a = DD_ARENA_INIT;
    fill(&a, v, 100);
    dd_arena_mark here = dd_arena_here(&a);
    for (int round = 0; round < 3; round++) {
        fill(&a, v + 100, PIECES - 100);
        dd_arena_alloc(&a, 5 << 20);         /* a piece with a block of its own */
        dd_arena_back(&a, here);
        CHECK_EQ(a.used, 100 * PIECE, "what was handed out since is given back");
        CHECK(intact(v, 100));
    }
    dd_arena_fini(&a);
}

/* Pieces around the sizes that a thread keeps, taken and given back in turn; every byte is the piece's own. */
static void *take_and_give(void *arg)
{
    enum { KINDS = 40 };
    unsigned char *v[KINDS];
    dd_arena      *last = arg;
    for (int round = 0; round < 50; round++) {
        dd_arena a = DD_ARENA_INIT;
        for (int i = 0; i < KINDS; i++) {
            size_t n = 880 + (size_t)(i * 83 + round * 7) % 3400;
            v[i]     = dd_arena_alloc(&a, n);
            memset(v[i], i, n);
        }
        for (int i = 0; i < KINDS; i++) {
            size_t n = 880 + (size_t)(i * 83 + round * 7) % 3400;
            CHECK(v[i][0] == i && v[i][n / 2] == i && v[i][n - 1] == i);
        }
        if (round % 2)
            dd_arena_join(last, &a);
        dd_arena_fini(&a);
    }
    return NULL;
}

TEST(arena_blocks_may_be_given_back_by_another_thread)
{
    enum { THREADS = 4 };
    pthread_t t[THREADS];
    dd_arena  left[THREADS] = { DD_ARENA_INIT };
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < THREADS; i++)
            CHECK_EQ(pthread_create(&t[i], NULL, take_and_give, &left[i]), 0, "started");
        for (int i = 0; i < THREADS; i++)
            pthread_join(t[i], NULL);
        for (int i = 0; i < THREADS; i++)
            dd_arena_fini(&left[i]);
    }
}
