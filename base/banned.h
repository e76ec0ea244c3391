/* base/banned.h - calls that do not compile here.
 *
 * Forced in front of every file of ours (-include). The system headers that declare these come first, so
 * that only our own use is refused. Use dd_buf, dd_str and dd_parse_i64 instead. */
#ifndef DD_BANNED_H
#define DD_BANNED_H
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#pragma GCC poison strcpy strcat strncpy strncat sprintf vsprintf strtok atoi atol atof gets
#endif
