//! Family `message_encryption`.

use super::actor::user_id;
use super::prelude::*;
use super::public_key::key_pair;
use super::signal_v3::{Keys, ratchet_message};
use tigress_signal::conformance::operation::message_encryption::{
    Context, Decrypt, DecryptInput, DecryptOutput, Encrypt, EncryptInput,
};
use tigress_signal::primitives::Secret;
use tigress_signal::primitives::aes256_gcm;
use tigress_signal::primitives::hkdf::hkdf_sha256;
use tigress_signal::primitives::hmac::hmac_sha256;

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
        let user = suite()
            .identifiers()
            .user_id(&user_id(user))
            .expect("a user");
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
    if is_strict() {
        sealed_by_gcm(b);
    } else {
        sealed_by_cbc_and_hmac(b);
    }
}

/// Lengths about the ends of blocks, and of so many blocks as are computed at once.
const LENGTHS: [usize; 12] = [31, 32, 33, 47, 48, 49, 63, 64, 65, 127, 128, 129];

fn lengths(b: &mut Builder, change: fn(&mut Context)) {
    for length in LENGTHS {
        cases! { b, [Normal: DR-06 DR-05];
            "encrypt_{length}_bytes": "{length} bytes" => encrypts(length, change);
        }
    }
}

/// Suite tigress-1.
fn sealed_by_gcm(b: &mut Builder) {
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
        /// 65,536 bytes: the longest plaintext that there is
        encrypt_65536_bytes [: DR-22 DR-06] => encrypts(65_536, |_| {});
        encrypt_highest_counter_of_16_bits: "counters of 16 bits" => encrypts(16, |c| (c.previous_counter, c.counter) = (0x1_0000, 0xffff));
        encrypt_counters_0: "counters 0" => encrypts(256, |c| (c.previous_counter, c.counter) = (0, 0));
        /// counters that differ in their highest byte: big-endian
        encrypt_big_endian => encrypts(16, |c| (c.previous_counter, c.counter) = (1, 0x0100_0000));
        /// the highest counters
        encrypt_highest_counters => encrypts(16, |c| (c.previous_counter, c.counter) = (u32::MAX, u32::MAX - 1));
        /// another message key: another nonce too
        encrypt_another_message_key => encrypts(16, |c| c.message_key = message_key("mk 2"));
    }

    lengths(b, |_| {});
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
    for length in LENGTHS {
        cases! { b, [Normal: DR-06 DR-17];
            "decrypt_{length}_bytes": "{length} bytes" => decrypts(&sealed(&[ad, header], &text(length)), length);
        }
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

/// Suite signal-v3: the MAC covers the whole message, so that the ciphertext stands here with the MAC of its message.
fn sealed_by_cbc_and_hmac(b: &mut Builder) {
    b.header("One message, encrypted and decrypted by its message key: AES-256-CBC, and eight bytes of HMAC over the identity");
    b.header("keys and the message (V3-09, V3-10). `ciphertext` is the field's content, then the MAC of the message that it");
    b.header("makes with version byte 0x33, ratchet key and counters. What was changed on its way gives no plaintext byte.");
    notes! { b;
        Normal BASIC [signal("doubleratchet/#recommended-cryptographic-algorithms")]
            "A message as honest implementations make it."
            => "Whoever computes another key or associated data talks to nobody.";
        ModifiedCiphertext AUTH_BYPASS [signal("doubleratchet/#recommended-cryptographic-algorithms"), cwe(354)]
            "Ciphertext or MAC was changed; a bug decrypts before it looks at the MAC, or does not."
            => "A stranger writes in the sender's name, or probes the plaintext.";
        Padding CONFIDENTIALITY [cwe(208), "https://www.iacr.org/archive/eurocrypt2002/23320530/cbc02_e02d.pdf".to_owned()]
            "A padding that is none, under a MAC that is right; a bug takes it, or tells it from a wrong MAC."
            => "Whoever tells them apart is an oracle by which a stranger reads messages byte for byte.";
        ModifiedHeader AUTH_BYPASS [signal("doubleratchet/#external-functions")]
            "The header differs from the one that the message was encrypted with; a bug does not bind it."
            => "An attacker moves messages within and between chains.";
        ModifiedParties AUTH_BYPASS [signal("x3dh/#identity-binding")]
            "The identities differ; a bug does not bind who talks to whom."
            => "A message is passed off as another's.";
        WrongConstruction INTEROPERABILITY [signal("doubleratchet/#recommended-cryptographic-algorithms")]
            "Made with another layout of MAC or keys; whoever accepts it has the same bug as its maker."
            => "Devices with the bug talk among themselves alone.";
        Truncated MISSING_STEP [signal("doubleratchet/#truncating-authentication-tags"), cwe(354)]
            "Of another length than it was made, or its MAC seen in part; a bug reads beyond its end, or checks less."
            => "A MAC of eight bytes has none to spare; a missing one proves nothing.";
    }
    cases! { b, [Normal: V3-09 V3-10];
        encrypt_nothing: "an empty plaintext: a block of padding" => encrypts(0, of_keys);
        encrypt_1_byte: "1 byte" => encrypts(1, of_keys);
        encrypt_15_bytes: "15 bytes: one byte of padding" => encrypts(15, of_keys);
        encrypt_16_bytes: "16 bytes: a block, and one of padding" => encrypts(16, of_keys);
        encrypt_17_bytes: "17 bytes: one more" => encrypts(17, of_keys);
        encrypt_256_bytes: "256 bytes" => encrypts(256, of_keys);
        encrypt_1024_bytes: "1,024 bytes" => encrypts(1024, of_keys);
        encrypt_counters_0: "counters 0, which are written" => encrypts(256, |c| {
            of_keys(c); (c.previous_counter, c.counter) = (0, 0);
        });
        encrypt_highest_counters: "the highest counters: varints of five bytes" => encrypts(16, |c| {
            of_keys(c); (c.previous_counter, c.counter) = (u32::MAX, u32::MAX - 1);
        });
        encrypt_another_message_key: "another message key: another IV too" => encrypts(16, |c| {
            of_keys(c); c.message_key = message_key("mk 2");
        });
        encrypt_from_the_responder: "the responder's message: its own key stands first" => encrypts(16, |c| {
            c.associated_data = ["bob", "alice"].map(key).concat().into();
        });
    }

    lengths(b, of_keys);
    let context = || but(context(), of_keys);
    let keys = || Keys::of(&context().message_key);
    let ad = &["alice", "bob"].map(key).concat()[..];
    // What the field holds, and what the MAC is made over.
    let made_by = |keys: &Keys, content: Vec<u8>, mac: &dyn Fn(&Keys, &[u8]) -> Vec<u8>| {
        let c = context();
        let message = ratchet_message(&c.ratchet_key, c.counter, c.previous_counter, &content);
        let whole = mac(keys, &message.build());
        Hex([&content[..], &whole[whole.len() - 8..]].concat())
    };
    let made = |content: Vec<u8>| {
        made_by(&keys(), content, &|keys, message| {
            keys.with_mac(ad, message)
        })
    };
    let reads = |content: Vec<u8>, length: usize| {
        let plaintext = text(length);
        valid::<Decrypt>(input(context(), made(content)), DecryptOutput { plaintext })
    };
    let refuses = |ciphertext: Hex| refused::<Decrypt>(DecryptFailed, input(context(), ciphertext));
    let good = &made(keys().encrypt(&text(20)));
    let length = good.len();
    let flipped = |at: usize, bit: u8| refuses(but(good.clone(), |bytes| bytes.0[at] ^= bit));
    let under = |change: &dyn Fn(&mut Context)| {
        refused::<Decrypt>(DecryptFailed, input(but(context(), change), good.clone()))
    };
    let others = |keys: [&str; 2]| under(&|c| c.associated_data = keys.map(key).concat().into());
    cases! { b, [Normal: V3-09 V3-10];
        decrypt_20_bytes: "20 bytes" => reads(keys().encrypt(&text(20)), 20);
        decrypt_nothing: "an empty plaintext" => reads(keys().encrypt(&[]), 0);
        decrypt_whole_block: "16 bytes, and a block of padding" => reads(keys().encrypt(&text(16)), 16);
    }
    for length in LENGTHS {
        cases! { b, [Normal: V3-10];
            "decrypt_{length}_bytes": "{length} bytes" => reads(keys().encrypt(&text(length)), length);
        }
    }
    cases! { b, [ModifiedCiphertext: V3-10 DR-17];
        first_bit_of_ciphertext: "the first bit of the ciphertext flipped" => flipped(0, 1);
        /// a bit of the last block but one flipped: the padding is another one then
        bit_before_padding [ModifiedCiphertext Padding:] => flipped(15, 1);
        last_bit_of_ciphertext: "the last bit of the ciphertext flipped" => flipped(length - 9, 0x80);
        first_bit_of_mac: "the first bit of the MAC flipped" => flipped(length - 8, 1);
        /// a bit of the MAC's fifth byte flipped: whoever compares four bytes does not see it
        byte_5_of_mac [ModifiedCiphertext Truncated:] => flipped(length - 4, 1);
        last_bit_of_mac: "the last bit of the MAC flipped" => flipped(length - 1, 0x80);
        mac_of_zeros: "a MAC of zero bytes" => refuses(but(good.clone(), |bytes| bytes.0[length - 8..].fill(0)));
    }
    cases! { b, [Truncated: V3-10 DR-17];
        mac_of_7_bytes: "the MAC without its last byte" => refuses(good[..length - 1].into());
        no_mac: "without a MAC" => refuses(good[..length - 8].into());
        nothing: "nothing" => refuses(Hex(vec![]));
        seven_bytes: "7 bytes: shorter than a MAC" => refuses([0; 7].into());
        block_of_zeros: "24 zero bytes" => refuses([0; 24].into());
        byte_appended: "a byte appended" => refuses(Hex([&good[..], &[0]].concat()));
        /// the MAC stands first
        mac_first [Truncated WrongConstruction:] => refuses(Hex([&good[length - 8..], &good[..length - 8]].concat()));
        /// half a block, under a MAC that is right
        half_a_block [Truncated Padding:] => refuses(made(keys().encrypt(&text(20))[..24].to_vec()));
        /// no block at all, under a MAC that is right
        no_block [Truncated Padding:] => refuses(made(vec![]));
    }
    let padded = |block: [u8; 16]| refuses(made(keys().encrypt_padded(&block)));
    let ending = |end: &[u8]| {
        let mut block = [0x61; 16];
        block[16 - end.len()..].copy_from_slice(end);
        block
    };
    cases! { b, [Padding: V3-10];
        padding_of_0: "a padding of 0 bytes, under a MAC that is right" => padded(ending(&[0]));
        padding_of_17: "a padding of 17 bytes" => padded([17; 16]);
        padding_of_255: "a padding of 255 bytes" => padded(ending(&[0xff]));
        padding_not_alike: "a padding whose bytes are not alike" => padded(ending(&[2, 3, 3]));
        padding_ends_wrongly: "a padding of four bytes whose first is another" => padded(ending(&[3, 4, 4, 4]));
    }
    cases! { b, [ModifiedHeader: V3-10];
        another_counter: "another counter" => under(&|c| c.counter = 4);
        another_previous_counter: "another previous counter" => under(&|c| c.previous_counter = 6);
        counters_exchanged: "the two counters exchanged" => under(&|c| (c.previous_counter, c.counter) = (3, 5));
        another_ratchet_key: "another ratchet key" => under(&|c| c.ratchet_key = key("other ratchet").into());
    }
    cases! { b, [ModifiedParties: V3-10];
        sender_and_receiver_exchanged: "sender and receiver exchanged" => others(["bob", "alice"]);
        another_senders_key: "another sender's key" => others(["mallory", "bob"]);
        another_receivers_key: "another receiver's key" => others(["alice", "mallory"]);
        /// another message key
        another_message_key [ModifiedCiphertext:] => under(&|c| c.message_key = message_key("mk 2"));
    }
    let some = || keys().encrypt(&text(20));
    let signed = |mac: &dyn Fn(&Keys, &[u8]) -> Vec<u8>| refuses(made_by(&keys(), some(), mac));
    let rotated = |by: usize| {
        let keys = Keys(but(keys().0, |all| all[..64].rotate_left(by)));
        refuses(made_by(&keys, keys.encrypt(&text(20)), &|keys, message| {
            keys.with_mac(ad, message)
        }))
    };
    cases! { b, [WrongConstruction: V3-10];
        made_without_version: "the MAC made without the version byte" => signed(&|keys, m| keys.with_mac(ad, &m[1..]));
        made_with_receiver_first: "the MAC made with the receiver's key first"
            => signed(&|keys, m| keys.with_mac(&["bob", "alice"].map(key).concat(), m));
        made_without_type_bytes: "the MAC made with keys of 32 bytes"
            => signed(&|keys, m| keys.with_mac(&[&ad[1..33], &ad[34..]].concat(), m));
        made_without_identities: "the MAC made over the message alone" => signed(&|keys, m| keys.with_mac(&[], m));
        made_over_ciphertext: "the MAC made over the ciphertext alone"
            => signed(&|keys, _| keys.with_mac(ad, &some()));
        made_with_last_bytes_of_mac: "the last 8 of the MAC's 32 bytes" => signed(&|keys, m| {
            let mac = hmac_sha256(&keys.0[32..64], &[ad, m].concat());
            mac.expose()[24..].to_vec()
        });
        /// the MAC key before the AES key
        made_with_keys_exchanged [: V3-09] => rotated(32);
    }
}

/// AD of signal-v3: the identity keys of sender and receiver.
fn of_keys(context: &mut Context) {
    context.associated_data = ["alice", "bob"].map(key).concat().into();
}
