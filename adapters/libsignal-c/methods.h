/* What the adapter is asked. A method reads its parameters, and puts into `result`; it returns 0, or an outcome. */
#ifndef METHODS_H
#define METHODS_H

#include <json.h>
#include <signal_protocol.h>

typedef int method(json_object *params, json_object *result);

extern signal_context *library;

/* Drops all devices. */
void devices_reset(void);

/* Of the role `device`. */
method device_create, device_load, device_bundle, device_keys, device_process_bundle, device_encrypt, device_decrypt,
    device_drop_sessions, device_save, device_restore;

/* Of the role `primitives`. */
method public_key_decode, public_key_derive, xeddsa_sign, xeddsa_verify, wire_decode_prekey, wire_encode_prekey;

/* A key from a field, decoded by the library; a private one is clamped. */
int read_public_key(json_object *fields, const char *name, ec_public_key **key);
int read_private_key(json_object *fields, const char *name, ec_private_key **key);
/* A key into a field, as the library writes it. */
int put_public_key(json_object *fields, const char *name, const ec_public_key *key);

#endif
