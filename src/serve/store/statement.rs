//! The schema, and every statement of the store. SQLite and PostgreSQL read them alike: they differ in the names of three
//! types alone, and in how their tables end.
//!
//! A device's rows are found by its address, what expires by its time, and nothing by going through all devices.

/// The version of the schema. A database of another one is refused.
pub(super) const VERSION: i64 = 1;

/// Makes the tables. `{integer}` has 64 bits, `{bytes}` any bytes, `{name}` text that is compared byte by byte; `{small}`
/// ends a table of small rows, `{large}` one of others.
///
/// Nothing is kept but what profile section 7 lists. `expires` of 2^63 - 1 means: never. `devices.answers` follows from
/// `answered`: how many rows of it there are.
pub(super) const SCHEMA: &str = "
CREATE TABLE devices (
    user_id {name} NOT NULL,
    device_id {integer} NOT NULL,
    token {bytes} NOT NULL UNIQUE,
    identity_key {bytes} NOT NULL,
    registration_id {integer} NOT NULL,
    signed_pre_key_id {integer} NOT NULL,
    signed_pre_key {bytes} NOT NULL,
    signed_pre_key_signature {bytes} NOT NULL,
    created {integer},
    suites {name},
    statement_signature {bytes},
    last_one_time_pre_key_id {integer},
    next_envelope_id {integer} NOT NULL,
    answers {integer} NOT NULL DEFAULT 0,
    PRIMARY KEY (user_id, device_id)
){large};
CREATE TABLE one_time_pre_keys (
    user_id {name} NOT NULL,
    device_id {integer} NOT NULL,
    id {integer} NOT NULL,
    public_key {bytes} NOT NULL,
    expires {integer} NOT NULL,
    PRIMARY KEY (user_id, device_id, id),
    FOREIGN KEY (user_id, device_id) REFERENCES devices ON DELETE CASCADE
){small};
CREATE INDEX one_time_pre_keys_by_end ON one_time_pre_keys (expires);
CREATE TABLE envelopes (
    user_id {name} NOT NULL,
    device_id {integer} NOT NULL,
    id {integer} NOT NULL,
    sender_user_id {name} NOT NULL,
    sender_device_id {integer} NOT NULL,
    kind {name} NOT NULL,
    message {bytes} NOT NULL,
    expires {integer} NOT NULL,
    access_key {bytes} NOT NULL,
    PRIMARY KEY (user_id, device_id, id),
    FOREIGN KEY (user_id, device_id) REFERENCES devices ON DELETE CASCADE
){large};
CREATE INDEX envelopes_by_access_key ON envelopes (user_id, device_id, access_key, expires);
CREATE INDEX envelopes_by_end ON envelopes (expires);
CREATE TABLE access_keys (
    user_id {name} NOT NULL,
    device_id {integer} NOT NULL,
    hash {bytes} NOT NULL,
    one_time_pre_keys {integer} NOT NULL,
    expires {integer} NOT NULL,
    PRIMARY KEY (user_id, device_id, hash),
    FOREIGN KEY (user_id, device_id) REFERENCES devices ON DELETE CASCADE
){small};
CREATE INDEX access_keys_by_end ON access_keys (expires);
CREATE TABLE answered (
    user_id {name} NOT NULL,
    device_id {integer} NOT NULL,
    number {integer} NOT NULL,
    request {bytes} NOT NULL,
    body {bytes} NOT NULL,
    bundle {name},
    expires {integer} NOT NULL,
    PRIMARY KEY (user_id, device_id, number),
    UNIQUE (user_id, device_id, request),
    FOREIGN KEY (user_id, device_id) REFERENCES devices ON DELETE CASCADE
){large};
CREATE INDEX answered_by_end ON answered (expires);
";

pub(super) const DEVICE: &str = "
SELECT token, identity_key, registration_id, signed_pre_key_id, signed_pre_key, signed_pre_key_signature,
    created, suites, statement_signature, last_one_time_pre_key_id, next_envelope_id
FROM devices WHERE user_id = $1 AND device_id = $2";

pub(super) const HAS_DEVICES: &str = "SELECT device_id FROM devices WHERE user_id = $1 LIMIT 1";

pub(super) const FIRST_DEVICES: &str =
    "SELECT user_id, device_id FROM devices ORDER BY user_id, device_id LIMIT $1";

pub(super) const OWNER: &str = "SELECT user_id, device_id FROM devices WHERE token = $1";

pub(super) const NEXT_ONE_TIME_PRE_KEY: &str = "
SELECT id, public_key FROM one_time_pre_keys
WHERE user_id = $1 AND device_id = $2 AND expires > $3 ORDER BY id LIMIT 1";

pub(super) const ONE_TIME_PRE_KEYS: &str = "
SELECT count(*) FROM one_time_pre_keys WHERE user_id = $1 AND device_id = $2 AND expires > $3";

pub(super) const ENVELOPES: &str = "
SELECT id, sender_user_id, sender_device_id, kind, message, expires FROM envelopes
WHERE user_id = $1 AND device_id = $2 AND expires > $3 ORDER BY id LIMIT $4";

pub(super) const MAILBOX_LENGTH: &str = "
SELECT count(*) FROM envelopes WHERE user_id = $1 AND device_id = $2 AND expires > $3";

pub(super) const MAILBOX_LENGTH_OF: &str = "
SELECT count(*) FROM envelopes
WHERE user_id = $1 AND device_id = $2 AND access_key = $3 AND expires > $4";

pub(super) const MAILBOX_LENGTH_BEYOND: &str = "
SELECT CAST(coalesce(sum(length - $1), 0) AS BIGINT) FROM (
    SELECT count(*) AS length FROM envelopes
    WHERE user_id = $2 AND device_id = $3 AND expires > $4 GROUP BY access_key
) AS by_access_key WHERE length > $1";

pub(super) const ACCESS_KEY: &str = "
SELECT one_time_pre_keys, expires FROM access_keys
WHERE user_id = $1 AND device_id = $2 AND hash = $3 AND expires > $4";

pub(super) const ACCESS_KEYS: &str = "
SELECT count(*) FROM access_keys WHERE user_id = $1 AND device_id = $2 AND expires > $3";

pub(super) const ANSWERED: &str = "
SELECT request, body, bundle, expires FROM answered
WHERE user_id = $1 AND device_id = $2 AND request = $3 AND expires > $4";

pub(super) const PUT_DEVICE: &str = "
INSERT INTO devices (user_id, device_id, token, identity_key, registration_id, signed_pre_key_id, signed_pre_key,
    signed_pre_key_signature, created, suites, statement_signature, last_one_time_pre_key_id, next_envelope_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
ON CONFLICT (user_id, device_id) DO UPDATE SET token = excluded.token, identity_key = excluded.identity_key,
    registration_id = excluded.registration_id, signed_pre_key_id = excluded.signed_pre_key_id,
    signed_pre_key = excluded.signed_pre_key, signed_pre_key_signature = excluded.signed_pre_key_signature,
    created = excluded.created, suites = excluded.suites, statement_signature = excluded.statement_signature,
    last_one_time_pre_key_id = excluded.last_one_time_pre_key_id, next_envelope_id = excluded.next_envelope_id";

/// With all that refers to it.
pub(super) const ERASE_DEVICE: &str = "DELETE FROM devices WHERE user_id = $1 AND device_id = $2";

// What is put for a device stands in a selection from `devices`: without the device, there is nothing to put.

pub(super) const PUT_ONE_TIME_PRE_KEY: &str = "
INSERT INTO one_time_pre_keys (user_id, device_id, id, public_key, expires)
SELECT user_id, device_id, $1, $2, $3 FROM devices WHERE user_id = $4 AND device_id = $5
ON CONFLICT (user_id, device_id, id) DO UPDATE SET public_key = excluded.public_key, expires = excluded.expires";

pub(super) const ERASE_ONE_TIME_PRE_KEY: &str =
    "DELETE FROM one_time_pre_keys WHERE user_id = $1 AND device_id = $2 AND id = $3";

pub(super) const PUT_ENVELOPE: &str = "
INSERT INTO envelopes (user_id, device_id, id, sender_user_id, sender_device_id, kind, message, expires,
    access_key)
SELECT user_id, device_id, $1, $2, $3, $4, $5, $6, $7 FROM devices WHERE user_id = $8 AND device_id = $9
ON CONFLICT (user_id, device_id, id) DO UPDATE SET sender_user_id = excluded.sender_user_id,
    sender_device_id = excluded.sender_device_id, kind = excluded.kind,
    message = excluded.message, expires = excluded.expires, access_key = excluded.access_key";

pub(super) const ERASE_ENVELOPE: &str =
    "DELETE FROM envelopes WHERE user_id = $1 AND device_id = $2 AND id = $3";

pub(super) const PUT_ACCESS_KEY: &str = "
INSERT INTO access_keys (user_id, device_id, hash, one_time_pre_keys, expires)
SELECT user_id, device_id, $1, $2, $3 FROM devices WHERE user_id = $4 AND device_id = $5
ON CONFLICT (user_id, device_id, hash) DO UPDATE SET one_time_pre_keys = excluded.one_time_pre_keys,
    expires = excluded.expires";

pub(super) const ERASE_ACCESS_KEY: &str =
    "DELETE FROM access_keys WHERE user_id = $1 AND device_id = $2 AND hash = $3";

pub(super) const ERASE_ANSWER: &str =
    "DELETE FROM answered WHERE user_id = $1 AND device_id = $2 AND request = $3";

/// Nothing comes back where there is no such device.
pub(super) const ADD_TO_ANSWERS: &str = "
UPDATE devices SET answers = answers + $1 WHERE user_id = $2 AND device_id = $3 RETURNING answers";

pub(super) const PUT_ANSWER: &str = "
INSERT INTO answered (user_id, device_id, number, request, body, bundle, expires) VALUES ($1, $2,
    (SELECT coalesce(max(number) + 1, 0) FROM answered WHERE user_id = $1 AND device_id = $2), $3, $4, $5, $6)";

/// Those that were remembered first and expire before that time.
pub(super) const ERASE_FIRST_ANSWERS: &str = "
DELETE FROM answered WHERE user_id = $1 AND device_id = $2 AND number IN (
    SELECT number FROM answered WHERE user_id = $1 AND device_id = $2 AND expires < $3 ORDER BY number LIMIT $4)";

pub(super) const FORGET_ONE_TIME_PRE_KEYS: &str =
    "DELETE FROM one_time_pre_keys WHERE expires <= $1";
pub(super) const FORGET_ENVELOPES: &str = "DELETE FROM envelopes WHERE expires <= $1";
pub(super) const FORGET_ACCESS_KEYS: &str = "DELETE FROM access_keys WHERE expires <= $1";
/// Whose they were comes back, once for each.
pub(super) const FORGET_ANSWERS: &str =
    "DELETE FROM answered WHERE expires <= $1 RETURNING user_id, device_id";

// Everything, to be copied.

pub(super) const ALL_DEVICES: &str = "
SELECT user_id, device_id, token, identity_key, registration_id, signed_pre_key_id, signed_pre_key,
    signed_pre_key_signature, created, suites, statement_signature, last_one_time_pre_key_id, next_envelope_id
FROM devices ORDER BY user_id, device_id";
pub(super) const ALL_ONE_TIME_PRE_KEYS: &str = "
SELECT user_id, device_id, id, public_key, expires FROM one_time_pre_keys ORDER BY user_id, device_id, id";
pub(super) const ALL_ENVELOPES: &str = "
SELECT user_id, device_id, access_key, id, sender_user_id, sender_device_id, kind, message, expires
FROM envelopes ORDER BY user_id, device_id, id";
pub(super) const ALL_ACCESS_KEYS: &str = "
SELECT user_id, device_id, hash, one_time_pre_keys, expires FROM access_keys ORDER BY user_id, device_id, hash";
pub(super) const ALL_ANSWERED: &str = "
SELECT user_id, device_id, request, body, bundle, expires FROM answered ORDER BY user_id, device_id, number";

#[cfg(test)]
mod tests {
    #[test]
    fn the_places_of_each_statement_stand_first_in_their_order() {
        // SQLite numbers them as it meets them.
        let statements = include_str!("statement.rs");
        let statements = statements
            .split("#[cfg(test)]")
            .next()
            .expect("a first part");
        let mut of_many = 0;
        for statement in statements.split("pub(super) const ").skip(1) {
            let mut met = 0;
            let (name, text) = statement.split_once(':').expect("a name");
            // Comments before the next one have no places.
            for place in text.split('$').skip(1) {
                let digits = place.find(|c: char| !c.is_ascii_digit());
                let number: u32 = place[..digits.expect("an end")].parse().expect("a number");
                assert!(
                    number <= met + 1,
                    "{name}: ${number} stands before ${}",
                    met + 1
                );
                met = met.max(number);
            }
            of_many = of_many.max(met);
        }
        assert_eq!(of_many, 13);
    }
}
