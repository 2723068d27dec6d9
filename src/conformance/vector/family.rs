//! The families of vectors, and the files of them that travel inside the program.

use crate::conformance::catalogue::is_requirement_id;

/// A family: vectors about one subject, a file for each suite that has the subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Family {
    /// Its name, which is also that of its folder and file.
    pub name: &'static str,
    /// What it is about.
    pub title: &'static str,
    /// The types of its test groups.
    pub groups: &'static [&'static str],
}

/// A file of a family as this build was made with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BuiltIn {
    /// The name of the family.
    pub family: &'static str,
    /// The suite; none where the subject is no suite's: payloads, transfers, invitations.
    pub suite: Option<&'static str>,
    /// The file.
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
            }),+];
        }
    };
}

/// The files, by suite; `-` stands for none.
macro_rules! files {
    (@path - $name:literal) => { concat!($name, "/", $name, ".json") };
    (@path $suite:literal $name:literal) => { concat!($suite, "/", $name, "/", $name, ".json") };
    (@suite -) => { None };
    (@suite $suite:literal) => { Some($suite) };
    ($($suite:tt: $($name:literal)+;)+) => {
        // Not a constant, of which every crate and every part of one that names it has a copy: 15 MB each.
        static BUILT_IN: [BuiltIn; [$($($name),+),+].len()] = [$($(BuiltIn {
            family: $name,
            suite: files!(@suite $suite),
            json: include_str!(concat!("../../../vectors/", files!(@path $suite $name))),
        }),+),+];

        impl BuiltIn {
            /// Every file, by suite; those of no suite come last.
            pub const ALL: &'static [BuiltIn] = &BUILT_IN;
        }
    };
}

families! {
    "public_key": "Encoding and derivation of public keys",
        ["PublicKeyDecode", "PublicKeyDerive"];
    "xeddsa": "XEdDSA signatures",
        ["XeddsaSign", "XeddsaVerify"];
    "x3dh_initiate": "X3DH, the initiator's side",
        ["X3dhInitiate", "Conversation"];
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
        [
            "InvitationParse",
            "InvitationMake",
            "InvitationCheck",
            "InvitationTake",
            "InvitationHonour",
        ];
    "payload": "What wallets say to each other about a transfer",
        [
            "PayloadDecode",
            "PayloadEncode",
            "OfferEncode",
            "OfferCheck",
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

files! {
    "tigress-1":
        "public_key" "xeddsa" "x3dh_initiate" "x3dh_respond" "fingerprint" "kdf" "message_encryption"
        "ratchet_session" "wire_ratchet" "wire_prekey" "sesame" "intermediary";
    "signal-v3":
        "public_key" "xeddsa" "x3dh_initiate" "x3dh_respond" "kdf" "message_encryption" "ratchet_session"
        "wire_ratchet" "wire_prekey";
    -: "invitation" "payload" "transfer_sender" "transfer_receiver";
}

impl Family {
    /// Names of families, in the order in which docs/implementers.md has an implementer go: those without state first. What is not here comes after.
    pub const IN_TURN: [&'static str; 15] = [
        "public_key",
        "kdf",
        "wire_ratchet",
        "xeddsa",
        "message_encryption",
        "x3dh_initiate",
        "x3dh_respond",
        "fingerprint",
        "wire_prekey",
        "ratchet_session",
        "sesame",
        "invitation",
        "payload",
        "transfer_sender",
        "transfer_receiver",
    ];

    /// The place of a group (`tigress-1/kdf`, `scenarios/theft`) in that order; what is not in it has the last.
    #[must_use]
    pub fn place(group: &str) -> usize {
        let family = group.rsplit('/').next();
        let mut order = Family::IN_TURN.iter();
        let place = order.position(|it| family == Some(it));
        place.unwrap_or(Family::IN_TURN.len())
    }

    /// The family of that name.
    #[must_use]
    pub fn find(name: &str) -> Option<&'static Family> {
        Family::ALL.iter().find(|family| family.name == name)
    }

    /// What its vectors of that suite are called before the slash: `tigress-1/kdf`, or `payload` where there is
    /// none. It is also their folder below the vectors' folder.
    #[must_use]
    pub fn of_suite(name: &str, suite: Option<&str>) -> String {
        match suite {
            Some(suite) => format!("{suite}/{name}"),
            None => name.to_owned(),
        }
    }

    /// The file name of its schema, which stands beside each of its files.
    #[must_use]
    pub fn schema_name(&self) -> String {
        format!("{}_schema.json", self.name)
    }
}

impl BuiltIn {
    /// `tigress-1/kdf`, or `payload`: how its vectors are called before the last slash.
    #[must_use]
    pub fn name(&self) -> String {
        Family::of_suite(self.family, self.suite)
    }

    /// Where it stands below the vectors' folder.
    #[must_use]
    pub fn path(&self) -> String {
        format!("{}/{}.json", self.name(), self.family)
    }

    /// Whether a vector of this file may be called `name`: where this says no, none is, and the file need not be read.
    #[must_use]
    pub fn may_have(&self, name: &str) -> bool {
        let suite = self.suite;
        let of_suite = suite
            .and_then(|suite| name.strip_prefix(suite)?.strip_prefix('/'))
            .unwrap_or(name);
        of_suite.split('/').next() == Some(self.family)
            || suite == Some(name)
            || is_requirement_id(name) && self.json.contains(&format!("\"{name}\""))
    }

    /// Where its schema stands below the vectors' folder.
    #[must_use]
    pub fn schema_path(&self) -> String {
        format!("{}/{}_schema.json", self.name(), self.family)
    }
}
