/* The adapter (docs/adapter.md): a line of JSON-RPC 2.0 in, a line out.
 *
 * LIBRARY and VERSION are the name and version of what it is built with.
 */
#include <stdio.h>
#include <string.h>

#include "fields.h"
#include "methods.h"
#include "outcome.h"
#include "provider.h"

/* JSON-RPC's codes, and docs/adapter.md's for a refusal. */
enum { REFUSED = 1, NO_REQUEST = -32600, NOT_IMPLEMENTED = -32601, INVALID_PARAMS = -32602 };

enum { MESSAGE_SIZE = 256 };

signal_context *library;

static int describe(json_object *params, json_object *result)
{
    (void)params;
    json_object *suites = json_object_new_array();
    json_object_array_add(suites, json_object_new_string("signal-v3"));
    json_object *roles = json_object_new_array();
    json_object_array_add(roles, json_object_new_string("primitives"));
    json_object_array_add(roles, json_object_new_string("device"));
    json_object_object_add(result, "name", json_object_new_string(LIBRARY));
    json_object_object_add(result, "version", json_object_new_string(VERSION));
    json_object_object_add(result, "protocol", json_object_new_int(1));
    json_object_object_add(result, "suites", suites);
    json_object_object_add(result, "roles", roles);
    json_object_object_add(result, "randomness", json_object_new_string("injected"));
    return 0;
}

static int reset(json_object *params, json_object *result)
{
    (void)params;
    (void)result;
    devices_reset();
    return 0;
}

static const struct {
    const char *name;
    method *run;
} METHODS[] = {
    {"describe", describe},
    {"reset", reset},
    {"public_key.decode", public_key_decode},
    {"public_key.derive", public_key_derive},
    {"xeddsa.sign", xeddsa_sign},
    {"xeddsa.verify", xeddsa_verify},
    {"wire.decode_prekey", wire_decode_prekey},
    {"wire.encode_prekey", wire_encode_prekey},
    {"device.create", device_create},
    {"device.load", device_load},
    {"device.bundle", device_bundle},
    {"device.keys", device_keys},
    {"device.process_bundle", device_process_bundle},
    {"device.encrypt", device_encrypt},
    {"device.decrypt", device_decrypt},
    {"device.drop_sessions", device_drop_sessions},
    {"device.save", device_save},
    {"device.restore", device_restore},
};

static json_object *error_of(int code, const char *message)
{
    json_object *error = json_object_new_object();
    json_object_object_add(error, "code", json_object_new_int(code));
    json_object_object_add(error, "message", json_object_new_string(message));
    return error;
}

static json_object *failure(int status)
{
    char message[MESSAGE_SIZE];
    if (status == BAD_PARAMETERS) {
        snprintf(message, sizeof message, "the parameter `%s` is missing or of another form", last_bad_parameter());
        return error_of(INVALID_PARAMS, message);
    }
    snprintf(message, sizeof message, "%s (%d)", outcome_name(status), status);
    json_object *error = error_of(REFUSED, message);
    json_object *data = json_object_new_object();
    json_object_object_add(data, "error", json_object_new_string(outcome_name(status)));
    json_object_object_add(error, "data", data);
    return error;
}

static int take_randomness(json_object *params)
{
    if (!has(params, "randomness")) {
        randomness_load((const uint8_t *)"", 0);
        return 0;
    }
    signal_buffer *bytes = 0;
    int status = read_bytes(params, "randomness", &bytes);
    if (status == 0) {
        randomness_load(signal_buffer_data(bytes), signal_buffer_len(bytes));
    }
    signal_buffer_bzero_free(bytes);
    return status;
}

/* Puts `result` or `error` into `said`. */
static void carry_out(const char *name, json_object *params, json_object *said)
{
    for (size_t i = 0; i < sizeof METHODS / sizeof METHODS[0]; i++) {
        if (strcmp(METHODS[i].name, name) == 0) {
            json_object *result = json_object_new_object();
            int status = take_randomness(params);
            if (status == 0) {
                status = METHODS[i].run(params, result);
            }
            if (status < 0) {
                json_object_put(result);
                json_object_object_add(said, "error", failure(status));
            } else {
                json_object_object_add(said, "result", result);
            }
            return;
        }
    }
    char message[MESSAGE_SIZE];
    snprintf(message, sizeof message, "%s is not implemented", name);
    json_object_object_add(said, "error", error_of(NOT_IMPLEMENTED, message));
}

static void answer(const char *line)
{
    json_object *request = json_tokener_parse(line);
    json_object *params = json_object_object_get(request, "params");
    json_object *said = json_object_new_object();
    const char *name = 0;
    json_object_object_add(said, "jsonrpc", json_object_new_string("2.0"));
    json_object_object_add(said, "id", json_object_get(json_object_object_get(request, "id")));
    if (!json_object_is_type(request, json_type_object) || read_text(request, "method", &name) < 0
        || !json_object_is_type(params, json_type_object)) {
        json_object_object_add(said, "error", error_of(NO_REQUEST, "no request"));
    } else {
        carry_out(name, params, said);
    }
    puts(json_object_to_json_string_ext(said, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
    fflush(stdout);
    json_object_put(said);
    json_object_put(request);
}

static void say(int level, const char *message, size_t length, void *user_data)
{
    (void)level;
    (void)user_data;
    fprintf(stderr, "%s: %.*s\n", LIBRARY, (int)length, message);
}

int main(void)
{
    int status = 0;
    char *line = 0;
    size_t size = 0;
    TRY(signal_context_create(&library, 0));
    TRY(signal_context_set_crypto_provider(library, &PROVIDER));
    TRY(signal_context_set_log_function(library, say));
    while (getline(&line, &size, stdin) >= 0) {
        answer(line);
    }
done:
    if (status < 0) {
        fprintf(stderr, "%s: %s\n", LIBRARY, outcome_name(status));
    }
    free(line);
    devices_reset();
    signal_context_destroy(library);
    return status < 0;
}
