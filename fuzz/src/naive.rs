//! X3DH and the Double Ratchet once more, as their specifications have them: slow, and nothing shared with the
//! library above the primitives. Section numbers are those of the Double Ratchet specification.

use tigress_signal::primitives::aes256_gcm;
use tigress_signal::primitives::hkdf::hkdf_sha256;
use tigress_signal::primitives::hmac::hmac_sha256;
use tigress_signal::primitives::{KeyPair, PrivateKey, PublicKey, Randomness};

/// What a session is held to.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// The most keys that one message may store in one chain (DR-11).
    pub max_skip: u32,
    /// The most keys that are stored (DR-12).
    pub max_stored: usize,
}

impl Bounds {
    /// Those of the profile.
    pub const PROFILE: Bounds = Bounds {
        max_skip: 1000,
        max_stored: 2000,
    };
    /// Small ones, which a short script meets.
    pub const SMALL: Bounds = Bounds {
        max_skip: 8,
        max_stored: 12,
    };
}

/// The current receiving chain and the former ones that are remembered (DR-16).
const CHAINS: usize = 5;

/// 32 bytes of key.
pub type Key = [u8; 32];

/// An error code of section 11.
pub type Code = &'static str;

const UNDECRYPTABLE: Code = "decrypt-failed";
const TOO_MANY: Code = "too-many-skipped";

/// A key pair of these private bytes.
#[must_use]
pub fn key_pair(private: Key) -> KeyPair {
    PrivateKey::from(private).into()
}

fn dh(own: &KeyPair, their: &PublicKey) -> Option<Key> {
    Some(*own.private().diffie_hellman(their).ok()?.expose())
}

/// SK (X3DH 2.2 and 3.3): the initiator's identity and ephemeral key against the responder's keys.
#[must_use]
pub fn sk_of_initiator(
    identity: &KeyPair,
    ephemeral: &KeyPair,
    their_identity: &PublicKey,
    signed_pre_key: &PublicKey,
    one_time_pre_key: Option<&PublicKey>,
) -> Option<Key> {
    let mut input = vec![0xff; 32];
    input.extend(dh(identity, signed_pre_key)?);
    input.extend(dh(ephemeral, their_identity)?);
    input.extend(dh(ephemeral, signed_pre_key)?);
    if let Some(one_time) = one_time_pre_key {
        input.extend(dh(ephemeral, one_time)?);
    }
    Some(*hkdf_sha256::<32>(Some(&[0; 32]), &[&input], b"TigressSignal/1 X3DH").expose())
}

/// SK (X3DH 2.2 and 3.3): the responder's keys against the initiator's identity and ephemeral key.
#[must_use]
pub fn sk_of_responder(
    identity: &KeyPair,
    signed_pre_key: &KeyPair,
    one_time_pre_key: Option<&KeyPair>,
    their_identity: &PublicKey,
    their_ephemeral: &PublicKey,
) -> Option<Key> {
    let mut input = vec![0xff; 32];
    input.extend(dh(signed_pre_key, their_identity)?);
    input.extend(dh(identity, their_ephemeral)?);
    input.extend(dh(signed_pre_key, their_ephemeral)?);
    if let Some(one_time) = one_time_pre_key {
        input.extend(dh(one_time, their_ephemeral)?);
    }
    Some(*hkdf_sha256::<32>(Some(&[0; 32]), &[&input], b"TigressSignal/1 X3DH").expose())
}

/// A message before it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The sender's ratchet key.
    pub dh: PublicKey,
    /// PN.
    pub pn: u32,
    /// N.
    pub n: u32,
    /// With its tag.
    pub ciphertext: Vec<u8>,
}

fn varint(out: &mut Vec<u8>, mut value: u64) {
    loop {
        let low = value.to_le_bytes()[0] & 0x7f;
        value >>= 7;
        if value == 0 {
            out.push(low);
            return;
        }
        out.push(low | 0x80);
    }
}

fn field(out: &mut Vec<u8>, tag: u8, bytes: &[u8]) {
    out.push(tag);
    varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

impl Message {
    /// On the wire (profile section 5).
    #[must_use]
    pub fn write(&self) -> Vec<u8> {
        let mut out = vec![0x11];
        field(&mut out, 0x0a, &self.dh.encode());
        out.push(0x10);
        varint(&mut out, self.n.into());
        out.push(0x18);
        varint(&mut out, self.pn.into());
        field(&mut out, 0x22, &self.ciphertext);
        out
    }
}

/// A prekey message around a ratchet message.
#[must_use]
pub fn write_pre_key_message(
    pre_key_id: Option<u32>,
    base_key: &PublicKey,
    identity_key: &PublicKey,
    message: &[u8],
    registration_id: u32,
    signed_pre_key_id: u32,
) -> Vec<u8> {
    let mut out = vec![0x11];
    if let Some(id) = pre_key_id {
        out.push(0x08);
        varint(&mut out, id.into());
    }
    field(&mut out, 0x12, &base_key.encode());
    field(&mut out, 0x1a, &identity_key.encode());
    field(&mut out, 0x22, message);
    out.push(0x28);
    varint(&mut out, registration_id.into());
    out.push(0x30);
    varint(&mut out, signed_pre_key_id.into());
    out
}

/// ENCRYPT with the header that is claimed, true or not (DR-05 to DR-07).
#[must_use]
pub fn seal(mk: &Key, ad: &[u8], dh: PublicKey, pn: u32, n: u32, plaintext: &[u8]) -> Message {
    let (key, nonce) = key_and_nonce(mk);
    let mut ciphertext = plaintext.to_vec();
    let tag = aes256_gcm::seal(&key, &nonce, &bound_to(ad, &dh, pn, n), &mut ciphertext);
    ciphertext.extend(tag);
    Message {
        dh,
        pn,
        n,
        ciphertext,
    }
}

fn open(mk: &Key, ad: &[u8], message: &Message) -> Option<Vec<u8>> {
    let (key, nonce) = key_and_nonce(mk);
    let split = message.ciphertext.len().checked_sub(16)?;
    let (ciphertext, tag) = message.ciphertext.split_at(split);
    let tag = tag.try_into().ok()?;
    let bound = bound_to(ad, &message.dh, message.pn, message.n);
    let plaintext = aes256_gcm::open(&key, &nonce, &bound, ciphertext, &tag).ok()?;
    Some(plaintext.to_vec())
}

fn key_and_nonce(mk: &Key) -> (Key, [u8; 12]) {
    let both = hkdf_sha256::<44>(Some(&[0; 32]), &[mk], b"TigressSignal/1 MessageKeys");
    let both = both.expose();
    let (mut key, mut nonce) = ([0; 32], [0; 12]);
    key.copy_from_slice(&both[..32]);
    nonce.copy_from_slice(&both[32..]);
    (key, nonce)
}

fn bound_to(ad: &[u8], dh: &PublicKey, pn: u32, n: u32) -> Vec<u8> {
    let mut out = ad.to_vec();
    out.push(0x11);
    out.extend(dh.encode());
    out.extend(pn.to_be_bytes());
    out.extend(n.to_be_bytes());
    out
}

/// `KDF_RK`: the next root key, and a chain key.
fn kdf_rk(rk: &Key, dh_out: &Key) -> (Key, Key) {
    let both = hkdf_sha256::<64>(Some(rk), &[dh_out], b"TigressSignal/1 Ratchet");
    let (mut root, mut chain) = ([0; 32], [0; 32]);
    root.copy_from_slice(&both.expose()[..32]);
    chain.copy_from_slice(&both.expose()[32..]);
    (root, chain)
}

/// `KDF_CK`: the next chain key, and the message key.
#[must_use]
pub fn kdf_ck(ck: &Key) -> (Key, Key) {
    let next = *hmac_sha256(ck, &[0x02]).expose();
    let message_key = *hmac_sha256(ck, &[0x01]).expose();
    (next, message_key)
}

/// The state of 3.2, with what the profile adds.
#[derive(Clone)]
pub struct State {
    dhs: KeyPair,
    dhr: Option<PublicKey>,
    rk: Key,
    cks: Option<Key>,
    ckr: Option<Key>,
    ns: u32,
    nr: u64,
    pn: u32,
    /// MKSKIPPED, the oldest first.
    skipped: Vec<(PublicKey, u32, Key)>,
    /// The receiving chains that ended, the newest first, with how many messages each had (DR-14, DR-16).
    former: Vec<(PublicKey, u64)>,
    ad: Vec<u8>,
    bounds: Bounds,
}

impl State {
    /// `RatchetInitAlice` (3.3).
    #[must_use]
    pub fn alice(sk: Key, their_key: PublicKey, own: Key, ad: Vec<u8>) -> Option<Self> {
        let dhs = key_pair(own);
        let (rk, cks) = kdf_rk(&sk, &dh(&dhs, &their_key)?);
        Some(State {
            dhs,
            dhr: Some(their_key),
            rk,
            cks: Some(cks),
            ckr: None,
            ns: 0,
            nr: 0,
            pn: 0,
            skipped: Vec::new(),
            former: Vec::new(),
            ad,
            bounds: Bounds::PROFILE,
        })
    }

    /// `RatchetInitBob` (3.3).
    #[must_use]
    pub fn bob(sk: Key, own: KeyPair, ad: Vec<u8>) -> Self {
        State {
            dhs: own,
            dhr: None,
            rk: sk,
            cks: None,
            ckr: None,
            ns: 0,
            nr: 0,
            pn: 0,
            skipped: Vec::new(),
            former: Vec::new(),
            ad,
            bounds: Bounds::PROFILE,
        }
    }

    /// The same, held to other bounds.
    #[must_use]
    pub fn with_bounds(mut self, bounds: Bounds) -> Self {
        self.bounds = bounds;
        self
    }

    /// The ratchet key that messages carry.
    #[must_use]
    pub fn ratchet_key(&self) -> PublicKey {
        *self.dhs.public()
    }

    /// N of the next message, and PN.
    #[must_use]
    pub fn counters(&self) -> (u32, u32) {
        (self.ns, self.pn)
    }

    /// The counters of the next message sent and received become these, and their keys stay.
    pub fn set_counters(&mut self, sending: Option<u32>, receiving: Option<u32>) {
        self.ns = sending.unwrap_or(self.ns);
        self.nr = receiving.map_or(self.nr, u64::from);
    }

    /// The sending chain's key and the associated data, for who seals something of his own.
    #[must_use]
    pub fn sending(&self) -> Option<(Key, &[u8])> {
        Some((self.cks?, &self.ad))
    }

    /// `RatchetEncrypt` (3.4); nothing where there is no sending chain yet.
    pub fn encrypt(&mut self, plaintext: &[u8]) -> Option<Message> {
        let (next, mk) = kdf_ck(&self.cks?);
        let message = seal(
            &mk,
            &self.ad,
            self.ratchet_key(),
            self.pn,
            self.ns,
            plaintext,
        );
        self.cks = Some(next);
        self.ns += 1;
        Some(message)
    }

    /// `RatchetDecrypt` (3.5) on a copy, which takes the state's place where the message is authentic.
    ///
    /// # Errors
    /// The code of the first fault, in the order of section 4.
    pub fn decrypt(
        &mut self,
        message: &Message,
        randomness: &mut dyn Randomness,
    ) -> Result<Vec<u8>, Code> {
        let mut state = self.clone();
        let plaintext = state.try_decrypt(message, randomness)?;
        *self = state;
        Ok(plaintext)
    }

    fn try_decrypt(
        &mut self,
        message: &Message,
        randomness: &mut dyn Randomness,
    ) -> Result<Vec<u8>, Code> {
        // DR-21.
        if message.dh == self.ratchet_key() {
            return Err("invalid-key");
        }
        let stored = |key: &&(PublicKey, u32, Key)| key.0 == message.dh && key.1 == message.n;
        if let Some((_, _, mk)) = self.skipped.iter().find(stored).copied() {
            let plaintext = open(&mk, &self.ad, message).ok_or(UNDECRYPTABLE)?;
            self.skipped.retain(|key| !stored(&key));
            return Ok(plaintext);
        }
        let n = u64::from(message.n);
        // DR-14 for a chain that ended: what it had was read, or its key is gone.
        if let Some((_, length)) = self.former.iter().find(|(key, _)| *key == message.dh) {
            let was_there = n < *length;
            return Err(if was_there {
                "duplicate-message"
            } else {
                UNDECRYPTABLE
            });
        }
        if Some(message.dh) == self.dhr && self.ckr.is_some() {
            self.skip(n)?;
            return self.next(message);
        }
        // A new chain: both bounds before any key is computed.
        if n > u64::from(self.bounds.max_skip) {
            return Err(TOO_MANY);
        }
        if self.ckr.is_some() {
            self.skip(u64::from(message.pn).max(self.nr))?;
        }
        // SPK_B as A's DHr has no chain, and no message is of it.
        if self.ckr.is_none() && Some(message.dh) == self.dhr {
            return Err(UNDECRYPTABLE);
        }
        if let (Some(ended), true) = (self.dhr, self.ckr.is_some()) {
            self.former.insert(0, (ended, self.nr));
            for (key, _) in self.former.split_off(self.former.len().min(CHAINS - 1)) {
                self.skipped.retain(|skipped| skipped.0 != key);
            }
        }
        // DHRatchet, in two halves: the second draws, once the message is authentic.
        self.pn = self.ns;
        self.ns = 0;
        self.nr = 0;
        self.dhr = Some(message.dh);
        let agreed = dh(&self.dhs, &message.dh).ok_or("invalid-key")?;
        let (rk, ckr) = kdf_rk(&self.rk, &agreed);
        self.rk = rk;
        self.ckr = Some(ckr);
        self.skip(n)?;
        let plaintext = self.next(message)?;
        let mut fresh = [0; 32];
        randomness.fill(&mut fresh).expect("never ends");
        self.dhs = key_pair(fresh);
        let agreed = dh(&self.dhs, &message.dh).ok_or("invalid-key")?;
        let (rk, cks) = kdf_rk(&self.rk, &agreed);
        self.rk = rk;
        self.cks = Some(cks);
        Ok(plaintext)
    }

    /// The message whose turn it is in the receiving chain, or one that was before (DR-14, DR-18).
    fn next(&mut self, message: &Message) -> Result<Vec<u8>, Code> {
        if u64::from(message.n) < self.nr {
            return Err("duplicate-message");
        }
        if message.n == u32::MAX {
            return Err("counter-exhausted");
        }
        let (next, mk) = kdf_ck(&self.ckr.ok_or(UNDECRYPTABLE)?);
        let plaintext = open(&mk, &self.ad, message).ok_or(UNDECRYPTABLE)?;
        self.ckr = Some(next);
        self.nr += 1;
        Ok(plaintext)
    }

    /// `SkipMessageKeys` (3.5): the keys up to `until` are stored (DR-11, DR-12).
    fn skip(&mut self, until: u64) -> Result<(), Code> {
        if until > self.nr + u64::from(self.bounds.max_skip) {
            return Err(TOO_MANY);
        }
        while self.nr < until {
            let (Some(ckr), Some(dhr)) = (self.ckr, self.dhr) else {
                unreachable!("a chain that ends is there")
            };
            let (next, mk) = kdf_ck(&ckr);
            self.ckr = Some(next);
            let n = u32::try_from(self.nr).expect("a counter");
            self.skipped.push((dhr, n, mk));
            self.nr += 1;
        }
        let over = self.skipped.len().saturating_sub(self.bounds.max_stored);
        self.skipped.drain(..over);
        Ok(())
    }
}
