//! Family `message_encryption`.

use super::actor::user_id;
use super::prelude::*;
use super::public_key::key_pair;
use tigress_signal::conformance::operation::message_encryption::{
    Context, Decrypt, DecryptInput, DecryptOutput, Encrypt, EncryptInput,
};
use tigress_signal::identifier::UserId;
use tigress_signal::primitives::Secret;
use tigress_signal::primitives::aes256_gcm;
use tigress_signal::primitives::hkdf::hkdf_sha256;

fn key(label: &str) -> [u8; 33] {
    let pair = key_pair(&format!("message_encryption/{label}"));
    pair.public().encode()
}

fn message_key(label: &str) -> Hex {
    seed::bytes::<32>(&format!("message_encryption/{label}")).into()
}

/// AD of a session: who opened it with which key and address, then the responder's.
fn associated_data(keys: [&str; 2], addresses: [(&str, u8); 2]) -> Vec<u8> {
    let addresses = addresses.map(|(user, device)| {
        let user: UserId = user_id(user).parse().expect("a UserID");
        [user.as_bytes(), &[device]].concat()
    });
    [keys.map(key).concat(), addresses.concat()].concat()
}

fn alice_to_bob() -> Vec<u8> {
    associated_data(["alice", "bob"], [("alice", 1), ("bob", 1)])
}

/// The message that is looked at: the fourth of Alice's chain, after one of five.
fn context() -> Context {
    Context {
        message_key: message_key("mk"),
        associated_data: alice_to_bob().into(),
        ratchet_key: key("ratchet").into(),
        previous_counter: 5,
        counter: 3,
    }
}

/// The header as DR-07 binds it.
fn header(context: &Context) -> Vec<u8> {
    let counters = [context.previous_counter, context.counter].map(u32::to_be_bytes);
    [&[0x11], &context.ratchet_key[..], &counters.concat()].concat()
}

/// What a message key yields: AES key, then nonce.
fn expanded(context: &Context) -> Secret<44> {
    let info = b"TigressSignal/1 MessageKeys";
    hkdf_sha256(None, &[&context.message_key], info)
}

/// AES-256-GCM with everything spelled out, for ciphertexts made wrongly.
fn seal(aes_key: &[u8], nonce: &[u8], aad: &[&[u8]], plaintext: &[u8]) -> Hex {
    let mut out = plaintext.to_vec();
    let tag = aes256_gcm::seal(
        aes_key.try_into().expect("32 bytes"),
        nonce.try_into().expect("12 bytes"),
        &aad.concat(),
        &mut out,
    );
    out.extend_from_slice(&tag);
    Hex(out)
}

/// A ciphertext made with that associated data.
fn sealed(aad: &[&[u8]], plaintext: &[u8]) -> Hex {
    let expanded = expanded(&context());
    let (aes_key, nonce) = expanded.expose().split_at(32);
    seal(aes_key, nonce, aad, plaintext)
}

/// The first bytes of a long plaintext.
fn text(length: usize) -> Hex {
    seed::vec("message_encryption/plaintext", length).into()
}

/// So many bytes are encrypted, once the context was changed.
fn encrypts(length: usize, change: impl FnOnce(&mut Context)) -> impl Case {
    computed::<Encrypt>(EncryptInput {
        context: but(context(), change),
        plaintext: text(length),
    })
}

fn input(context: Context, ciphertext: impl Into<Hex>) -> DecryptInput {
    let ciphertext = ciphertext.into();
    DecryptInput {
        context,
        ciphertext,
    }
}

/// The ciphertext is refused.
fn refuses(ciphertext: impl Into<Hex>) -> impl Case {
    refused::<Decrypt>(DecryptFailed, input(context(), ciphertext))
}

pub(super) fn generate(b: &mut Builder) {
    const GCM: &str = "https://csrc.nist.gov/pubs/sp/800/38/d/final";
    b.header("One message, encrypted and decrypted by its message key with its associated data and header: what the");
    b.header("ratchet does beneath its state (DR-05 to DR-07). What was changed on its way gives no plaintext byte.");
    notes! { b;
        Normal BASIC [rfc("5116")] "A message as honest implementations make it."
            => "Whoever computes another key or associated data talks to nobody.";
        ModifiedCiphertext AUTH_BYPASS [GCM, rfc("5116#section-2.2")]
            "Ciphertext or tag was changed; a bug does not check the tag, or hands out the plaintext before it does."
            => "A stranger writes in the sender's name, or probes the plaintext.";
        ModifiedHeader AUTH_BYPASS [signal("doubleratchet/#external-functions")]
            "The header differs from the one that the message was encrypted with; a bug does not bind it."
            => "An attacker moves messages within and between chains.";
        ModifiedParties AUTH_BYPASS [signal("x3dh/#identity-binding")]
            "The identities or addresses differ; a bug does not bind who talks to whom."
            => "A message is passed off as another's.";
        WrongConstruction INTEROPERABILITY [signal("doubleratchet/#recommended-cryptographic-algorithms")]
            "Made with another layout of associated data or keys; whoever accepts it has the same bug as its maker."
            => "Devices with the bug talk among themselves alone.";
        Truncated MISSING_STEP [signal("doubleratchet/#truncating-authentication-tags"), GCM]
            "Of another length than it was made, or its tag seen in part; a bug reads beyond its end, or checks less."
            => "A short tag is soon guessed; a missing one proves nothing.";
    }

    cases! { b, [Normal: DR-05 DR-06 DR-07];
        encrypt_nothing: "an empty plaintext: the tag alone" => encrypts(0, |_| {});
        encrypt_1_byte: "1 byte" => encrypts(1, |_| {});
        encrypt_15_bytes: "15 bytes: one less than a block" => encrypts(15, |_| {});
        encrypt_16_bytes: "16 bytes: a block" => encrypts(16, |_| {});
        encrypt_17_bytes: "17 bytes: one more" => encrypts(17, |_| {});
        encrypt_256_bytes: "256 bytes: a padded payload" => encrypts(256, |_| {});
        encrypt_1024_bytes: "1,024 bytes" => encrypts(1024, |_| {});
        encrypt_counters_0: "counters 0" => encrypts(256, |c| (c.previous_counter, c.counter) = (0, 0));
        /// counters that differ in their highest byte: big-endian
        encrypt_big_endian => encrypts(16, |c| (c.previous_counter, c.counter) = (1, 0x0100_0000));
        /// the highest counters
        encrypt_highest_counters => encrypts(16, |c| (c.previous_counter, c.counter) = (u32::MAX, u32::MAX - 1));
        /// another message key: another nonce too
        encrypt_another_message_key => encrypts(16, |c| c.message_key = message_key("mk 2"));
    }

    let (ad, header) = (&alice_to_bob()[..], &header(&context())[..]);
    let good = &sealed(&[ad, header], &text(20));
    let decrypts = |ciphertext: &Hex, length| {
        let plaintext = text(length);
        valid::<Decrypt>(
            input(context(), ciphertext.clone()),
            DecryptOutput { plaintext },
        )
    };
    // A bit of the ciphertext, 20 bytes and a tag of 16, is flipped.
    let flipped = |at: usize, bit: u8| refuses(but(good.clone(), |bytes| bytes.0[at] ^= bit));
    // It arrives under another context.
    let under = |change: &dyn Fn(&mut Context)| {
        refused::<Decrypt>(DecryptFailed, input(but(context(), change), good.clone()))
    };
    // It was made in a session of others.
    let others =
        |keys, addresses| under(&|c| c.associated_data = associated_data(keys, addresses).into());
    let made = |aad: &[&[u8]]| refuses(sealed(aad, &text(20)));
    let counters = |bytes: [[u8; 4]; 2]| [&header[..34], &bytes.concat()].concat();

    cases! { b, [Normal: DR-05 DR-06 DR-07 DR-17];
        decrypt_20_bytes: "20 bytes" => decrypts(good, 20);
        decrypt_nothing: "an empty plaintext" => decrypts(&sealed(&[ad, header], b""), 0);
    }
    cases! { b, [ModifiedCiphertext: DR-06 DR-17];
        first_bit_of_ciphertext: "the first bit of the ciphertext flipped" => flipped(0, 1);
        last_bit_of_ciphertext: "the last bit of the ciphertext flipped" => flipped(19, 0x80);
        first_bit_of_tag: "the first bit of the tag flipped" => flipped(20, 1);
        /// a bit of the tag's 9th byte flipped: a tag cut to 8 bytes would not see it
        byte_9_of_tag [ModifiedCiphertext Truncated:] => flipped(28, 1);
        /// a bit of the tag's 13th byte flipped: a tag cut to 12 bytes would not see it
        byte_13_of_tag [ModifiedCiphertext Truncated:] => flipped(32, 1);
        last_bit_of_tag: "the last bit of the tag flipped" => flipped(35, 0x80);
    }
    cases! { b, [Truncated: DR-06 DR-17];
        tag_of_15_bytes: "the tag without its last byte" => refuses(&good[..35]);
        no_tag: "without a tag" => refuses(&good[..20]);
        shorter_than_tag: "15 bytes: shorter than a tag" => refuses(&good[..15]);
        nothing: "nothing" => refuses([]);
        zeros: "16 zero bytes" => refuses([0; 16]);
        byte_appended: "a byte appended" => refuses([&good[..], &[0]].concat());
        /// the tag stands first
        tag_first [Truncated WrongConstruction:] => refuses([&good[20..], &good[..20]].concat());
    }
    cases! { b, [ModifiedHeader: DR-07];
        another_counter: "another counter" => under(&|c| c.counter = 4);
        another_previous_counter: "another previous counter" => under(&|c| c.previous_counter = 6);
        counters_exchanged: "the two counters exchanged" => under(&|c| (c.previous_counter, c.counter) = (3, 5));
        another_ratchet_key: "another ratchet key" => under(&|c| c.ratchet_key = key("other ratchet").into());
    }
    cases! { b, [ModifiedParties: DR-07 X3DH-05];
        roles_exchanged: "initiator and responder exchanged" => others(["bob", "alice"], [("bob", 1), ("alice", 1)]);
        addresses_exchanged: "the two addresses exchanged" => others(["alice", "bob"], [("bob", 1), ("alice", 1)]);
        another_device: "another device of the responder" => others(["alice", "bob"], [("alice", 1), ("bob", 2)]);
        /// another user with the responder's key
        another_user => others(["alice", "bob"], [("alice", 1), ("mallory", 1)]);
        another_initiators_key: "another initiator's key" => others(["mallory", "bob"], [("alice", 1), ("bob", 1)]);
    }
    cases! { b, [WrongConstruction: DR-07];
        made_without_version: "made without the version byte" => made(&[ad, &header[1..]]);
        made_little_endian: "made with little-endian counters" => made(&[ad, &counters([5, 3].map(u32::to_le_bytes))]);
        /// made with the counter before the previous counter
        made_with_counters_exchanged => made(&[ad, &counters([3, 5].map(u32::to_be_bytes))]);
        /// made with the ratchet key's 32 bytes in place of its encoding
        made_without_type_byte => made(&[ad, &header[..1], &header[2..]]);
        made_without_addresses [: X3DH-05]: "made without the addresses" => made(&[&ad[..66], header]);
        made_with_header_first: "made with the header before AD" => made(&[header, ad]);
        made_without_associated_data: "made without associated data" => made(&[]);
        /// made with the nonce taken before the key
        made_with_nonce_first [: DR-05] => {
            let expanded = expanded(&context()); let (nonce, aes_key) = expanded.expose().split_at(12);
            refuses(seal(aes_key, nonce, &[ad, header], &text(20)))
        };
        /// another message key
        another_message_key [ModifiedCiphertext: DR-06] => under(&|c| c.message_key = message_key("mk 2"));
    }
}
