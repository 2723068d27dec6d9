//! Messages put together from the secrets of the device that reads them: whatever their keys, counters and sizes, they are encrypted as the text
//! has it. So what a device refuses in them it refuses for that alone, and not because they do not decrypt.

use super::actor::Actor;
use super::making::suite;
use super::pair::Pair;
use super::proto::{Proto, bytes, uint};
use super::said::Said;
use tigress_signal::agreement::x3dh::shared_secret;
use tigress_signal::conformance::operation::device::LoadInput;
use tigress_signal::conformance::operation::message_encryption::{Context, Encrypt, EncryptInput};
use tigress_signal::conformance::operation::{Operation, Reference};
use tigress_signal::hex::{self, Hex};
use tigress_signal::identifier::Address;
use tigress_signal::primitives::hkdf::hkdf_sha256;
use tigress_signal::primitives::{PrivateKey, PublicKey, Secret};
use tigress_signal::ratchet::ChainKey;
use tigress_signal::suite::{Header, Parties, Party, Role};
use tigress_signal::wire::{Message, MessageKind, RatchetMessage};

/// A chain as its reader follows it: what its next messages are encrypted with.
#[derive(Clone)]
pub(super) struct Chain {
    ratchet_key: PublicKey,
    key: [u8; 32],
    /// Of the next message.
    counter: u32,
    associated_data: Hex,
}

impl Chain {
    /// The first chain after a root step with that root key and Diffie-Hellman (DR-03).
    fn begun(
        root_key: &[u8],
        own: &PrivateKey,
        ratchet_key: PublicKey,
        associated_data: Hex,
    ) -> Self {
        let dh = own.diffie_hellman(&ratchet_key).expect("a key");
        let both: Secret<64> = hkdf_sha256(Some(root_key), &[dh.expose()], suite().root_info());
        let key = both.expose()[32..].try_into().expect("32 bytes");
        Chain {
            ratchet_key,
            key,
            counter: 0,
            associated_data,
        }
    }

    /// The chain's message of that counter, with that previous counter; the keys before it are passed.
    pub(super) fn message(&self, counter: u32, previous_counter: u32, text: &[u8]) -> Vec<u8> {
        // The key does not depend on the counter, so that the last one that there is has a key too.
        let mut chain = ChainKey::at(self.key, 0);
        let mut step = || {
            let (message_key, next) = chain.step().expect("far from the end");
            chain = next;
            message_key
        };
        for _ in self.counter..counter {
            step();
        }
        let context = Context {
            message_key: step().expose().into(),
            associated_data: self.associated_data.clone(),
            ratchet_key: self.ratchet_key.encode().into(),
            previous_counter,
            counter,
        };
        let plaintext = text.into();
        let sealed = Encrypt::run(
            &mut Reference::speaking(suite()),
            EncryptInput { context, plaintext },
        );
        let sealed = sealed.expect("it encrypts").ciphertext;
        let (ciphertext, trailer) = sealed.split_at(sealed.len() - suite().trailer_length());
        let header = Header {
            ratchet_key: self.ratchet_key,
            previous_counter,
            counter,
        };
        let mut message = RatchetMessage::encode(suite(), &header, ciphertext);
        message.extend_from_slice(trailer);
        message
    }
}

/// The keys of a first message, none of which anybody need hold.
#[derive(Clone, Copy)]
pub(super) struct Opening {
    pub(super) identity_key: PublicKey,
    pub(super) base_key: PublicKey,
    pub(super) ratchet_key: PublicKey,
    /// The id of the one-time prekey.
    pub(super) one_time: Option<u32>,
}

impl Opening {
    /// The chain that it begins with a device of these keys: whoever has a device's prekeys and identity key can speak to it in every
    /// name.
    pub(super) fn chain(&self, to: &LoadInput, sender: Address) -> Chain {
        let identity = private_key(&to.identity_private_key);
        let signed = to.signed_pre_keys.last().expect("a signed prekey");
        let signed = private_key(&signed.private_key);
        let dh = |own: &PrivateKey, key| own.diffie_hellman(key).expect("a key");
        let one_time = self.one_time.map(|id| {
            let mut held = to.one_time_pre_keys.iter();
            let held = held.find(|key| key.id == id).expect("it is held");
            dh(&private_key(&held.private_key), &self.base_key)
        });
        let secret = shared_secret(
            suite(),
            dh(&signed, &self.identity_key),
            dh(&identity, &self.base_key),
            dh(&signed, &self.base_key),
            one_time,
        );
        let parties = Parties {
            initiator: Party {
                identity_key: self.identity_key,
                address: sender,
            },
            responder: Party {
                identity_key: identity.public_key(),
                address: to
                    .address
                    .within(suite().identifiers())
                    .expect("an address"),
            },
        };
        let data = associated_data(&parties, Role::Initiator);
        Chain::begun(secret.root.expose(), &signed, self.ratchet_key, data)
    }

    /// Its prekey message around that ratchet message, with registration id 1.
    pub(super) fn around(&self, to: &LoadInput, inner: &[u8]) -> Message {
        let signed = to.signed_pre_keys.last().expect("a signed prekey");
        let rest = [
            bytes(2, &self.base_key.encode()),
            bytes(3, &self.identity_key.encode()),
            bytes(4, inner),
            uint(5, 1),
            uint(6, signed.id.into()),
        ];
        let one_time = self.one_time.map(|id| uint(1, id.into()));
        let message = Proto {
            version: suite().version(),
            fields: one_time.into_iter().chain(rest).collect(),
        };
        Message {
            kind: MessageKind::PreKey,
            bytes: message.build(),
        }
    }

    /// The first message, which says that.
    pub(super) fn says(&self, to: &LoadInput, sender: Address, text: &[u8]) -> Said {
        let inner = self.chain(to, sender).message(0, 0, text);
        Said {
            from: sender,
            message: self.around(to, &inner),
            text: text.to_vec(),
        }
    }
}

/// The private key of 32 bytes.
pub(super) fn private_key(bytes: &[u8]) -> PrivateKey {
    let bytes: [u8; 32] = bytes.try_into().expect("32 bytes");
    PrivateKey::from(bytes)
}

fn associated_data(parties: &Parties, sender: Role) -> Hex {
    suite().associated_data(parties, sender).as_bytes().into()
}

/// What is said in a ratchet message.
fn ratchet(from: &Actor, bytes: Vec<u8>, text: &[u8]) -> Said {
    Said {
        from: from.address,
        message: Message {
            kind: MessageKind::Ratchet,
            bytes,
        },
        text: text.to_vec(),
    }
}

impl Pair {
    /// 32 secret bytes of the device's active session with the peer.
    fn own_secret(&self, pointer: &str) -> [u8; 32] {
        let saved = self.talk.me.saved(&self.peer, &format!("{pointer}/secret"));
        let secret = saved.as_str().and_then(hex::decode);
        let secret = secret.and_then(|secret| secret.try_into().ok());
        secret.unwrap_or_else(|| panic!("no 32 bytes at {pointer}"))
    }

    /// AD of what the peer sends in the device's active session with it.
    fn data_of_peer(&self) -> Hex {
        let saved = |pointer| self.talk.me.saved(&self.peer, pointer);
        let parties: Parties = serde_json::from_value(saved("/parties")).expect("parties");
        let own: Role = serde_json::from_value(saved("/role")).expect("a role");
        associated_data(&parties, own.other())
    }

    /// The state that the device sends in: `established` or, before the peer's first answer, `initiated`.
    fn sending_pointer(&self, part: &str) -> String {
        let state = self.talk.me.saved(&self.peer, "/state");
        let name = ["established", "initiated"]
            .into_iter()
            .find(|name| state.get(name).is_some());
        format!("/state/{}/sending{part}", name.expect("one of the two"))
    }

    /// The key pair of the chain that the device sends in.
    pub(super) fn own_ratchet_key(&self) -> PrivateKey {
        PrivateKey::from(self.own_secret(&self.sending_pointer("/ratchetKey")))
    }

    /// The peer's chain that the device reads in.
    pub(super) fn open_chain(&self) -> Chain {
        let chain = self.talk.me.saved(&self.peer, "/receivingChains/0");
        let ratchet_key = hex::decode(chain["ratchetKey"].as_str().expect("a key")).expect("hex");
        let counter = chain["progress"]["open"]["counter"]
            .as_u64()
            .expect("a counter");
        Chain {
            ratchet_key: PublicKey::decode(&ratchet_key).expect("a key"),
            key: self.own_secret("/receivingChains/0/progress/open/key"),
            counter: counter.try_into().expect("32 bits"),
            associated_data: self.data_of_peer(),
        }
    }

    /// The chain that the peer would begin with that ratchet key.
    pub(super) fn chain_of(&self, ratchet_key: PublicKey) -> Chain {
        let root_key = self.own_secret("/rootKey");
        Chain::begun(
            &root_key,
            &self.own_ratchet_key(),
            ratchet_key,
            self.data_of_peer(),
        )
    }

    /// The peer's message of that chain, by its counter and its previous counter.
    pub(super) fn in_chain(
        &self,
        chain: &Chain,
        counters: [u32; 2],
        text: impl AsRef<[u8]>,
    ) -> Said {
        let [counter, previous] = counters;
        let text = text.as_ref();
        ratchet(&self.peer, chain.message(counter, previous, text), text)
    }
}
