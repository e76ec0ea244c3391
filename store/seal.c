#include "store/seal.h"

#include <limits.h>
#include <openssl/evp.h>
#include <string.h>

static dd_code broken(dd_err *err) { return dd_fail(err, DD_ERR_IO, "libcrypto could not run AES-256-GCM"); }

dd_code dd_seal(dd_str key, dd_str about, dd_str plain, dd_buf *out, dd_err *err)
{
    unsigned char   nonce[DD_SEAL_NONCE], tag[DD_SEAL_TAG];
    int             n = 0, rest = 0;
    EVP_CIPHER_CTX *c      = EVP_CIPHER_CTX_new();
    unsigned char  *cipher = dd_malloc(plain.len + 1);
    dd_random_bytes(nonce, sizeof nonce);
    bool ok = c && key.len == DD_SEAL_KEY && plain.len < INT_MAX && about.len < INT_MAX &&
              EVP_EncryptInit_ex(c, EVP_aes_256_gcm(), NULL, (const unsigned char *)key.ptr, nonce) == 1 &&
              EVP_EncryptUpdate(c, NULL, &n, (const unsigned char *)about.ptr, (int)about.len) == 1 &&
              EVP_EncryptUpdate(c, cipher, &n, (const unsigned char *)plain.ptr, (int)plain.len) == 1 && (size_t)n == plain.len &&
              EVP_EncryptFinal_ex(c, cipher + n, &rest) == 1 && rest == 0 && EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_GET_TAG, DD_SEAL_TAG, tag) == 1;
    if (ok) {
        dd_buf_add(out, (dd_str){ (const char *)nonce, sizeof nonce });
        dd_buf_add(out, (dd_str){ (const char *)cipher, plain.len });
        dd_buf_add(out, (dd_str){ (const char *)tag, sizeof tag });
    }
    EVP_CIPHER_CTX_free(c);
    free(cipher);
    return ok ? DD_OK : broken(err);
}

dd_code dd_unseal(dd_str key, dd_str about, dd_str sealed, dd_secret *out, dd_err *err)
{
    *out = DD_SECRET_NONE;
    if (sealed.len < DD_SEAL_NONCE + DD_SEAL_TAG || sealed.len > INT_MAX || key.len != DD_SEAL_KEY)
        return dd_fail(err, DD_ERR_PARSE, "what was sealed is cut short");
    size_t               len   = sealed.len - DD_SEAL_NONCE - DD_SEAL_TAG;
    const unsigned char *bytes = (const unsigned char *)sealed.ptr;
    unsigned char        tag[DD_SEAL_TAG];
    dd_buf               plain = DD_BUF_INIT(0);
    int                  n = 0, rest = 0;
    EVP_CIPHER_CTX      *c = EVP_CIPHER_CTX_new();
    dd_buf_reserve(&plain, len + 1);
    memcpy(tag, bytes + DD_SEAL_NONCE + len, sizeof tag);
    bool ready = c && about.len < INT_MAX && EVP_DecryptInit_ex(c, EVP_aes_256_gcm(), NULL, (const unsigned char *)key.ptr, bytes) == 1 &&
                 EVP_DecryptUpdate(c, NULL, &n, (const unsigned char *)about.ptr, (int)about.len) == 1 &&
                 EVP_DecryptUpdate(c, (unsigned char *)plain.ptr, &n, bytes + DD_SEAL_NONCE, (int)len) == 1 &&
                 EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_SET_TAG, DD_SEAL_TAG, tag) == 1;
    bool true_tag = ready && EVP_DecryptFinal_ex(c, (unsigned char *)plain.ptr + len, &rest) == 1;
    EVP_CIPHER_CTX_free(c);
    plain.len = len;
    if (true_tag)
        *out = dd_secret_take(&plain);
    else
        dd_wipe_buf(&plain);
    if (!ready)
        return broken(err);
    return true_tag ? DD_OK : dd_fail(err, DD_ERR_PARSE, "what was sealed does not open");
}
