#include "fields.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char DIGITS[] = "0123456789abcdef";

static int read_of_type(json_object *fields, const char *name, json_type type, json_object **value)
{
    if (!json_object_object_get_ex(fields, name, value) || !json_object_is_type(*value, type)) {
        return bad_parameter(name);
    }
    return 0;
}

int read_object(json_object *fields, const char *name, json_object **object)
{
    return read_of_type(fields, name, json_type_object, object);
}

int read_array(json_object *fields, const char *name, json_object **array)
{
    return read_of_type(fields, name, json_type_array, array);
}

int read_text(json_object *fields, const char *name, const char **text)
{
    json_object *value = 0;
    int status = read_of_type(fields, name, json_type_string, &value);
    if (status == 0) {
        *text = json_object_get_string(value);
    }
    return status;
}

int read_number(json_object *fields, const char *name, uint32_t *number)
{
    json_object *value = 0;
    if (read_of_type(fields, name, json_type_int, &value) < 0) {
        return BAD_PARAMETERS;
    }
    int64_t read = json_object_get_int64(value);
    if (read < 0 || read > UINT32_MAX) {
        return bad_parameter(name);
    }
    *number = (uint32_t)read;
    return 0;
}

int read_bytes(json_object *fields, const char *name, signal_buffer **bytes)
{
    json_object *value = 0;
    if (read_of_type(fields, name, json_type_string, &value) < 0) {
        return BAD_PARAMETERS;
    }
    const char *text = json_object_get_string(value);
    size_t length = (size_t)json_object_get_string_len(value);
    if (length % 2 != 0) {
        return bad_parameter(name);
    }
    signal_buffer *read = signal_buffer_alloc(length / 2);
    if (!read) {
        return SG_ERR_NOMEM;
    }
    uint8_t *data = signal_buffer_data(read);
    for (size_t i = 0; i < length; i++) {
        const char *digit = text[i] ? strchr(DIGITS, text[i]) : 0;
        if (!digit) {
            signal_buffer_free(read);
            return bad_parameter(name);
        }
        int high = i % 2 == 0 ? 0 : data[i / 2] << 4;
        data[i / 2] = (uint8_t)(high | (digit - DIGITS));
    }
    *bytes = read;
    return 0;
}

int read_address(json_object *object, signal_protocol_address *address)
{
    uint32_t device_id = 0;
    int status = read_text(object, "userId", &address->name);
    if (status == 0) {
        status = read_number(object, "deviceId", &device_id);
    }
    if (status < 0) {
        return status;
    }
    address->name_len = (size_t)json_object_get_string_len(json_object_object_get(object, "userId"));
    if (address->name_len < 1 || address->name_len > 64) {
        return bad_parameter("userId");
    }
    if (device_id > INT32_MAX) {
        return bad_parameter("deviceId");
    }
    address->device_id = (int32_t)device_id;
    return 0;
}

bool has(json_object *fields, const char *name)
{
    return json_object_object_get(fields, name) != 0;
}

static char *hex(const uint8_t *bytes, size_t length, char *text)
{
    for (size_t i = 0; i < length; i++) {
        *text++ = DIGITS[bytes[i] >> 4];
        *text++ = DIGITS[bytes[i] & 15];
    }
    *text = 0;
    return text;
}

void put_bytes(json_object *fields, const char *name, const uint8_t *bytes, size_t length)
{
    char *text = malloc(2 * length + 1);
    if (!text) {
        abort();
    }
    hex(bytes, length, text);
    json_object_object_add(fields, name, json_object_new_string(text));
    free(text);
}

void put_buffer(json_object *fields, const char *name, signal_buffer *bytes)
{
    put_bytes(fields, name, signal_buffer_data(bytes), signal_buffer_len(bytes));
}

void put_number(json_object *fields, const char *name, uint32_t number)
{
    json_object_object_add(fields, name, json_object_new_int64(number));
}

void address_key(const signal_protocol_address *address, char key[static ADDRESS_KEY_SIZE])
{
    char *end = hex((const uint8_t *)address->name, address->name_len, key);
    snprintf(end, ADDRESS_KEY_SIZE - (size_t)(end - key), ".%" PRId32, address->device_id);
}
