#include "store/spool.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include "store/record.h"
#include "tests/unit/store/sample.h"
#include "tests/unit/test.h"

static dd_code add(dd_spool *s, const char *text)
{
    dd_buf  f = DD_BUF_INIT(0);
    dd_err  err = DD_ERR_INIT;
    dd_frame_add(&f, (dd_frame){ dd_str_z(text), 7 });
    dd_code rc = dd_spool_append(s, &f, &err);
    dd_buf_free(&f);
    return rc;
}

/* All that is read, the records joined by blanks; each part is taken off the spool. */
static void drain(dd_spool *s, dd_buf *out)
{
    for (;;) {
        dd_buf   f = DD_BUF_INIT(0);
        dd_str   rest;
        dd_frame frame;
        dd_spool_read(s, 1, &f, NULL);
        rest = dd_buf_str(&f);
        bool any = f.len > 0;
        while (dd_frame_take(&rest, &frame)) {
            CHECK_EQ(frame.mark, 7, "the mark stays");
            dd_buf_add(out, frame.record);
            dd_buf_addc(out, ' ');
        }
        dd_buf_free(&f);
        if (!any)
            return;
        dd_spool_done(s);
    }
}

static int files_in(const char *dir, char *first, size_t room)
{
    int            n = 0;
    struct dirent *d;
    DIR           *o = opendir(dir);
    while (o != NULL && (d = readdir(o)) != NULL)
        if (d->d_name[0] != '.') {
            snprintf(first, room, "%s/%s", dir, d->d_name);
            n++;
        }
    if (o != NULL)
        closedir(o);
    return n;
}

TEST(a_spool_gives_back_what_it_took_and_leaves_no_file)
{
    char      path[512];
    const char *dir = sample_dir("spool");
    dd_buf    out = DD_BUF_INIT(0);
    dd_spool *s = dd_spool_new(dir, 1 << 20);
    CHECK_EQ(dd_spool_bytes(s), 0, "empty");
    CHECK_OK(add(s, "a"));
    CHECK_OK(add(s, "b"));
    CHECK(dd_spool_bytes(s) > 0);
    drain(s, &out);
    CHECK_OK(add(s, "c"));
    drain(s, &out);
    CHECK_STR(dd_buf_str(&out), "a b c ");
    CHECK_EQ(dd_spool_bytes(s), 0, "empty again");
    CHECK_EQ(files_in(dir, path, sizeof path), 0, "no file is left");
    dd_spool_free(s);
    dd_buf_free(&out);
}

TEST(a_spool_outlives_its_process_and_gives_twice_what_was_not_done)
{
    const char *dir = sample_dir("spool");
    dd_buf    out = DD_BUF_INIT(0), once = DD_BUF_INIT(0);
    dd_spool *s = dd_spool_new(dir, 1 << 20);
    CHECK_OK(add(s, "a"));
    dd_spool_read(s, 1, &once, NULL);
    CHECK(once.len > 0);
    dd_buf_clear(&once);
    dd_spool_read(s, 1, &once, NULL);
    CHECK(once.len > 0); /* not done: again */
    dd_spool_free(s);
    s = dd_spool_new(dir, 0); /* off, but what is there is read */
    CHECK(dd_spool_bytes(s) > 0);
    CHECK_EQ(add(s, "b"), DD_ERR_LIMIT, "off");
    drain(s, &out);
    CHECK_STR(dd_buf_str(&out), "a ");
    dd_spool_free(s);
    dd_buf_free(&out);
    dd_buf_free(&once);
}

TEST(a_spool_is_bounded)
{
    dd_spool *s = dd_spool_new(sample_dir("spool"), 1000);
    dd_buf    out = DD_BUF_INIT(0);
    int       n = 0;
    while (add(s, "0123456789") == DD_OK)
        n++;
    CHECK_EQ(n, (1000 - 8) / (DD_FRAME_HEAD + 10), "R3.1: as many as fit");
    drain(s, &out);
    CHECK_OK(add(s, "more"));
    dd_spool_free(s);
    dd_buf_free(&out);
}

TEST(what_another_process_writes_is_left_to_it)
{
    const char *dir = sample_dir("spool");
    dd_spool *a = dd_spool_new(dir, 1 << 20), *b = dd_spool_new(dir, 1 << 20);
    dd_buf    out = DD_BUF_INIT(0);
    CHECK_OK(add(a, "a"));
    drain(b, &out);
    CHECK_EQ(out.len, 0, "its file is locked");
    dd_spool_free(a); /* or it died */
    drain(b, &out);
    CHECK_STR(dd_buf_str(&out), "a ");
    dd_spool_free(b);
    dd_buf_free(&out);
}

TEST(a_torn_or_damaged_file_gives_what_is_sound)
{
    const char *dir = sample_dir("spool");
    char        path[512];
    dd_buf      out = DD_BUF_INIT(0);
    for (int torn = 0; torn < 2; torn++) {
        dd_spool *s = dd_spool_new(dir, 1 << 20);
        CHECK_OK(add(s, "good"));
        CHECK_OK(add(s, "bad"));
        dd_spool_free(s);
        CHECK_EQ(files_in(dir, path, sizeof path), 1, "one file");
        int   fd = open(path, O_RDWR);
        off_t end = lseek(fd, 0, SEEK_END);
        if (torn)
            CHECK(ftruncate(fd, end - 1) == 0);
        else
            CHECK(pwrite(fd, "X", 1, end - 1) == 1);
        close(fd);
        s = dd_spool_new(dir, 1 << 20);
        drain(s, &out);
        CHECK_EQ(dd_spool_damaged(s), 1, "counted");
        CHECK_EQ(files_in(dir, path, sizeof path), 0, "and gone");
        dd_spool_free(s);
    }
    CHECK_STR(dd_buf_str(&out), "good good ");
    dd_buf_free(&out);
}
