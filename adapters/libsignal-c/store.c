#include "store.h"

#include <inttypes.h>
#include <stdio.h>

#include "fields.h"

static const char *const PARTS[] = {"signedPreKeys", "preKeys", "sessions", "identities"};

json_object *store_new(const signal_protocol_address *address)
{
    json_object *store = json_object_new_object();
    json_object_object_add(store, "userId", json_object_new_string_len(address->name, (int)address->name_len));
    put_number(store, "deviceId", (uint32_t)address->device_id);
    for (size_t i = 0; i < sizeof PARTS / sizeof PARTS[0]; i++) {
        json_object_object_add(store, PARTS[i], json_object_new_object());
    }
    return store;
}

bool store_is_whole(json_object *store)
{
    if (!json_object_is_type(store, json_type_object)) {
        return false;
    }
    for (size_t i = 0; i < sizeof PARTS / sizeof PARTS[0]; i++) {
        if (!json_object_is_type(json_object_object_get(store, PARTS[i]), json_type_object)) {
            return false;
        }
    }
    uint32_t registration_id = 0;
    signal_protocol_address address;
    return read_address(store, &address) == 0 && read_number(store, "registrationId", &registration_id) == 0
        && has(store, "identityPublicKey") && has(store, "identityPrivateKey");
}

static json_object *part(void *store, const char *name)
{
    return json_object_object_get(store, name);
}

/* 1 where it is there, 0 where not. */
static int load(void *store, const char *name, const char *key, signal_buffer **record)
{
    if (!has(part(store, name), key)) {
        return 0;
    }
    int status = read_bytes(part(store, name), key, record);
    return status < 0 ? status : 1;
}

static int removed(void *store, const char *name, const char *key)
{
    int was_there = has(part(store, name), key);
    json_object_object_del(part(store, name), key);
    return was_there;
}

/* ---- sessions ---- */

static int load_session(
    signal_buffer **record, signal_buffer **user_record, const signal_protocol_address *address, void *store)
{
    (void)user_record;
    char key[ADDRESS_KEY_SIZE];
    address_key(address, key);
    return load(store, "sessions", key, record);
}

static int store_session(
    const signal_protocol_address *address, uint8_t *record, size_t length, uint8_t *user_record, size_t user_length,
    void *store)
{
    (void)user_record;
    (void)user_length;
    char key[ADDRESS_KEY_SIZE];
    address_key(address, key);
    put_bytes(part(store, "sessions"), key, record, length);
    return 0;
}

static int contains_session(const signal_protocol_address *address, void *store)
{
    char key[ADDRESS_KEY_SIZE];
    address_key(address, key);
    return has(part(store, "sessions"), key);
}

static int delete_session(const signal_protocol_address *address, void *store)
{
    char key[ADDRESS_KEY_SIZE];
    address_key(address, key);
    return removed(store, "sessions", key);
}

/* ---- prekeys of both kinds ---- */

enum { ID_KEY_SIZE = 11 };

static void id_key(uint32_t id, char key[static ID_KEY_SIZE])
{
    snprintf(key, ID_KEY_SIZE, "%" PRIu32, id);
}

static int load_key(void *store, const char *name, uint32_t id, signal_buffer **record)
{
    char key[ID_KEY_SIZE];
    id_key(id, key);
    int status = load(store, name, key, record);
    return status == 0 ? SG_ERR_INVALID_KEY_ID : status < 0 ? status : SG_SUCCESS;
}

static void put_key(void *store, const char *name, uint32_t id, const uint8_t *record, size_t length)
{
    char key[ID_KEY_SIZE];
    id_key(id, key);
    put_bytes(part(store, name), key, record, length);
}

static int contains_key(void *store, const char *name, uint32_t id)
{
    char key[ID_KEY_SIZE];
    id_key(id, key);
    return has(part(store, name), key);
}

static void remove_key(void *store, const char *name, uint32_t id)
{
    char key[ID_KEY_SIZE];
    id_key(id, key);
    removed(store, name, key);
}

static int load_pre_key(signal_buffer **record, uint32_t id, void *store)
{
    return load_key(store, "preKeys", id, record);
}

static int store_pre_key(uint32_t id, uint8_t *record, size_t length, void *store)
{
    put_key(store, "preKeys", id, record, length);
    return 0;
}

static int contains_pre_key(uint32_t id, void *store)
{
    return contains_key(store, "preKeys", id);
}

static int remove_pre_key(uint32_t id, void *store)
{
    remove_key(store, "preKeys", id);
    return 0;
}

static int load_signed_pre_key(signal_buffer **record, uint32_t id, void *store)
{
    return load_key(store, "signedPreKeys", id, record);
}

static int store_signed_pre_key(uint32_t id, uint8_t *record, size_t length, void *store)
{
    put_key(store, "signedPreKeys", id, record, length);
    return 0;
}

static int contains_signed_pre_key(uint32_t id, void *store)
{
    return contains_key(store, "signedPreKeys", id);
}

static int remove_signed_pre_key(uint32_t id, void *store)
{
    remove_key(store, "signedPreKeys", id);
    return 0;
}

/* ---- identities ---- */

static int get_identity_key_pair(signal_buffer **public_data, signal_buffer **private_data, void *store)
{
    int status = read_bytes(store, "identityPublicKey", public_data);
    return status < 0 ? status : read_bytes(store, "identityPrivateKey", private_data);
}

static int get_local_registration_id(void *store, uint32_t *registration_id)
{
    return read_number(store, "registrationId", registration_id);
}

static int save_identity(const signal_protocol_address *address, uint8_t *key, size_t length, void *store)
{
    char name[ADDRESS_KEY_SIZE];
    address_key(address, name);
    if (key) {
        put_bytes(part(store, "identities"), name, key, length);
    } else {
        removed(store, "identities", name);
    }
    return 0;
}

/* Whom to trust is the application's to say. This one takes any key, and `identityChanged` tells of another one. */
static int is_trusted_identity(const signal_protocol_address *address, uint8_t *key, size_t length, void *store)
{
    (void)address;
    (void)key;
    (void)length;
    (void)store;
    return 1;
}

int store_open(signal_protocol_store_context **context, json_object *store, signal_context *global)
{
    /* What lists or drops the sessions of a whole user is never asked for, and is left out. */
    const signal_protocol_session_store sessions = {
        .load_session_func = load_session,
        .store_session_func = store_session,
        .contains_session_func = contains_session,
        .delete_session_func = delete_session,
        .user_data = store,
    };
    const signal_protocol_pre_key_store pre_keys = {
        .load_pre_key = load_pre_key,
        .store_pre_key = store_pre_key,
        .contains_pre_key = contains_pre_key,
        .remove_pre_key = remove_pre_key,
        .user_data = store,
    };
    const signal_protocol_signed_pre_key_store signed_pre_keys = {
        .load_signed_pre_key = load_signed_pre_key,
        .store_signed_pre_key = store_signed_pre_key,
        .contains_signed_pre_key = contains_signed_pre_key,
        .remove_signed_pre_key = remove_signed_pre_key,
        .user_data = store,
    };
    const signal_protocol_identity_key_store identities = {
        .get_identity_key_pair = get_identity_key_pair,
        .get_local_registration_id = get_local_registration_id,
        .save_identity = save_identity,
        .is_trusted_identity = is_trusted_identity,
        .user_data = store,
    };
    int status = 0;
    TRY(signal_protocol_store_context_create(context, global));
    TRY(signal_protocol_store_context_set_session_store(*context, &sessions));
    TRY(signal_protocol_store_context_set_pre_key_store(*context, &pre_keys));
    TRY(signal_protocol_store_context_set_signed_pre_key_store(*context, &signed_pre_keys));
    TRY(signal_protocol_store_context_set_identity_key_store(*context, &identities));
done:
    return status;
}
