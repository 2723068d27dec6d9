/* Parameters and results: bytes are lower-case hex, and a field that is null is as one that is absent. */
#ifndef FIELDS_H
#define FIELDS_H

#include <json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "outcome.h"

/* Characters of a key that names an address: a name of 64 bytes in hex, a point, a number, and the end. */
#define ADDRESS_KEY_SIZE (2 * 64 + 1 + 10 + 1)

/* These return 0, or BAD_PARAMETERS where the field is absent or of another form. What they hand out is the caller's to
 * free where it is a buffer, and the parameters' else. */
int read_object(json_object *fields, const char *name, json_object **object);
int read_array(json_object *fields, const char *name, json_object **array);
int read_text(json_object *fields, const char *name, const char **text);
/* 0 to UINT32_MAX. */
int read_number(json_object *fields, const char *name, uint32_t *number);
int read_bytes(json_object *fields, const char *name, signal_buffer **bytes);
/* `userId`, of 1 to 64 bytes, and `deviceId` of an object. */
int read_address(json_object *object, signal_protocol_address *address);

/* Whether a field is there. */
bool has(json_object *fields, const char *name);

void put_bytes(json_object *fields, const char *name, const uint8_t *bytes, size_t length);
void put_buffer(json_object *fields, const char *name, signal_buffer *bytes);
void put_number(json_object *fields, const char *name, uint32_t number);

/* The key under which things of a peer are kept: its name in hex, a point, its number. */
void address_key(const signal_protocol_address *address, char key[static ADDRESS_KEY_SIZE]);

#endif
