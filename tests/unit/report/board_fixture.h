/* tests/unit/report/board_fixture.h - a dashboard made by hand: round figures that add up, so that a share is known without a calculator. */
#ifndef DD_TESTS_REPORT_BOARD_FIXTURE_H
#define DD_TESTS_REPORT_BOARD_FIXTURE_H
#include "base/arena.h"
#include "report/board.h"

typedef enum { BOARD_LIVE, BOARD_NO_PROXY, BOARD_EMPTY, BOARD_HOSTILE, BOARD_UNPRICED } board_kind;
void board_make(dd_board *b, board_kind kind, dd_arena *a);
#endif
