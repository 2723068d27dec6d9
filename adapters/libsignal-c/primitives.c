/* The role `primitives`: what the library has functions for. */
#include <protocol.h>

#include "fields.h"
#include "methods.h"
#include "outcome.h"

int read_public_key(json_object *fields, const char *name, ec_public_key **key)
{
    signal_buffer *bytes = 0;
    int status = read_bytes(fields, name, &bytes);
    if (status == 0) {
        status = curve_decode_point(key, signal_buffer_data(bytes), signal_buffer_len(bytes), library);
    }
    signal_buffer_free(bytes);
    return status;
}

/* RFC 7748, section 5. The public key is the same. */
static void clamp(signal_buffer *bytes)
{
    size_t length = signal_buffer_len(bytes);
    if (length > 0) {
        uint8_t *key = signal_buffer_data(bytes);
        key[0] &= 248;
        key[length - 1] &= 127;
        key[length - 1] |= 64;
    }
}

int read_private_key(json_object *fields, const char *name, ec_private_key **key)
{
    signal_buffer *bytes = 0;
    int status = read_bytes(fields, name, &bytes);
    if (status == 0) {
        /* As the library draws its own: it signs rightly with no other. */
        clamp(bytes);
        status = curve_decode_private_point(key, signal_buffer_data(bytes), signal_buffer_len(bytes), library);
    }
    signal_buffer_bzero_free(bytes);
    return status;
}

int put_public_key(json_object *fields, const char *name, const ec_public_key *key)
{
    signal_buffer *bytes = 0;
    int status = ec_public_key_serialize(&bytes, key);
    if (status == 0) {
        put_buffer(fields, name, bytes);
    }
    signal_buffer_free(bytes);
    return status;
}

int public_key_decode(json_object *params, json_object *result)
{
    ec_public_key *key = 0;
    signal_buffer *bytes = 0;
    int status = 0;
    TRY(read_public_key(params, "publicKey", &key));
    TRY(ec_public_key_serialize(&bytes, key));
    /* Behind the type byte. */
    put_bytes(result, "u", signal_buffer_data(bytes) + 1, signal_buffer_len(bytes) - 1);
done:
    signal_buffer_free(bytes);
    SIGNAL_UNREF(key);
    return status;
}

int public_key_derive(json_object *params, json_object *result)
{
    ec_private_key *private_key = 0;
    ec_public_key *key = 0;
    int status = 0;
    TRY(read_private_key(params, "privateKey", &private_key));
    TRY(curve_generate_public_key(&key, private_key));
    TRY(put_public_key(result, "publicKey", key));
done:
    SIGNAL_UNREF(key);
    SIGNAL_UNREF(private_key);
    return status;
}

int xeddsa_sign(json_object *params, json_object *result)
{
    ec_private_key *key = 0;
    signal_buffer *message = 0;
    signal_buffer *signature = 0;
    int status = 0;
    TRY(read_private_key(params, "privateKey", &key));
    TRY(read_bytes(params, "message", &message));
    TRY(curve_calculate_signature(library, &signature, key, signal_buffer_data(message), signal_buffer_len(message)));
    put_buffer(result, "signature", signature);
done:
    signal_buffer_free(signature);
    signal_buffer_free(message);
    SIGNAL_UNREF(key);
    return status;
}

int xeddsa_verify(json_object *params, json_object *result)
{
    (void)result;
    ec_public_key *key = 0;
    signal_buffer *message = 0;
    signal_buffer *signature = 0;
    int status = 0;
    TRY(read_public_key(params, "publicKey", &key));
    TRY(read_bytes(params, "message", &message));
    TRY(read_bytes(params, "signature", &signature));
    TRY(curve_verify_signature(
        key, signal_buffer_data(message), signal_buffer_len(message), signal_buffer_data(signature),
        signal_buffer_len(signature)));
    status = status == 1 ? 0 : SIGNATURE_INVALID;
done:
    signal_buffer_free(signature);
    signal_buffer_free(message);
    SIGNAL_UNREF(key);
    return status;
}

int wire_decode_prekey(json_object *params, json_object *result)
{
    signal_buffer *bytes = 0;
    pre_key_signal_message *message = 0;
    int status = 0;
    TRY(read_bytes(params, "message", &bytes));
    TRY(pre_key_signal_message_deserialize(&message, signal_buffer_data(bytes), signal_buffer_len(bytes), library));
    if (pre_key_signal_message_has_pre_key_id(message)) {
        put_number(result, "preKeyId", pre_key_signal_message_get_pre_key_id(message));
    }
    TRY(put_public_key(result, "baseKey", pre_key_signal_message_get_base_key(message)));
    TRY(put_public_key(result, "identityKey", pre_key_signal_message_get_identity_key(message)));
    put_buffer(
        result, "ratchetMessage",
        ciphertext_message_get_serialized(
            (const ciphertext_message *)pre_key_signal_message_get_signal_message(message)));
    put_number(result, "registrationId", pre_key_signal_message_get_registration_id(message));
    put_number(result, "signedPreKeyId", pre_key_signal_message_get_signed_pre_key_id(message));
done:
    SIGNAL_UNREF(message);
    signal_buffer_free(bytes);
    return status;
}

int wire_encode_prekey(json_object *params, json_object *result)
{
    uint32_t registration_id = 0;
    uint32_t signed_pre_key_id = 0;
    uint32_t pre_key_id = 0;
    ec_public_key *base_key = 0;
    ec_public_key *identity_key = 0;
    signal_buffer *inner = 0;
    signal_message *ratchet_message = 0;
    pre_key_signal_message *message = 0;
    int status = 0;
    TRY(read_number(params, "registrationId", &registration_id));
    TRY(read_number(params, "signedPreKeyId", &signed_pre_key_id));
    if (has(params, "preKeyId")) {
        TRY(read_number(params, "preKeyId", &pre_key_id));
    }
    TRY(read_public_key(params, "baseKey", &base_key));
    TRY(read_public_key(params, "identityKey", &identity_key));
    TRY(read_bytes(params, "ratchetMessage", &inner));
    TRY(signal_message_deserialize(&ratchet_message, signal_buffer_data(inner), signal_buffer_len(inner), library));
    TRY(pre_key_signal_message_create(
        &message, signal_message_get_message_version(ratchet_message), registration_id,
        has(params, "preKeyId") ? &pre_key_id : 0, signed_pre_key_id, base_key, identity_key, ratchet_message,
        library));
    put_buffer(result, "message", ciphertext_message_get_serialized((const ciphertext_message *)message));
done:
    SIGNAL_UNREF(message);
    SIGNAL_UNREF(ratchet_message);
    signal_buffer_free(inner);
    SIGNAL_UNREF(identity_key);
    SIGNAL_UNREF(base_key);
    return status;
}
