#include "provider.h"

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <string.h>

enum { HMAC_SIZE = 32, SHA512_SIZE = 64, AES_BLOCK = 16 };

static uint8_t *script;
static size_t script_length;
static size_t script_taken;

void randomness_load(const uint8_t *bytes, size_t length)
{
    free(script);
    script = malloc(length + 1);
    if (!script) {
        abort();
    }
    memcpy(script, bytes, length);
    script_length = length;
    script_taken = 0;
}

int randomness_take(uint8_t *bytes, size_t length)
{
    size_t left = script_length - script_taken;
    size_t given = length < left ? length : left;
    if (given > 0) {
        memcpy(bytes, script + script_taken, given);
        script_taken += given;
    }
    if (given == length || RAND_bytes(bytes + given, (int)(length - given)) == 1) {
        return 0;
    }
    return SG_ERR_UNKNOWN;
}

static int random_bytes(uint8_t *bytes, size_t length, void *user_data)
{
    (void)user_data;
    return randomness_take(bytes, length);
}

/* OpenSSL's answers are 1 where it did what was asked. */
static int done(int answer)
{
    return answer == 1 ? 0 : SG_ERR_UNKNOWN;
}

static int hmac_init(void **context, const uint8_t *key, size_t key_length, void *user_data)
{
    (void)user_data;
    EVP_MAC *hmac = EVP_MAC_fetch(0, "HMAC", 0);
    EVP_MAC_CTX *made = hmac ? EVP_MAC_CTX_new(hmac) : 0;
    EVP_MAC_free(hmac);
    if (!made) {
        return SG_ERR_NOMEM;
    }
    *context = made;
    OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string("digest", "SHA256", 0), OSSL_PARAM_construct_end()};
    /* A key of no bytes still needs a place. */
    return done(EVP_MAC_init(made, key ? key : (const uint8_t *)"", key_length, parameters));
}

static int hmac_update(void *context, const uint8_t *data, size_t length, void *user_data)
{
    (void)user_data;
    return done(EVP_MAC_update(context, data, length));
}

static int hmac_final(void *context, signal_buffer **output, void *user_data)
{
    (void)user_data;
    uint8_t code[HMAC_SIZE];
    size_t length = 0;
    if (EVP_MAC_final(context, code, &length, sizeof code) != 1) {
        return SG_ERR_UNKNOWN;
    }
    *output = signal_buffer_create(code, length);
    return *output ? 0 : SG_ERR_NOMEM;
}

static void hmac_cleanup(void *context, void *user_data)
{
    (void)user_data;
    EVP_MAC_CTX_free(context);
}

static int sha512_init(void **context, void *user_data)
{
    (void)user_data;
    *context = EVP_MD_CTX_new();
    return *context ? done(EVP_DigestInit_ex(*context, EVP_sha512(), 0)) : SG_ERR_NOMEM;
}

static int sha512_update(void *context, const uint8_t *data, size_t length, void *user_data)
{
    (void)user_data;
    return done(EVP_DigestUpdate(context, data, length));
}

/* Makes the context ready for the next digest, too. */
static int sha512_final(void *context, signal_buffer **output, void *user_data)
{
    (void)user_data;
    uint8_t digest[SHA512_SIZE];
    if (EVP_DigestFinal_ex(context, digest, 0) != 1 || EVP_DigestInit_ex(context, EVP_sha512(), 0) != 1) {
        return SG_ERR_UNKNOWN;
    }
    *output = signal_buffer_create(digest, sizeof digest);
    return *output ? 0 : SG_ERR_NOMEM;
}

static void sha512_cleanup(void *context, void *user_data)
{
    (void)user_data;
    EVP_MD_CTX_free(context);
}

/* AES-256 in the one mode that messages of version 3 use. */
static int aes_cbc(
    signal_buffer **output, int encrypting, int cipher, const uint8_t *key, size_t key_length, const uint8_t *iv,
    size_t iv_length, const uint8_t *input, size_t length)
{
    if (cipher != SG_CIPHER_AES_CBC_PKCS5 || key_length != 32 || iv_length != AES_BLOCK
        || length > INT32_MAX - AES_BLOCK) {
        return SG_ERR_INVAL;
    }
    signal_buffer *made = signal_buffer_alloc(length + AES_BLOCK);
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    int status = made && context ? 0 : SG_ERR_NOMEM;
    int first = 0;
    int last = 0;
    if (status == 0) {
        uint8_t *data = signal_buffer_data(made);
        if (EVP_CipherInit_ex(context, EVP_aes_256_cbc(), 0, key, iv, encrypting) != 1
            || EVP_CipherUpdate(context, data, &first, input, (int)length) != 1
            || EVP_CipherFinal_ex(context, data + first, &last) != 1) {
            status = SG_ERR_UNKNOWN;
        }
    }
    if (status == 0) {
        *output = signal_buffer_n_copy(made, (size_t)(first + last));
        status = *output ? 0 : SG_ERR_NOMEM;
    }
    EVP_CIPHER_CTX_free(context);
    signal_buffer_bzero_free(made);
    return status;
}

static int encrypt(
    signal_buffer **output, int cipher, const uint8_t *key, size_t key_length, const uint8_t *iv, size_t iv_length,
    const uint8_t *plaintext, size_t length, void *user_data)
{
    (void)user_data;
    return aes_cbc(output, 1, cipher, key, key_length, iv, iv_length, plaintext, length);
}

static int decrypt(
    signal_buffer **output, int cipher, const uint8_t *key, size_t key_length, const uint8_t *iv, size_t iv_length,
    const uint8_t *ciphertext, size_t length, void *user_data)
{
    (void)user_data;
    return aes_cbc(output, 0, cipher, key, key_length, iv, iv_length, ciphertext, length);
}

const signal_crypto_provider PROVIDER = {
    .random_func = random_bytes,
    .hmac_sha256_init_func = hmac_init,
    .hmac_sha256_update_func = hmac_update,
    .hmac_sha256_final_func = hmac_final,
    .hmac_sha256_cleanup_func = hmac_cleanup,
    .sha512_digest_init_func = sha512_init,
    .sha512_digest_update_func = sha512_update,
    .sha512_digest_final_func = sha512_final,
    .sha512_digest_cleanup_func = sha512_cleanup,
    .encrypt_func = encrypt,
    .decrypt_func = decrypt,
};
