/* tests/unit/gz.h - packed vectors: files that stay gzipped in the tree. */
#ifndef DD_TEST_GZ_H
#define DD_TEST_GZ_H
#include "base/str.h"

/* The unpacked bytes, appended. A file that cannot be read fails the test. Relative paths begin at the project's root. */
bool dd_test_gz(const char *path, dd_buf *out);
#endif
