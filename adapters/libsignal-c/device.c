/* The role `device`: devices by handle, whose keys and sessions the library makes and keeps. */
#include <inttypes.h>
#include <protocol.h>
#include <session_builder.h>
#include <session_cipher.h>
#include <stdio.h>
#include <string.h>

#include "fields.h"
#include "methods.h"
#include "outcome.h"
#include "provider.h"
#include "store.h"

/* One that the harness knows by its handle. */
struct device {
    struct device *next;
    char *handle;
    json_object *store;
    signal_protocol_store_context *context;
};

static struct device *devices;

static void device_free(struct device *device)
{
    if (!device) {
        return;
    }
    if (device->context) {
        signal_protocol_store_context_destroy(device->context);
    }
    json_object_put(device->store);
    free(device->handle);
    free(device);
}

void devices_reset(void)
{
    while (devices) {
        struct device *first = devices;
        devices = first->next;
        device_free(first);
    }
}

/* A device under the handle in `params`, not yet known by it. The store is the device's from here on. */
static int device_new(json_object *params, json_object *store, struct device **device)
{
    const char *handle = 0;
    struct device *made = calloc(1, sizeof *made);
    if (!made) {
        json_object_put(store);
        return SG_ERR_NOMEM;
    }
    int status = 0;
    made->store = store;
    TRY(read_text(params, "handle", &handle));
    made->handle = strdup(handle);
    TRY(made->handle ? 0 : SG_ERR_NOMEM);
    TRY(store_open(&made->context, store, library));
    *device = made;
    return 0;
done:
    device_free(made);
    return status;
}

/* Makes it known by its handle, in place of another. */
static void device_keep(struct device *device)
{
    struct device **at = &devices;
    while (*at && strcmp((*at)->handle, device->handle) != 0) {
        at = &(*at)->next;
    }
    struct device *former = *at;
    device->next = former ? former->next : 0;
    *at = device;
    device_free(former);
}

static int held(json_object *params, struct device **device)
{
    const char *handle = 0;
    int status = read_text(params, "handle", &handle);
    if (status < 0) {
        return status;
    }
    for (*device = devices; *device; *device = (*device)->next) {
        if (strcmp((*device)->handle, handle) == 0) {
            return 0;
        }
    }
    return bad_parameter("handle");
}

/* ---- its keys ---- */

static int put_identity(struct device *device, const ec_public_key *public_key, const ec_private_key *private_key)
{
    signal_buffer *bytes = 0;
    int status = 0;
    TRY(put_public_key(device->store, "identityPublicKey", public_key));
    TRY(ec_private_key_serialize(&bytes, private_key));
    put_buffer(device->store, "identityPrivateKey", bytes);
done:
    signal_buffer_bzero_free(bytes);
    return status;
}

static int keep_signed_pre_key(
    struct device *device, uint32_t id, uint64_t milliseconds, ec_key_pair *pair, signal_buffer *signature)
{
    session_signed_pre_key *key = 0;
#ifdef OMEMO
    /* Messages of version 3 do without the signature that OMEMO 2 has beside it. */
    int status = session_signed_pre_key_create(
        &key, id, milliseconds, pair, signal_buffer_data(signature), signal_buffer_len(signature),
        signal_buffer_data(signature), 0);
#else
    int status = session_signed_pre_key_create(
        &key, id, milliseconds, pair, signal_buffer_data(signature), signal_buffer_len(signature));
#endif
    TRY(status);
    TRY(signal_protocol_signed_pre_key_store_key(device->context, key));
done:
    SIGNAL_UNREF(key);
    return status;
}

static int keep_pre_key(struct device *device, uint32_t id, ec_key_pair *pair)
{
    session_pre_key *key = 0;
    int status = 0;
    TRY(session_pre_key_create(&key, id, pair));
    TRY(signal_protocol_pre_key_store_key(device->context, key));
done:
    SIGNAL_UNREF(key);
    return status;
}

/* The identity key, the registration id, a signed prekey and its signature: drawn in this order. */
static int draw_keys(struct device *device, uint64_t milliseconds)
{
    ec_key_pair *identity = 0;
    ec_key_pair *pair = 0;
    signal_buffer *encoded = 0;
    signal_buffer *signature = 0;
    uint8_t number[2];
    int status = 0;
    TRY(curve_generate_key_pair(library, &identity));
    TRY(put_identity(device, ec_key_pair_get_public(identity), ec_key_pair_get_private(identity)));
    TRY(randomness_take(number, sizeof number));
    put_number(device->store, "registrationId", (uint32_t)(number[0] << 8 | number[1]) & 0x3fff);
    TRY(curve_generate_key_pair(library, &pair));
    TRY(ec_public_key_serialize(&encoded, ec_key_pair_get_public(pair)));
    TRY(curve_calculate_signature(
        library, &signature, ec_key_pair_get_private(identity), signal_buffer_data(encoded),
        signal_buffer_len(encoded)));
    TRY(keep_signed_pre_key(device, 1, milliseconds, pair, signature));
done:
    signal_buffer_free(signature);
    signal_buffer_free(encoded);
    SIGNAL_UNREF(pair);
    SIGNAL_UNREF(identity);
    return status;
}

static int draw_pre_key(struct device *device, uint32_t id)
{
    ec_key_pair *pair = 0;
    int status = 0;
    TRY(curve_generate_key_pair(library, &pair));
    TRY(keep_pre_key(device, id, pair));
done:
    SIGNAL_UNREF(pair);
    return status;
}

static int read_key_pair(json_object *fields, ec_key_pair **pair)
{
    ec_private_key *private_key = 0;
    ec_public_key *public_key = 0;
    int status = 0;
    TRY(read_private_key(fields, "privateKey", &private_key));
    TRY(curve_generate_public_key(&public_key, private_key));
    TRY(ec_key_pair_create(pair, public_key, private_key));
done:
    SIGNAL_UNREF(public_key);
    SIGNAL_UNREF(private_key);
    return status;
}

static int load_identity(struct device *device, json_object *params)
{
    ec_private_key *private_key = 0;
    ec_public_key *public_key = 0;
    uint32_t registration_id = 0;
    int status = 0;
    TRY(read_number(params, "registrationId", &registration_id));
    put_number(device->store, "registrationId", registration_id);
    TRY(read_private_key(params, "identityPrivateKey", &private_key));
    TRY(curve_generate_public_key(&public_key, private_key));
    TRY(put_identity(device, public_key, private_key));
done:
    SIGNAL_UNREF(public_key);
    SIGNAL_UNREF(private_key);
    return status;
}

static int load_signed_pre_key(struct device *device, json_object *fields)
{
    uint32_t id = 0;
    uint32_t created = 0;
    ec_key_pair *pair = 0;
    signal_buffer *signature = 0;
    int status = 0;
    TRY(read_number(fields, "id", &id));
    if (has(fields, "created")) {
        TRY(read_number(fields, "created", &created));
    }
    TRY(read_bytes(fields, "signature", &signature));
    TRY(read_key_pair(fields, &pair));
    TRY(keep_signed_pre_key(device, id, UINT64_C(1000) * created, pair, signature));
done:
    SIGNAL_UNREF(pair);
    signal_buffer_free(signature);
    return status;
}

static int load_pre_key(struct device *device, json_object *fields)
{
    uint32_t id = 0;
    ec_key_pair *pair = 0;
    int status = 0;
    TRY(read_number(fields, "id", &id));
    TRY(read_key_pair(fields, &pair));
    TRY(keep_pre_key(device, id, pair));
done:
    SIGNAL_UNREF(pair);
    return status;
}

/* Of a part of the store, the keys of which are ids: the ids, as they stand there. */
static json_object *ids(struct device *device, const char *part)
{
    json_object *numbers = json_object_new_array();
    json_object_object_foreach(json_object_object_get(device->store, part), id, record)
    {
        (void)record;
        json_object_array_add(numbers, json_object_new_int64(strtoll(id, 0, 10)));
    }
    return numbers;
}

static int by_number(const void *one, const void *other)
{
    int64_t a = json_object_get_int64(*(json_object *const *)one);
    int64_t b = json_object_get_int64(*(json_object *const *)other);
    return (a > b) - (a < b);
}

static int put_signed_pre_key(struct device *device, json_object *bundle)
{
    session_signed_pre_key *key = 0;
    json_object *numbers = ids(device, "signedPreKeys");
    size_t count = json_object_array_length(numbers);
    int status = 0;
    TRY(count > 0 ? 0 : bad_parameter("signedPreKeys"));
    uint32_t id = (uint32_t)json_object_get_int64(json_object_array_get_idx(numbers, count - 1));
    TRY(signal_protocol_signed_pre_key_load_key(device->context, &key, id));
    put_number(bundle, "signedPreKeyId", id);
    TRY(put_public_key(bundle, "signedPreKey", ec_key_pair_get_public(session_signed_pre_key_get_key_pair(key))));
    put_bytes(
        bundle, "signedPreKeySignature", session_signed_pre_key_get_signature(key),
        session_signed_pre_key_get_signature_len(key));
done:
    json_object_put(numbers);
    SIGNAL_UNREF(key);
    return status;
}

/* With a one-time prekey where `pre_key_id` names one. */
static int put_bundle(struct device *device, const uint32_t *pre_key_id, json_object *result)
{
    static const char *const OWN[] = {"userId", "deviceId", "registrationId"};
    json_object *bundle = json_object_new_object();
    json_object_object_add(result, "bundle", bundle);
    for (size_t i = 0; i < sizeof OWN / sizeof OWN[0]; i++) {
        json_object_object_add(bundle, OWN[i], json_object_get(json_object_object_get(device->store, OWN[i])));
    }
    json_object_object_add(
        bundle, "identityKey", json_object_get(json_object_object_get(device->store, "identityPublicKey")));
    session_pre_key *key = 0;
    int status = 0;
    TRY(put_signed_pre_key(device, bundle));
    if (pre_key_id) {
        TRY(signal_protocol_pre_key_load_key(device->context, &key, *pre_key_id));
        put_number(bundle, "oneTimePreKeyId", *pre_key_id);
        TRY(put_public_key(bundle, "oneTimePreKey", ec_key_pair_get_public(session_pre_key_get_key_pair(key))));
    }
done:
    SIGNAL_UNREF(key);
    return status;
}

/* ---- the methods ---- */

/* A device with nothing in it but the address in `params`. */
static int read_device(json_object *params, struct device **device)
{
    json_object *fields = 0;
    signal_protocol_address address;
    int status = 0;
    TRY(read_object(params, "address", &fields));
    TRY(read_address(fields, &address));
    TRY(device_new(params, store_new(&address), device));
done:
    return status;
}

int device_create(json_object *params, json_object *result)
{
    static const uint32_t FIRST = 1;
    uint32_t count = 0;
    uint32_t now = 0;
    struct device *device = 0;
    int status = 0;
    TRY(read_number(params, "oneTimePreKeys", &count));
    TRY(read_number(params, "now", &now));
    TRY(count <= UINT8_MAX ? 0 : bad_parameter("oneTimePreKeys"));
    TRY(read_device(params, &device));
    TRY(draw_keys(device, UINT64_C(1000) * now));
    for (uint32_t i = 0; i < count; i++) {
        TRY(draw_pre_key(device, FIRST + i));
    }
    TRY(put_bundle(device, count > 0 ? &FIRST : 0, result));
    device_keep(device);
    device = 0;
done:
    device_free(device);
    return status;
}

int device_load(json_object *params, json_object *result)
{
    (void)result;
    json_object *signed_pre_keys = 0;
    json_object *pre_keys = 0;
    struct device *device = 0;
    int status = 0;
    TRY(read_array(params, "signedPreKeys", &signed_pre_keys));
    TRY(read_array(params, "oneTimePreKeys", &pre_keys));
    TRY(read_device(params, &device));
    TRY(load_identity(device, params));
    for (size_t i = 0; i < json_object_array_length(signed_pre_keys); i++) {
        TRY(load_signed_pre_key(device, json_object_array_get_idx(signed_pre_keys, i)));
    }
    for (size_t i = 0; i < json_object_array_length(pre_keys); i++) {
        TRY(load_pre_key(device, json_object_array_get_idx(pre_keys, i)));
    }
    device_keep(device);
    device = 0;
done:
    device_free(device);
    return status;
}

int device_bundle(json_object *params, json_object *result)
{
    uint32_t id = 0;
    struct device *device = 0;
    int status = 0;
    TRY(held(params, &device));
    if (has(params, "oneTimePreKeyId")) {
        TRY(read_number(params, "oneTimePreKeyId", &id));
    }
    TRY(put_bundle(device, has(params, "oneTimePreKeyId") ? &id : 0, result));
done:
    return status;
}

int device_keys(json_object *params, json_object *result)
{
    struct device *device = 0;
    int status = held(params, &device);
    if (status == 0) {
        json_object *signed_pre_keys = ids(device, "signedPreKeys");
        json_object *pre_keys = ids(device, "preKeys");
        json_object_array_sort(signed_pre_keys, by_number);
        json_object_array_sort(pre_keys, by_number);
        json_object_object_add(result, "signedPreKeyIds", signed_pre_keys);
        json_object_object_add(result, "oneTimePreKeyIds", pre_keys);
    }
    return status;
}

/* The identity key that the device knows a peer by; null where it knows none. The caller lets go of it. */
static json_object *known_identity(struct device *device, const signal_protocol_address *peer)
{
    char key[ADDRESS_KEY_SIZE];
    address_key(peer, key);
    return json_object_get(json_object_object_get(json_object_object_get(device->store, "identities"), key));
}

static void put_identity_changed(
    struct device *device, const signal_protocol_address *peer, json_object *before, json_object *result)
{
    json_object *after = known_identity(device, peer);
    json_object_object_add(
        result, "identityChanged", json_object_new_boolean(before && !json_object_equal(before, after)));
    json_object_put(after);
}

static int read_bundle(json_object *fields, session_pre_key_bundle **bundle)
{
    uint32_t registration_id = 0;
    uint32_t device_id = 0;
    uint32_t signed_pre_key_id = 0;
    uint32_t pre_key_id = 0;
    ec_public_key *identity_key = 0;
    ec_public_key *signed_pre_key = 0;
    ec_public_key *pre_key = 0;
    signal_buffer *signature = 0;
    int status = 0;
    TRY(read_number(fields, "registrationId", &registration_id));
    TRY(read_number(fields, "deviceId", &device_id));
    TRY(read_number(fields, "signedPreKeyId", &signed_pre_key_id));
    TRY(read_bytes(fields, "signedPreKeySignature", &signature));
    if (has(fields, "oneTimePreKey")) {
        TRY(read_number(fields, "oneTimePreKeyId", &pre_key_id));
        TRY(read_public_key(fields, "oneTimePreKey", &pre_key));
    }
    TRY(read_public_key(fields, "identityKey", &identity_key));
    TRY(read_public_key(fields, "signedPreKey", &signed_pre_key));
    TRY(session_pre_key_bundle_create(
        bundle, registration_id, (int)device_id, pre_key_id, pre_key, signed_pre_key_id, signed_pre_key,
        signal_buffer_data(signature), signal_buffer_len(signature), identity_key));
done:
    signal_buffer_free(signature);
    SIGNAL_UNREF(pre_key);
    SIGNAL_UNREF(signed_pre_key);
    SIGNAL_UNREF(identity_key);
    return status;
}

int device_process_bundle(json_object *params, json_object *result)
{
    struct device *device = 0;
    json_object *fields = 0;
    signal_protocol_address peer;
    session_pre_key_bundle *bundle = 0;
    session_builder *builder = 0;
    json_object *before = 0;
    int status = 0;
    TRY(held(params, &device));
    TRY(read_object(params, "bundle", &fields));
    TRY(read_address(fields, &peer));
    before = known_identity(device, &peer);
    TRY(read_bundle(fields, &bundle));
    TRY(session_builder_create(&builder, device->context, &peer, library));
    TRY(session_builder_process_pre_key_bundle(builder, bundle));
    put_identity_changed(device, &peer, before, result);
done:
    session_builder_free(builder);
    SIGNAL_UNREF(bundle);
    json_object_put(before);
    return status;
}

static int read_peer(json_object *params, struct device **device, signal_protocol_address *peer)
{
    json_object *fields = 0;
    int status = 0;
    TRY(held(params, device));
    TRY(read_object(params, "peer", &fields));
    TRY(read_address(fields, peer));
done:
    return status;
}

int device_encrypt(json_object *params, json_object *result)
{
    struct device *device = 0;
    signal_protocol_address peer;
    signal_buffer *plaintext = 0;
    session_cipher *cipher = 0;
    ciphertext_message *message = 0;
    int status = 0;
    TRY(read_peer(params, &device, &peer));
    TRY(read_bytes(params, "plaintext", &plaintext));
    TRY(session_cipher_create(&cipher, device->context, &peer, library));
    TRY(session_cipher_encrypt(cipher, signal_buffer_data(plaintext), signal_buffer_len(plaintext), &message));
    const char *kind = ciphertext_message_get_type(message) == CIPHERTEXT_PREKEY_TYPE ? "prekey" : "ratchet";
    json_object_object_add(result, "kind", json_object_new_string(kind));
    put_buffer(result, "message", ciphertext_message_get_serialized(message));
done:
    SIGNAL_UNREF(message);
    session_cipher_free(cipher);
    signal_buffer_bzero_free(plaintext);
    return status;
}

static int decrypt_prekey(session_cipher *cipher, signal_buffer *bytes, signal_buffer **plaintext)
{
    pre_key_signal_message *message = 0;
    int status = 0;
    TRY(pre_key_signal_message_deserialize(&message, signal_buffer_data(bytes), signal_buffer_len(bytes), library));
    TRY(session_cipher_decrypt_pre_key_signal_message(cipher, message, 0, plaintext));
done:
    SIGNAL_UNREF(message);
    return status;
}

static int decrypt_ratchet(session_cipher *cipher, signal_buffer *bytes, signal_buffer **plaintext)
{
    signal_message *message = 0;
    int status = 0;
    TRY(signal_message_deserialize(&message, signal_buffer_data(bytes), signal_buffer_len(bytes), library));
    TRY(session_cipher_decrypt_signal_message(cipher, message, 0, plaintext));
done:
    SIGNAL_UNREF(message);
    return status;
}

int device_decrypt(json_object *params, json_object *result)
{
    struct device *device = 0;
    signal_protocol_address peer;
    const char *kind = 0;
    signal_buffer *message = 0;
    session_cipher *cipher = 0;
    signal_buffer *plaintext = 0;
    json_object *before = 0;
    int status = 0;
    TRY(read_peer(params, &device, &peer));
    TRY(read_text(params, "kind", &kind));
    TRY(read_bytes(params, "message", &message));
    before = known_identity(device, &peer);
    TRY(session_cipher_create(&cipher, device->context, &peer, library));
    if (strcmp(kind, "prekey") == 0) {
        TRY(decrypt_prekey(cipher, message, &plaintext));
    } else if (strcmp(kind, "ratchet") == 0) {
        TRY(decrypt_ratchet(cipher, message, &plaintext));
    } else {
        TRY(bad_parameter("kind"));
    }
    put_buffer(result, "plaintext", plaintext);
    put_identity_changed(device, &peer, before, result);
done:
    signal_buffer_bzero_free(plaintext);
    session_cipher_free(cipher);
    signal_buffer_free(message);
    json_object_put(before);
    return status;
}

int device_drop_sessions(json_object *params, json_object *result)
{
    (void)result;
    struct device *device = 0;
    signal_protocol_address peer;
    int status = 0;
    TRY(read_peer(params, &device, &peer));
    TRY(signal_protocol_session_delete_session(device->context, &peer));
done:
    return status;
}

int device_save(json_object *params, json_object *result)
{
    struct device *device = 0;
    int status = held(params, &device);
    if (status == 0) {
        size_t length = 0;
        const char *text = json_object_to_json_string_length(device->store, JSON_C_TO_STRING_PLAIN, &length);
        put_bytes(result, "state", (const uint8_t *)text, length);
    }
    return status;
}

int device_restore(json_object *params, json_object *result)
{
    (void)result;
    signal_buffer *state = 0;
    json_tokener *reader = json_tokener_new();
    struct device *device = 0;
    int status = 0;
    TRY(reader ? 0 : SG_ERR_NOMEM);
    TRY(read_bytes(params, "state", &state));
    json_object *store =
        json_tokener_parse_ex(reader, (const char *)signal_buffer_data(state), (int)signal_buffer_len(state));
    if (!store_is_whole(store)) {
        json_object_put(store);
        TRY(bad_parameter("state"));
    }
    TRY(device_new(params, store, &device));
    device_keep(device);
done:
    json_tokener_free(reader);
    signal_buffer_bzero_free(state);
    return status;
}
