//! What the profile says is erased stands nowhere in the memory of the process (X3DH-06, X3DH-10, DR-13, DR-19).
//!
//! The process reads its own memory, through `/proc/self/mem`. What it looks for must not stand there because the test
//! looks for it: another process takes the same steps, works the secrets out, and hands them over masked.
//!
//! Looked for are the bytes of each secret, the two forms in which HMAC hashes it as a key, and its text in a saved state.
//! Not looked for is what is computed from a secret within a primitive, such as the round keys of AES.
//!
//! One place is left out of the claim: memory below the stack pointer, where calls that have returned leave what compiler
//! and libraries had spilled there, until other calls write over it. No `Drop` reaches it, and the search itself writes
//! over some of it. What is found there is printed (`--nocapture`); hmac 0.13 leaves the block in which it pads a key.
#![cfg(target_os = "linux")]

mod common;

use common::{Seeded, bundle, device};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::env;
use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::process::Command;
use tigress_signal::hex;
use tigress_signal::identifier::Address;
use tigress_signal::primitives::hkdf::hkdf_sha256;
use tigress_signal::primitives::hmac::hmac_sha256;
use tigress_signal::primitives::{NoRandomness, PrivateKey, PublicKey, Randomness};
use tigress_signal::sesame::{Device, SavedDevice};

/// What secrets are masked by wherever this process holds them.
const MASK: u8 = 0xa5;
/// Set in the process that works the secrets out.
const TELLS: &str = "TELL_THE_SECRETS";

/// Two devices, and what they say to each other.
struct Talk {
    addresses: [Address; 2],
    devices: [Device; 2],
    randomness: Seeded,
}

impl Talk {
    /// The devices before they have met.
    fn new() -> Self {
        let (a, alice) = device(2);
        let (b, bob) = device(3);
        Talk {
            addresses: [a, b],
            devices: [alice, bob],
            randomness: Seeded(4),
        }
    }

    fn send(&mut self, from: usize) -> tigress_signal::wire::Message {
        let to = self.addresses[1 - from];
        self.devices[from]
            .encrypt(&to, b"text", &mut NoRandomness)
            .expect("it is sent")
    }

    fn receive(&mut self, to: usize, message: &tigress_signal::wire::Message) {
        let from = self.addresses[1 - to];
        self.devices[to]
            .decrypt(&from, message.kind, &message.bytes, &mut self.randomness)
            .expect("it is read");
    }

    /// Takes every step that erases something; `told` is called before the first and after each.
    fn take_place(&mut self, told: &mut dyn FnMut(&Talk)) {
        told(self);
        // X3DH, and the responder's one-time prekey.
        let bundle = bundle(&self.devices[1]);
        self.devices[0]
            .process_bundle(&bundle, &mut self.randomness)
            .expect("a good bundle");
        told(self);
        let first = self.send(0);
        told(self);
        self.receive(1, &first);
        told(self);
        // DH ratchet steps, both ways.
        for from in [1, 0, 1, 0] {
            let message = self.send(from);
            told(self);
            self.receive(1 - from, &message);
            told(self);
        }
        // Keys that are stored, and used.
        let messages: Vec<_> = (0..6)
            .map(|_| {
                let message = self.send(0);
                told(self);
                message
            })
            .collect();
        for late in [5, 2, 0, 4, 1, 3] {
            self.receive(1, &messages[late]);
            told(self);
        }
        // A further session takes the first one's place.
        self.devices[1]
            .process_bundle(&self::bundle(&self.devices[0]), &mut self.randomness)
            .expect("a good bundle");
        told(self);
        let message = self.send(1);
        told(self);
        self.receive(0, &message);
        told(self);
    }
}

/// The secrets of a saved state: the hex after each `"secret":`, and the field around it.
fn secrets(saved: &str) -> BTreeMap<[u8; 32], &'static str> {
    fn walk(
        field: &'static str,
        value: &serde_json::Value,
        found: &mut BTreeMap<[u8; 32], &'static str>,
    ) {
        if let Some(secret) = value.get("secret").and_then(serde_json::Value::as_str) {
            let bytes = hex::decode(secret).expect("hex");
            found.insert(bytes.try_into().expect("32 bytes"), field);
        }
        if let Some(object) = value.as_object() {
            for (name, value) in object {
                let known = [
                    "identity",
                    "signedPreKeys",
                    "oneTimePreKeys",
                    "rootKey",
                    "ratchetKey",
                    "chainKey",
                    "open",
                    "skipped",
                ];
                let known = known.into_iter().find(|known| known == name);
                walk(known.unwrap_or(field), value, found);
            }
        }
        for value in value.as_array().into_iter().flatten() {
            walk(field, value, found);
        }
    }
    let mut found = BTreeMap::new();
    walk("", &serde_json::from_str(saved).expect("JSON"), &mut found);
    found
}

fn dh(private: &[u8; 32], public: &PublicKey) -> [u8; 32] {
    let agreed = PrivateKey::from(*private).diffie_hellman(public);
    *agreed.expect("honest keys").expose()
}

/// `KDF_RK`, by the text of DR-03.
fn root_step(root_key: &[u8; 32], dh: &[u8; 32]) -> ([u8; 32], [u8; 32]) {
    let both = hkdf_sha256::<64>(Some(root_key), &[dh], b"TigressSignal/1 Ratchet");
    let (root, chain) = both.expose().split_at(32);
    (root.try_into().expect("32"), chain.try_into().expect("32"))
}

/// Every secret of the talk, by its bytes: what it is, and after which steps a device still holds it.
type Secrets = BTreeMap<[u8; 32], (&'static str, BTreeSet<usize>)>;

fn work_out() -> Secrets {
    let mut all = Secrets::new();
    let mut step = 0;
    Talk::new().take_place(&mut |talk| {
        for device in &talk.devices {
            for (secret, what) in secrets(&device.save().to_json()) {
                let (_, held) = all.entry(secret).or_insert((what, BTreeSet::new()));
                held.insert(step);
            }
        }
        step += 1;
    });
    // EK is drawn, and stands in no saved state. So do ratchet keys, which are held.
    let mut randomness = Seeded(4);
    for _ in 0..24 {
        let mut drawn = [0; 32];
        randomness.fill(&mut drawn).expect("it never ends");
        all.entry(drawn)
            .or_insert(("ephemeral key", BTreeSet::new()));
    }
    let of = |all: &Secrets, kinds: &[&str]| -> Vec<[u8; 32]> {
        let of_kind = all.iter().filter(|(_, (what, _))| kinds.contains(what));
        of_kind.map(|(secret, _)| *secret).collect()
    };
    // Every Diffie-Hellman of two keys: those that took place are among them.
    let keys = of(
        &all,
        &[
            "identity",
            "signedPreKeys",
            "oneTimePreKeys",
            "ratchetKey",
            "ephemeral key",
        ],
    );
    let mut never = Vec::new();
    for (index, private) in keys.iter().enumerate() {
        for other in &keys[index..] {
            let output = dh(private, &PrivateKey::from(*other).public_key());
            never.push((output, "DH output"));
        }
    }
    // The root key between the two halves of a DH ratchet step.
    for root in of(&all, &["rootKey"]) {
        for (output, _) in never.clone() {
            let (between, chain) = root_step(&root, &output);
            if all.contains_key(&chain) {
                never.push((between, "root key between the halves of a step"));
            }
        }
    }
    // Message keys, and what each expands to.
    for chain in of(&all, &["chainKey", "open"]) {
        let message_key = hmac_sha256(&chain, &[1]);
        let info = b"TigressSignal/1 MessageKeys";
        let aes = hkdf_sha256::<44>(None, &[message_key.expose()], info);
        never.push((*message_key.expose(), "message key"));
        never.push((aes.expose()[..32].try_into().expect("32 bytes"), "AES key"));
    }
    for (secret, what) in never {
        all.entry(secret).or_insert((what, BTreeSet::new()));
    }
    all
}

/// Run by the other test, in a process of its own.
#[test]
#[ignore = "run by the other test, in a process of its own"]
fn tells_the_secrets() {
    if env::var_os(TELLS).is_none() {
        return;
    }
    for (secret, (what, held)) in work_out() {
        let held: Vec<String> = held.iter().map(usize::to_string).collect();
        let forms = [
            ("bytes", secret.to_vec()),
            ("inner key", secret.map(|byte| byte ^ 0x36).to_vec()),
            ("outer key", secret.map(|byte| byte ^ 0x5c).to_vec()),
            ("text", hex::encode(&secret).into_bytes()),
        ];
        for (form, bytes) in forms {
            let masked: Vec<u8> = bytes.iter().map(|byte| byte ^ MASK).collect();
            let (held, masked) = (held.join(" "), hex::encode(&masked));
            println!("secret,{what},{held},{form},{masked}");
        }
    }
}

/// What is looked for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Needle {
    what: String,
    form: String,
    /// After which steps a device holds it.
    held: Vec<usize>,
    masked: Vec<u8>,
}

impl Needle {
    /// Whether it is to be found after that step.
    fn is_live(&self, step: usize) -> bool {
        self.form == "bytes" && self.held.contains(&step)
    }
}

fn needles() -> Vec<Needle> {
    let output = Command::new(env::current_exe().expect("this test"))
        .args(["tells_the_secrets", "--exact", "--ignored", "--nocapture"])
        .env(TELLS, "1")
        .output()
        .expect("it starts");
    let told = String::from_utf8(output.stdout).expect("text");
    told.lines()
        .filter_map(|line| {
            let (_, line) = line.split_once("secret,")?;
            let fields: Vec<&str> = line.split(',').collect();
            let [what, held, form, masked] = fields[..] else {
                return None;
            };
            let held = held.split_whitespace().map(str::parse);
            Some(Needle {
                what: what.to_owned(),
                form: form.to_owned(),
                held: held.collect::<Result<_, _>>().ok()?,
                masked: hex::decode(masked)?,
            })
        })
        .collect()
}

/// Where something was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    /// Memory that calls which have returned left on the stack of this thread.
    DeadStack,
    /// Anywhere else.
    Elsewhere,
}

/// The writable memory of this process, region by region: where each begins, and where it ends.
fn regions() -> Vec<(u64, u64)> {
    let maps = fs::read_to_string("/proc/self/maps").expect("on Linux");
    maps.lines()
        .filter(|line| {
            line.split(' ')
                .nth(1)
                .is_some_and(|rights| rights.starts_with("rw"))
        })
        .filter(|line| !line.contains("[vvar"))
        .filter_map(|line| {
            let (from, to) = line.split(' ').next()?.split_once('-')?;
            let address = |text| u64::from_str_radix(text, 16).ok();
            Some((address(from)?, address(to)?))
        })
        .collect()
}

/// Looks through all memory. How often each needle was found, and where.
fn scan(needles: &[Needle]) -> BTreeMap<(Place, Needle), usize> {
    const CHUNK: usize = 1 << 16;
    /// The longest needle less one.
    const OVERLAP: usize = 63;
    let mut by_start: HashMap<[u8; 4], Vec<usize>> = HashMap::new();
    let mut starts = vec![false; 1 << 16];
    for (index, needle) in needles.iter().enumerate() {
        let start: [u8; 4] = needle.masked[..4].try_into().expect("4 bytes");
        by_start.entry(start).or_default().push(index);
        starts[usize::from(start[0]) << 8 | usize::from(start[1])] = true;
    }
    let memory = File::open("/proc/self/mem").expect("a process can read its own memory");
    let mut buffer = vec![0; CHUNK + OVERLAP];
    let own = buffer.as_ptr() as u64..buffer.as_ptr() as u64 + buffer.len() as u64;
    // Below this variable is what has returned: the stack grows downwards.
    let frame = 0_u8;
    let frame = std::ptr::from_ref(&frame) as u64;
    let mut found = BTreeMap::new();
    for (from, to) in regions() {
        let mut at = from;
        while at < to {
            let length =
                usize::try_from(to - at).map_or(buffer.len(), |left| left.min(buffer.len()));
            let Ok(read) = memory.read_at(&mut buffer[..length], at) else {
                break;
            };
            let window = &buffer[..read];
            for offset in 0..read.saturating_sub(31) {
                let (first, second) = (window[offset] ^ MASK, window[offset + 1] ^ MASK);
                if offset >= CHUNK || !starts[usize::from(first) << 8 | usize::from(second)] {
                    continue;
                }
                let start = [
                    first,
                    second,
                    window[offset + 2] ^ MASK,
                    window[offset + 3] ^ MASK,
                ];
                for &index in by_start.get(&start).into_iter().flatten() {
                    let needle = &needles[index];
                    let there = window[offset..].iter().map(|byte| byte ^ MASK);
                    let address = at + offset as u64;
                    if !own.contains(&address)
                        && there
                            .take(needle.masked.len())
                            .eq(needle.masked.iter().copied())
                    {
                        let place = if (from..frame).contains(&address) && frame < to {
                            Place::DeadStack
                        } else {
                            Place::Elsewhere
                        };
                        *found.entry((place, needle.clone())).or_default() += 1;
                    }
                }
            }
            at += CHUNK as u64;
        }
    }
    buffer.fill(0);
    std::hint::black_box(&buffer);
    found
}

#[test]
fn what_is_said_to_be_erased_stands_nowhere_in_memory() {
    let needles = needles();
    assert!(needles.len() > 1000, "{}", needles.len());
    // Before the devices are there nothing is found: what this test itself holds does not count.
    assert_eq!(scan(&needles), BTreeMap::new());

    let (mut step, mut live) = (0, 0);
    let mut left: BTreeMap<(Place, String, String), Vec<usize>> = BTreeMap::new();
    let mut talk = Talk::new();
    talk.take_place(&mut |_| {
        let found = scan(&needles);
        // What a device holds is found by the same search.
        for needle in needles.iter().filter(|needle| needle.is_live(step)) {
            let key = (Place::Elsewhere, needle.clone());
            assert!(found.contains_key(&key), "{} is not found", needle.what);
            live += 1;
        }
        for (place, needle) in found.into_keys() {
            if place == Place::DeadStack || !needle.is_live(step) {
                let key = (place, needle.what, needle.form);
                left.entry(key).or_default().push(step);
            }
        }
        step += 1;
    });
    assert!(live > 500, "{live}");
    for ((place, what, form), steps) in &left {
        println!("{place:?}: {what}, {form}, after steps {steps:?}");
    }
    left.retain(|(place, ..), _| *place == Place::Elsewhere);
    assert_eq!(left, BTreeMap::new());

    // The text of a saved state is erased, and a device with all that it holds.
    for device in &mut talk.devices {
        let saved = SavedDevice::from_json(&device.save().to_json()).expect("it reads");
        *device = Device::try_from(saved).expect("it is restored");
    }
    let text = |found: &BTreeMap<(Place, Needle), usize>| {
        let text = found.keys().filter(|(_, needle)| needle.form == "text");
        text.count()
    };
    assert_eq!(text(&scan(&needles)), 0);
    let saved = talk.devices[0].save().to_json();
    assert!(text(&scan(&needles)) > 0, "{} bytes", saved.len());
    drop((saved, talk));
    let found = scan(&needles);
    let left = found.keys().filter(|(place, _)| *place == Place::Elsewhere);
    assert_eq!(left.count(), 0);
}
