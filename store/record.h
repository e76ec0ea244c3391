/* store/record.h - an event as a short row of bytes: what stands in a slot of the queue, in the spool file, and (its attempts) in the events table.
 *
 * Byte 0 is the format's version. The members of dd_fields follow in their order, then the attempts, then, if there are any, the asides; numbers are variable-length, a number that is
 * not known is one byte. Fields are only ever appended, so a program reads the records of older ones; what they lack is not known. Records of several
 * events stand in frames: length, checksum, mark, bytes. No allocation. */
#ifndef DD_STORE_RECORD_H
#define DD_STORE_RECORD_H
#include "route/event.h"

enum { DD_RECORD_ATTEMPTS = 32, DD_FRAME_HEAD = 16 };   /* attempts past that are not kept, asides in the room that they leave */

/* No record of this event is longer. */
size_t dd_record_bound(const dd_event *e);
/* Writes at most dd_record_bound(e) bytes; returns how many. */
size_t dd_record_write(const dd_event *e, char *out);
/* Text is borrowed from `record`. `attempts` has room for DD_RECORD_ATTEMPTS; NULL: they are not read. *tail (may be NULL): the bytes that hold them.
 * DD_ERR_PARSE: not a record. */
dd_code dd_record_read(dd_str record, dd_event *e, dd_attempt *attempts, dd_str *tail);
/* The attempts alone, from such a tail. */
dd_code dd_record_read_attempts(dd_str bytes, dd_event *e, dd_attempt *attempts);

/* The mark is the event's for good: a number that no other event of any process has, however alike the two are. */
typedef struct { dd_str record; int64_t mark; } dd_frame;
void dd_frame_add(dd_buf *out, dd_frame f);             /* sealed later, where the bytes leave the process */
void dd_frames_seal(char *frames, size_t len);          /* fills in the checksums */
/* Take a frame off the front. False: no whole (or sound) frame is there. `check` is for bytes from elsewhere; *damaged: more bytes would not help. */
bool dd_frame_take(dd_str *frames, dd_frame *out);
bool dd_frame_check(dd_str *frames, dd_frame *out, bool *damaged);
#endif
