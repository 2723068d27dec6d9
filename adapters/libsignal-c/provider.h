/* What the library leaves to whoever uses it: hashes, ciphers and randomness. */
#ifndef PROVIDER_H
#define PROVIDER_H

#include <signal_protocol.h>

/* Hands out these bytes, in order, wherever randomness is drawn; the system's where they have run out. */
void randomness_load(const uint8_t *bytes, size_t length);
/* Draws. Returns 0, or negative. */
int randomness_take(uint8_t *bytes, size_t length);

/* OpenSSL's functions, and the randomness from above. */
extern const signal_crypto_provider PROVIDER;

#endif
