/* What a device keeps, as one JSON object: it is what `device.save` writes. Records are the library's own bytes, in
 * hex.
 *
 *     userId, deviceId, registrationId, identityPublicKey, identityPrivateKey
 *     signedPreKeys   id: record, oldest first
 *     preKeys         id: record
 *     sessions        address: record
 *     identities      address: identity key
 */
#ifndef STORE_H
#define STORE_H

#include <json.h>
#include <stdbool.h>
#include <signal_protocol.h>

/* One with the address, and nothing in its parts. The caller adds the rest, and lets go of it. */
json_object *store_new(const signal_protocol_address *address);

/* Whether it has the fields above: what is in the records, the library is to say. */
bool store_is_whole(json_object *store);

/* The library's view of a store, which has to outlive it. */
int store_open(signal_protocol_store_context **context, json_object *store, signal_context *global);

#endif
