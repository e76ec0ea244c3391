/* store/seal.h - AES-256-GCM over one piece of text: nonce, ciphertext and tag in one. */
#ifndef DD_STORE_SEAL_H
#define DD_STORE_SEAL_H
#include "base/err.h"
#include "base/secret.h"

enum { DD_SEAL_NONCE = 12, DD_SEAL_TAG = 16, DD_SEAL_KEY = 32 };

/* Appends the sealed text to *out. `key` has 32 bytes; `about` is authenticated, not kept. */
dd_code dd_seal(dd_str key, dd_str about, dd_str plain, dd_buf *out, dd_err *err);
/* DD_ERR_PARSE: another key, another `about`, or a changed byte. Caller frees *out. */
dd_code dd_unseal(dd_str key, dd_str about, dd_str sealed, dd_secret *out, dd_err *err);
#endif
