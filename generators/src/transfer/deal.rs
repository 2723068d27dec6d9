//! A transfer of a script: all that either side draws for it, and its messages.

use crate::actor::erased;
use crate::script::{Result, Words};
use tigress_signal::conformance::operation::transfers::CredentialFields;
use tigress_signal::conformance::seed;
use tigress_signal::conformance::vector::conversation::Erased;
use tigress_signal::hex::Hex;
use tigress_signal::identifier::TransferId;
use tigress_signal::primitives::ed25519::SigningKey;
use tigress_signal::primitives::{ScriptedRandomness, SecretBytes};
use tigress_signal::timestamp::Timestamp;
use tigress_signal::transfer::payload::{AUTHORIZATION_TOKEN, CAR_KEY};
use tigress_signal::transfer::{Content, MessageType, Payload, Provisioning, StateName, car_key};

/// When every conversation begins.
pub(super) const START: u64 = 1_700_000_000;
/// How long a transfer lives where nothing else is asked for (XFER-10).
const TWO_DAYS: u64 = 172_800;

#[derive(Clone)]
pub(super) struct Deal {
    label: String,
    /// The 16 bytes that the id is made of.
    drawn_id: [u8; 16],
    pub(super) id: TransferId,
    owner: [u8; 32],
    receiver: [u8; 32],
    /// What is transferred where it is no car key.
    pub(super) token: Option<Vec<u8>>,
    /// When it is offered.
    pub(super) begins: u64,
    /// What is asked for, in seconds.
    pub(super) lifetime: Option<u64>,
    /// How long its offer is, in bytes: no message of it is shorter.
    size: usize,
    /// As the conversation has left it.
    pub(super) state: Option<StateName>,
}

impl Deal {
    /// The transfer of a car key: stateful.
    pub(super) fn car_key(label: &str) -> Self {
        let drawn_id = seed::bytes(&format!("transfer/{label}/id"));
        Deal {
            label: label.to_owned(),
            drawn_id,
            id: TransferId::random(&mut ScriptedRandomness::new(&drawn_id)).expect("16 bytes"),
            owner: seed::bytes(&format!("transfer/{label}/owner")),
            receiver: seed::bytes(&format!("transfer/{label}/receiver")),
            token: None,
            begins: START,
            lifetime: None,
            size: 0,
            state: None,
        }
    }

    /// The transfer of an authorization token: stateless.
    pub(super) fn token(label: &str) -> Self {
        let token: [u8; 48] = seed::bytes(&format!("transfer/{label}/token"));
        Deal {
            token: Some(token.into()),
            ..Deal::car_key(label)
        }
    }

    /// What the names of its states begin with.
    pub(super) fn what(&self) -> &'static str {
        self.token.as_ref().map_or("car_key", |_| "token")
    }

    /// The transfer itself, or what another device, or a forger, would make of it.
    fn whose(&self, w: &mut Words<'_>) -> Deal {
        let (mut deal, label) = (self.clone(), &self.label);
        if w.eat("another transfer's") {
            deal.id = Deal::car_key(&format!("{label}, another")).id;
        } else if w.eat("another owner's") {
            deal.owner = seed::bytes(&format!("transfer/{label}/other owner"));
        } else if w.eat("another device's") {
            deal.receiver = seed::bytes(&format!("transfer/{label}/other receiver"));
        }
        deal
    }

    /// The owner's public key.
    fn creation_request(&self) -> SecretBytes {
        car_key::creation_request(&self.owner.into())
    }

    /// The receiver's public key, signed by itself.
    fn signing_request(&self) -> SecretBytes {
        car_key::signing_request(&self.id, &self.receiver.into())
    }

    /// The owner's attestation of the receiver's key.
    fn import_request(&self) -> SecretBytes {
        let receiver = SigningKey::from(self.receiver).verifying_key();
        car_key::import_request(&self.id, &self.owner.into(), &receiver)
    }

    /// What a message holds: its own bytes or those that are named, with what is changed in them.
    fn holding(&self, own: SecretBytes, w: &mut Words<'_>) -> Result<SecretBytes> {
        let named = w.after("holding", |w| {
            let deal = self.whose(w);
            Ok(if w.eat("nothing") {
                SecretBytes::default()
            } else if w.eat("request") {
                deal.signing_request()
            } else if w.eat("import") {
                deal.import_request()
            } else {
                w.bytes()?.into()
            })
        })?;
        let mut bytes = named.unwrap_or(own).expose().to_vec();
        if let Some(more) = w.after("followed by", Words::bytes)? {
            bytes.extend(more);
        } else if !w.change(&mut bytes)? && w.eat("with another owner's signature") {
            let other = self.whose(&mut Words("another owner's")).import_request();
            bytes[32..].copy_from_slice(&other.expose()[32..]);
        }
        Ok(bytes.into())
    }

    fn content(&self, w: &mut Words<'_>) -> Result<Content> {
        Ok(if w.eat("offer") {
            let supported = !w.0.starts_with("under");
            let own = self.token.clone().map(SecretBytes::from);
            let held = self.holding(own.unwrap_or_else(|| self.creation_request()), w)?;
            let provisioning = match self.token {
                Some(_) if supported => Provisioning::AuthorizationToken(held),
                None if supported => Provisioning::KeyCreationRequest(held),
                _ => Provisioning::Unsupported,
            };
            let lifetime = self.lifetime.unwrap_or(TWO_DAYS);
            let expires = Timestamp(self.begins.saturating_add(lifetime));
            Content::ProvisioningInformation {
                provisioning,
                expires,
            }
        } else if w.eat("request") {
            Content::KeySigningRequest(self.holding(self.signing_request(), w)?)
        } else if w.eat("import") {
            Content::KeyImportRequest(self.holding(self.import_request(), w)?)
        } else if w.eat("provisioned") {
            Content::Provisioned
        } else if w.eat("decline") {
            Content::Decline { reason: reason(w)? }
        } else if w.eat("cancel") {
            Content::Cancel { reason: reason(w)? }
        } else {
            return w.expected("an event");
        })
    }

    /// The message that is named next, padded.
    pub(super) fn message(&mut self, w: &mut Words<'_>) -> Result<Hex> {
        if w.eat("empty message") {
            return Ok(Hex::default());
        }
        let deal = self.whose(w);
        let content = deal.content(w)?;
        let under = w.after("under", Words::json::<String>)?;
        let format = match content {
            Content::KeySigningRequest(_) | Content::KeyImportRequest(_) => CAR_KEY,
            _ if deal.token.is_none() => CAR_KEY,
            _ => AUTHORIZATION_TOKEN,
        };
        let payload = Payload::new(deal.id, under.as_deref().unwrap_or(format), content);
        let is_offer = payload.message_type() == MessageType::ProvisioningInformation;
        let size = w.after("padded to", Words::number)?;
        let size = match size {
            Some(size) => usize::try_from(size).map_err(|error| error.to_string())?,
            None if is_offer => 0,
            None => self.size,
        };
        let padded = payload.encode(size).map_err(|error| error.to_string())?;
        if is_offer {
            self.size = padded.len();
        }
        let shorter = &padded[..padded.len() - 1];
        Ok(if w.eat("cut short") {
            shorter.into()
        } else if w.eat("badly padded") {
            [shorter, &[1]].concat().into()
        } else {
            padded.as_slice().into()
        })
    }

    /// What the user offers.
    pub(super) fn credential(&self) -> CredentialFields {
        match &self.token {
            Some(token) => CredentialFields::AuthorizationToken(token.into()),
            None => CredentialFields::CarKey,
        }
    }

    /// What an offer draws: the id, for a car key the owner's key.
    pub(super) fn drawn_to_offer(&self) -> Vec<u8> {
        match self.token {
            Some(_) => self.drawn_id.into(),
            None => [&self.drawn_id[..], &self.owner].concat(),
        }
    }

    /// What an acceptance draws: for a car key the receiver's key.
    pub(super) fn drawn_to_accept(&self) -> Vec<u8> {
        match self.token {
            Some(_) => Vec::new(),
            None => self.receiver.into(),
        }
    }

    /// The secret that is named next.
    pub(super) fn secret(&self, w: &mut Words<'_>) -> Result<Erased> {
        Ok(if w.eat("token") {
            erased("the token", self.token.as_ref().ok_or("it has no token")?)
        } else if w.eat("owner's key") {
            erased("the owner's private key", &self.owner)
        } else if w.eat("receiver's key") {
            erased("the receiver's private key", &self.receiver)
        } else if w.eat("creation request") {
            erased("the key creation request", self.creation_request().expose())
        } else if w.eat("import request") {
            erased("the key import request", self.import_request().expose())
        } else {
            return w.expected("a secret");
        })
    }
}

/// Why, in quotes; else because the user said so.
fn reason(w: &mut Words<'_>) -> Result<String> {
    if w.0.starts_with('"') {
        w.json()
    } else {
        Ok("user".to_owned())
    }
}
