//! What a device keeps for the library: its keys and the records of its sessions, in memory, as the bytes that the library makes.

use crate::Address;
use crate::bindings::{
    pre_key_store, signal_buffer, signal_protocol_address, signal_protocol_identity_key_store,
    signal_protocol_session_store,
};
use crate::error::Error;
use crate::provider::{bytes, hand_over};
use std::collections::BTreeMap;
use std::ffi::{c_int, c_void};

/// A device's memory.
#[derive(Clone, Default)]
pub(crate) struct Store {
    /// The identity key: encoded, and private.
    pub(crate) identity: (Vec<u8>, Vec<u8>),
    pub(crate) registration_id: u32,
    pub(crate) pre_keys: BTreeMap<u32, Vec<u8>>,
    pub(crate) signed_pre_keys: BTreeMap<u32, Vec<u8>>,
    pub(crate) sessions: BTreeMap<Address, Vec<u8>>,
    pub(crate) randomness: Source,
}

type Fill = dyn FnMut(&mut [u8]);

/// Where randomness comes from. A copy has none.
#[derive(Default)]
pub(crate) struct Source(pub(crate) Option<Box<Fill>>);

impl Clone for Source {
    fn clone(&self) -> Self {
        Source(None)
    }
}

impl Store {
    /// Fills `out`; with zeros where no source was named.
    pub(crate) fn draw(&mut self, out: &mut [u8]) {
        match &mut self.randomness.0 {
            Some(source) => source(out),
            None => out.fill(0),
        }
    }
}

/// The store that a callback was given.
///
/// # Safety
/// `user_data` is the pointer to a store that the library was handed, and no other reference to it is in use: the library runs
/// one callback at a time, and its caller holds none meanwhile.
unsafe fn store<'a>(user_data: *mut c_void) -> &'a mut Store {
    // SAFETY: as the caller says.
    unsafe { &mut *user_data.cast() }
}

/// # Safety
/// `address` points to an address of the library.
unsafe fn address(address: *const signal_protocol_address) -> Address {
    // SAFETY: as the caller says; its name has as many bytes as it says.
    unsafe {
        let address = &*address;
        Address {
            name: bytes(address.name.cast(), address.name_len).to_vec(),
            device_id: address.device_id,
        }
    }
}

extern "C" fn load_session(
    record: *mut *mut signal_buffer,
    _user_record: *mut *mut signal_buffer,
    peer: *const signal_protocol_address,
    user_data: *mut c_void,
) -> c_int {
    // SAFETY: what the library hands over is as its header says.
    unsafe {
        match store(user_data).sessions.get(&address(peer)) {
            Some(session) => match hand_over(record, session) {
                0 => 1,
                error => error,
            },
            None => 0,
        }
    }
}

extern "C" fn store_session(
    peer: *const signal_protocol_address,
    record: *mut u8,
    length: usize,
    _user_record: *mut u8,
    _user_length: usize,
    user_data: *mut c_void,
) -> c_int {
    // SAFETY: what the library hands over is as its header says.
    unsafe {
        let record = bytes(record, length).to_vec();
        store(user_data).sessions.insert(address(peer), record);
    }
    0
}

extern "C" fn contains_session(
    peer: *const signal_protocol_address,
    user_data: *mut c_void,
) -> c_int {
    // SAFETY: what the library hands over is as its header says.
    unsafe {
        store(user_data)
            .sessions
            .contains_key(&address(peer))
            .into()
    }
}

extern "C" fn delete_session(
    peer: *const signal_protocol_address,
    user_data: *mut c_void,
) -> c_int {
    // SAFETY: what the library hands over is as its header says.
    unsafe {
        store(user_data)
            .sessions
            .remove(&address(peer))
            .is_some()
            .into()
    }
}

/// What lists or drops the sessions of a whole user is never asked for, and is left out.
pub(crate) fn session_store(store: *mut Store) -> signal_protocol_session_store {
    signal_protocol_session_store {
        load_session_func: load_session,
        get_sub_device_sessions_func: None,
        store_session_func: store_session,
        contains_session_func: contains_session,
        delete_session_func: delete_session,
        delete_all_sessions_func: None,
        destroy_func: None,
        user_data: store.cast(),
    }
}

/// The four functions of a store of prekeys, and the store.
macro_rules! pre_key_store {
    ($name:ident, $keys:ident) => {
        pub(crate) fn $name(of: *mut Store) -> pre_key_store {
            extern "C" fn load(
                record: *mut *mut signal_buffer,
                id: u32,
                user_data: *mut c_void,
            ) -> c_int {
                // SAFETY: what the library hands over is as its header says.
                unsafe {
                    match store(user_data).$keys.get(&id) {
                        Some(key) => hand_over(record, key),
                        None => Error::INVALID_KEY_ID.0,
                    }
                }
            }

            extern "C" fn keep(
                id: u32,
                record: *mut u8,
                length: usize,
                user_data: *mut c_void,
            ) -> c_int {
                // SAFETY: what the library hands over is as its header says.
                unsafe {
                    let record = bytes(record, length).to_vec();
                    store(user_data).$keys.insert(id, record);
                }
                0
            }

            extern "C" fn contains(id: u32, user_data: *mut c_void) -> c_int {
                // SAFETY: what the library hands over is as its header says.
                unsafe { store(user_data).$keys.contains_key(&id).into() }
            }

            extern "C" fn remove(id: u32, user_data: *mut c_void) -> c_int {
                // SAFETY: what the library hands over is as its header says.
                unsafe { store(user_data).$keys.remove(&id) };
                0
            }

            pre_key_store {
                load,
                store: keep,
                contains,
                remove,
                destroy_func: None,
                user_data: of.cast(),
            }
        }
    };
}

pre_key_store!(one_time_pre_key_store, pre_keys);
pre_key_store!(signed_pre_key_store, signed_pre_keys);

extern "C" fn identity(
    public: *mut *mut signal_buffer,
    private: *mut *mut signal_buffer,
    user_data: *mut c_void,
) -> c_int {
    // SAFETY: what the library hands over is as its header says.
    unsafe {
        let (encoded, key) = &store(user_data).identity;
        match hand_over(public, encoded) {
            0 => hand_over(private, key),
            error => error,
        }
    }
}

extern "C" fn registration_id(user_data: *mut c_void, id: *mut u32) -> c_int {
    // SAFETY: what the library hands over is as its header says.
    unsafe { *id = store(user_data).registration_id };
    0
}

/// Nothing is kept: whom to trust is an application's to say.
extern "C" fn save_identity(
    _peer: *const signal_protocol_address,
    _key: *mut u8,
    _length: usize,
    _user_data: *mut c_void,
) -> c_int {
    0
}

extern "C" fn is_trusted(
    _peer: *const signal_protocol_address,
    _key: *mut u8,
    _length: usize,
    _user_data: *mut c_void,
) -> c_int {
    1
}

pub(crate) fn identity_store(store: *mut Store) -> signal_protocol_identity_key_store {
    signal_protocol_identity_key_store {
        get_identity_key_pair: identity,
        get_local_registration_id: registration_id,
        save_identity,
        is_trusted_identity: is_trusted,
        destroy_func: None,
        user_data: store.cast(),
    }
}
