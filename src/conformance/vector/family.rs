//! The families of vectors.

/// A family: one file of vectors about one subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Family {
    /// Its name, which is also that of its folder and file.
    pub name: &'static str,
    /// What it is about.
    pub title: &'static str,
    /// The types of its test groups.
    pub groups: &'static [&'static str],
    /// Its file as this build was made with it.
    pub json: &'static str,
}

macro_rules! families {
    ($($name:literal: $title:literal, $groups:expr;)+) => {
        impl Family {
            /// Every family, in the order of the profile.
            pub const ALL: &'static [Family] = &[$(Family {
                name: $name,
                title: $title,
                groups: &$groups,
                json: include_str!(concat!("../../../vectors/", $name, "/", $name, ".json")),
            }),+];
        }
    };
}

families! {
    "public_key": "Encoding and derivation of public keys",
        ["PublicKeyDecode", "PublicKeyDerive"];
    "xeddsa": "XEdDSA signatures",
        ["XeddsaSign", "XeddsaVerify"];
    "x3dh_initiate": "X3DH, the initiator's side",
        ["X3dhInitiate"];
    "x3dh_respond": "X3DH, the responder's side",
        ["X3dhRespond", "DeviceCreate", "Conversation"];
    "fingerprint": "Numbers by which people compare identity keys",
        ["Fingerprint"];
    "kdf": "The key derivations of X3DH and of the Double Ratchet",
        ["SharedSecret", "RootStep", "ChainStep", "MessageKey"];
    "message_encryption": "Encryption of one message",
        ["MessageEncrypt", "MessageDecrypt"];
    "ratchet_session": "Double Ratchet sessions",
        ["Conversation"];
    "wire_ratchet": "Encoding of ratchet messages",
        ["RatchetMessageDecode", "RatchetMessageEncode"];
    "wire_prekey": "Encoding of prekey messages",
        ["PreKeyMessageDecode", "PreKeyMessageEncode"];
    "intermediary": "Prekeys and mailboxes",
        ["IntermediaryConversation"];
    "invitation": "The link that ties a person to an identity key",
        ["InvitationParse", "InvitationMake", "InvitationCheck"];
    "payload": "What wallets say to each other about a transfer",
        [
            "PayloadDecode",
            "PayloadEncode",
            "KeyCreationRequest",
            "KeyCreationRequestCheck",
            "KeySigningRequest",
            "KeySigningRequestCheck",
            "KeyImportRequest",
            "KeyImportRequestCheck",
        ];
    "sesame": "Sessions between devices, and sends to them",
        ["Conversation"];
    "transfer_sender": "Transfers, the sender's side",
        ["TransferConversation"];
    "transfer_receiver": "Transfers, the receiver's side",
        ["TransferConversation"];
}

impl Family {
    /// The family of that name.
    #[must_use]
    pub fn find(name: &str) -> Option<&'static Family> {
        Family::ALL.iter().find(|family| family.name == name)
    }

    /// Where its file stands below the vectors' folder.
    #[must_use]
    pub fn file(&self) -> String {
        format!("{0}/{0}.json", self.name)
    }

    /// Where its schema stands below the vectors' folder.
    #[must_use]
    pub fn schema_file(&self) -> String {
        format!("{0}/{0}_schema.json", self.name)
    }
}
