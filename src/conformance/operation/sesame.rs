//! What a device knows of others, and its sends (profile section 6).

use super::device::held;
use super::{AddressFields, Done, On, Operation, Reference, device_step, is_false};
use crate::agreement::BundleFields;
use crate::conformance::subject::Failure;
use crate::error_code::ErrorCode;
use crate::hex::Hex;
use crate::identifier::Recipient;
use crate::identifier::{Address, DeviceId, IdentifierError, Identifiers};
use crate::primitives::{NoRandomness, PublicKey};
use crate::sesame::{DeviceMessage, DeviceRecord, Purpose, SendEvent, SendStep};
use crate::wire::MessageKind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Asks what a device knows of each other device (SES-01).
#[derive(Debug, JsonSchema)]
pub struct Records;

/// A device record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RecordFields {
    /// The other device.
    pub peer: AddressFields,
    /// Its identity key, encoded (SES-12).
    pub identity_key: Hex,
    /// Its registration id: a statement's, or else that of the last opening (SES-10).
    pub registration_id: u32,
    /// Whether the record is stale (SES-11).
    pub stale: bool,
    /// The base key of the active session, encoded, where there is one (SES-03, SES-06).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub active: Option<Hex>,
    /// The base keys of the inactive sessions in order (SES-04, SES-03, SES-06).
    pub inactive: Vec<Hex>,
}

impl From<(&Address, &DeviceRecord)> for RecordFields {
    fn from((address, record): (&Address, &DeviceRecord)) -> Self {
        let mut sessions = record.base_keys().map(|base_key| base_key.map(encoded));
        RecordFields {
            peer: (*address).into(),
            identity_key: record.identity_key().encode().into(),
            registration_id: record.registration_id().into(),
            stale: record.stale_since().is_some(),
            active: sessions.next().flatten(),
            inactive: sessions.flatten().collect(),
        }
    }
}

fn encoded(key: &PublicKey) -> Hex {
    key.encode().into()
}

/// Result of [`Records`].
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RecordsOutput {
    /// By the byte order of the addresses.
    pub records: Vec<RecordFields>,
}

impl Operation for Records {
    const METHOD: &'static str = "device.records";
    type Input = On<Done>;
    type Output = RecordsOutput;

    fn run(
        reference: &mut Reference,
        On { handle, .. }: Self::Input,
    ) -> Result<RecordsOutput, Failure> {
        let records = held(reference, &handle)?.records();
        Ok(RecordsOutput {
            records: records.map(RecordFields::from).collect(),
        })
    }
}

/// To whom a send goes, as written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum RecipientFields {
    /// To every device of the user with that UserID.
    User(String),
    /// To one device alone.
    Device(AddressFields),
}

impl From<Recipient> for RecipientFields {
    fn from(recipient: Recipient) -> Self {
        match recipient {
            Recipient::User(user) => RecipientFields::User(user.to_string()),
            Recipient::Device(address) => RecipientFields::Device(address.into()),
        }
    }
}

impl RecipientFields {
    /// The recipient, held to what a suite admits.
    ///
    /// # Errors
    /// `malformed`.
    pub fn within(&self, admitted: &Identifiers) -> Result<Recipient, IdentifierError> {
        Ok(match self {
            RecipientFields::User(user) => Recipient::User(admitted.user_id(user)?),
            RecipientFields::Device(address) => Recipient::Device(address.within(admitted)?),
        })
    }
}

/// One message of a submission.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeviceMessageFields {
    /// The recipient's device.
    pub device_id: u32,
    /// The registration id that it is known by (SES-10).
    pub registration_id: u32,
    /// What the envelope calls the message.
    pub kind: MessageKind,
    /// The message.
    pub message: Hex,
}

impl From<DeviceMessage> for DeviceMessageFields {
    fn from(message: DeviceMessage) -> Self {
        DeviceMessageFields {
            device_id: message.device_id.into(),
            registration_id: message.registration_id.into(),
            kind: message.message.kind,
            message: Hex(message.message.bytes),
        }
    }
}

/// What a send asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum StepFields {
    /// The bundles of these devices, by rising DeviceID.
    FetchBundles(Vec<AddressFields>),
    /// The statements of these devices, by rising DeviceID: bundles without a one-time prekey (SES-10).
    FetchStatements(Vec<AddressFields>),
    /// A submission of these messages, by rising DeviceID.
    Submit(Vec<DeviceMessageFields>),
    /// Nothing: the messages were accepted.
    Done,
    /// Nothing: the send has failed, with that code (SES-14, SES-09).
    GiveUp(ErrorCode),
}

impl From<SendStep> for StepFields {
    fn from(step: SendStep) -> Self {
        let all = |addresses: Vec<Address>| addresses.into_iter().map(Into::into).collect();
        match step {
            SendStep::FetchBundles(addresses) => StepFields::FetchBundles(all(addresses)),
            SendStep::FetchStatements(addresses) => StepFields::FetchStatements(all(addresses)),
            SendStep::Submit { messages, .. } => {
                StepFields::Submit(messages.into_iter().map(Into::into).collect())
            }
            SendStep::Done => StepFields::Done,
            SendStep::GiveUp(why) => StepFields::GiveUp(why.code()),
        }
    }
}

/// Starts a send, in place of any other (SES-02, SES-15).
#[derive(Debug, JsonSchema)]
pub struct Send;

/// Parameters of [`Send`].
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SendInput {
    /// To whom.
    pub recipient: RecipientFields,
    /// What.
    pub plaintext: Hex,
    /// Whether it is provisioning information (SES-18).
    #[serde(default, skip_serializing_if = "is_false")]
    pub provisioning: bool,
}

/// Result of [`Send`].
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SendOutput {
    /// What is to be done at the intermediary.
    pub step: StepFields,
}

impl Operation for Send {
    const METHOD: &'static str = "device.send";
    type Input = On<SendInput>;
    type Output = SendOutput;

    fn run(
        reference: &mut Reference,
        On { handle, input }: Self::Input,
    ) -> Result<SendOutput, Failure> {
        let recipient = input.recipient.within(reference.suite.identifiers())?;
        let purpose = if input.provisioning {
            Purpose::Provisioning
        } else {
            Purpose::Other
        };
        let (send, step) = held(reference, &handle)?.start_send(
            recipient,
            &input.plaintext,
            purpose,
            &mut NoRandomness,
        )?;
        reference.sends.insert(handle, send);
        Ok(SendOutput { step: step.into() })
    }
}

/// What the intermediary answered, as written.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum EventFields {
    /// A bundle, asked for a session or for its statement.
    Bundle(Box<BundleFields>),
    /// The device whose bundle was asked for is unknown.
    NoBundle(AddressFields),
    /// The submission is accepted.
    Accepted,
    /// `device-mismatch` (MBX-05).
    DeviceMismatch {
        /// Devices of the user without a message.
        missing: Vec<u32>,
        /// Devices with a message that the user does not have.
        extra: Vec<u32>,
    },
    /// `stale-registration`, with the devices (MBX-06).
    StaleRegistration(Vec<u32>),
}

impl EventFields {
    /// The event, held to what a suite admits.
    ///
    /// # Errors
    /// `malformed`.
    pub fn within(self, admitted: &Identifiers) -> Result<SendEvent, IdentifierError> {
        let ids = |raw: Vec<u32>| -> Result<Vec<DeviceId>, IdentifierError> {
            let id = |id| DeviceId::within(id, &admitted.device_id);
            raw.into_iter().map(id).collect()
        };
        Ok(match self {
            EventFields::Bundle(bundle) => SendEvent::Bundle(*bundle),
            EventFields::NoBundle(address) => SendEvent::NoBundle(address.within(admitted)?),
            EventFields::Accepted => SendEvent::Accepted,
            EventFields::DeviceMismatch { missing, extra } => SendEvent::DeviceMismatch {
                missing: ids(missing)?,
                extra: ids(extra)?,
            },
            EventFields::StaleRegistration(devices) => SendEvent::StaleRegistration(ids(devices)?),
        })
    }
}

/// Goes on with the send (SES-09, SES-10, SES-14).
#[derive(Debug, JsonSchema)]
pub struct ContinueSend;

/// Parameters of [`ContinueSend`].
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ContinueSendInput {
    /// What the intermediary answered.
    pub event: EventFields,
    /// With a bundle the ephemeral key's 32 bytes, then the ratchet key's 32; else nothing.
    pub randomness: Hex,
}

/// Result of [`ContinueSend`].
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ContinueSendOutput {
    /// What is to be done at the intermediary now.
    pub step: StepFields,
    /// Whether the bundle's device came with another identity key than it was known by (SES-12).
    #[serde(default, skip_serializing_if = "is_false")]
    pub identity_changed: bool,
}

impl Operation for ContinueSend {
    const METHOD: &'static str = "device.continue_send";
    type Input = On<ContinueSendInput>;
    type Output = ContinueSendOutput;

    fn run(
        reference: &mut Reference,
        On { handle, input }: Self::Input,
    ) -> Result<ContinueSendOutput, Failure> {
        let event = input.event.within(reference.suite.identifiers())?;
        let (devices, sends) = (&mut reference.devices, &mut reference.sends);
        let (Some(device), Some(send)) = (devices.get_mut(&handle), sends.get_mut(&handle)) else {
            return Err(Failure::Broken("no send was started".to_owned()));
        };
        let before = send.clone();
        let outcome = device_step(device, &input.randomness, |device, randomness| {
            device.continue_send(send, event, randomness)
        });
        if let Err(Failure::Broken(_)) = outcome {
            *send = before;
        }
        let outcome = outcome?;
        Ok(ContinueSendOutput {
            step: outcome.step.into(),
            identity_changed: outcome.identity_changed,
        })
    }
}
