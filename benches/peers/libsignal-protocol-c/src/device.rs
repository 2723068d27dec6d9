//! A device of the library.

use crate::bindings::{
    CIPHERTEXT_PREKEY_TYPE, ciphertext_message, ciphertext_message_get_serialized,
    ciphertext_message_get_type, curve_decode_point, curve_decode_private_point,
    curve_generate_public_key, ec_key_pair, ec_key_pair_create, ec_private_key, ec_public_key,
    ec_public_key_serialize, pre_key_signal_message, pre_key_signal_message_deserialize,
    pre_key_signal_message_get_base_key, pre_key_signal_message_get_identity_key,
    pre_key_signal_message_get_pre_key_id, pre_key_signal_message_get_registration_id,
    pre_key_signal_message_get_signal_message, pre_key_signal_message_get_signed_pre_key_id,
    pre_key_signal_message_has_pre_key_id, session_builder, session_builder_create,
    session_builder_free, session_builder_process_pre_key_bundle, session_cipher,
    session_cipher_create, session_cipher_decrypt_pre_key_signal_message,
    session_cipher_decrypt_signal_message, session_cipher_encrypt, session_cipher_free,
    session_pre_key, session_pre_key_bundle, session_pre_key_bundle_create, session_pre_key_create,
    session_pre_key_serialize, session_signed_pre_key, session_signed_pre_key_create,
    session_signed_pre_key_serialize, signal_buffer, signal_buffer_bzero_free,
    signal_buffer_const_data, signal_buffer_len, signal_context, signal_context_create,
    signal_context_destroy, signal_context_set_crypto_provider, signal_message,
    signal_message_deserialize, signal_message_get_body, signal_message_get_counter,
    signal_message_get_sender_ratchet_key, signal_protocol_address, signal_protocol_store_context,
    signal_protocol_store_context_create, signal_protocol_store_context_destroy,
    signal_protocol_store_context_set_identity_key_store,
    signal_protocol_store_context_set_pre_key_store,
    signal_protocol_store_context_set_session_store,
    signal_protocol_store_context_set_signed_pre_key_store, signal_type_unref,
};
use crate::error::Error;
use crate::provider::{bytes, provider};
use crate::store::{
    Source, Store, identity_store, one_time_pre_key_store, session_store, signed_pre_key_store,
};
use crate::{Address, Bundle, Keys, Kind, Parsed};
use std::cell::RefCell;
use std::ffi::c_int;
use std::fmt;
use std::ptr::{self, NonNull};

/// A device with its keys and sessions.
pub struct Device {
    library: Library,
    stores: NonNull<signal_protocol_store_context>,
}

/// The library's context, and the store that its callbacks are given. Nothing in this crate holds a reference to the store while
/// the library runs.
struct Library {
    context: NonNull<signal_context>,
    store: NonNull<Store>,
}

fn done(status: c_int) -> Result<(), Error> {
    if status < 0 {
        Err(Error(status))
    } else {
        Ok(())
    }
}

/// What a function of the library makes at the place that it is given.
fn made<T>(make: impl FnOnce(*mut *mut T) -> c_int) -> Result<NonNull<T>, Error> {
    let mut place = ptr::null_mut();
    done(make(&raw mut place))?;
    NonNull::new(place).ok_or(Error::UNKNOWN)
}

/// A buffer of the library: its own reference, erased when it is let go.
struct Buffer(NonNull<signal_buffer>);

impl Buffer {
    fn made(make: impl FnOnce(*mut *mut signal_buffer) -> c_int) -> Result<Self, Error> {
        made(make).map(Buffer)
    }

    fn to_vec(&self) -> Vec<u8> {
        // SAFETY: the buffer is there until it is let go.
        unsafe { copy(self.0.as_ptr()) }
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        // SAFETY: it is this one's, and nobody else's.
        unsafe { signal_buffer_bzero_free(self.0.as_ptr()) }
    }
}

/// What a buffer holds.
///
/// # Safety
/// `buffer` is a buffer of the library.
unsafe fn copy(buffer: *const signal_buffer) -> Vec<u8> {
    // SAFETY: as the caller says.
    unsafe { bytes(signal_buffer_const_data(buffer), signal_buffer_len(buffer)) }.to_vec()
}

/// An object of the library that counts its references: one of them.
struct Object<T>(NonNull<T>);

impl<T> Object<T> {
    fn made(make: impl FnOnce(*mut *mut T) -> c_int) -> Result<Self, Error> {
        made(make).map(Object)
    }

    fn get(&self) -> *mut T {
        self.0.as_ptr()
    }
}

impl<T> Drop for Object<T> {
    fn drop(&mut self) {
        // SAFETY: each of these types begins with the base that counts, and this reference is let go once.
        unsafe { signal_type_unref(self.0.as_ptr().cast()) }
    }
}

/// Something of the library that is freed by a function of its own.
struct Freed<T>(NonNull<T>, unsafe extern "C" fn(*mut T));

impl<T> Drop for Freed<T> {
    fn drop(&mut self) {
        // SAFETY: it was made by the function that belongs to this one, and is freed once.
        unsafe { (self.1)(self.0.as_ptr()) }
    }
}

impl Library {
    fn new(store: Store) -> Result<Self, Error> {
        // SAFETY: the place is there.
        let context = made(|place| unsafe { signal_context_create(place, ptr::null_mut()) })?;
        let store = NonNull::from(Box::leak(Box::new(store)));
        let library = Library { context, store };
        // SAFETY: the provider is copied; the store that it names outlives the context.
        done(unsafe {
            signal_context_set_crypto_provider(context.as_ptr(), &provider(store.as_ptr()))
        })?;
        Ok(library)
    }

    fn context(&self) -> *mut signal_context {
        self.context.as_ptr()
    }

    fn public_key(&self, encoded: &[u8]) -> Result<Object<ec_public_key>, Error> {
        // SAFETY: the bytes are a slice.
        Object::made(|place| unsafe {
            curve_decode_point(place, encoded.as_ptr(), encoded.len(), self.context())
        })
    }

    fn private_key(&self, key: &[u8; 32]) -> Result<Object<ec_private_key>, Error> {
        let key = clamped(key);
        // SAFETY: the bytes are a slice.
        Object::made(|place| unsafe {
            curve_decode_private_point(place, key.as_ptr(), key.len(), self.context())
        })
    }

    fn key_pair(&self, key: &[u8; 32]) -> Result<Object<ec_key_pair>, Error> {
        let private = self.private_key(key)?;
        let public = public_key_of(&private)?;
        // SAFETY: both keys are there, and the pair takes references of its own.
        Object::made(|place| unsafe { ec_key_pair_create(place, public.get(), private.get()) })
    }

    fn ratchet_message(&self, message: &[u8]) -> Result<Object<signal_message>, Error> {
        // SAFETY: the bytes are a slice, which the library copies from.
        Object::made(|place| unsafe {
            signal_message_deserialize(place, message.as_ptr(), message.len(), self.context())
        })
    }

    fn pre_key_message(&self, message: &[u8]) -> Result<Object<pre_key_signal_message>, Error> {
        // SAFETY: the bytes are a slice, which the library copies from.
        Object::made(|place| unsafe {
            pre_key_signal_message_deserialize(
                place,
                message.as_ptr(),
                message.len(),
                self.context(),
            )
        })
    }

    fn parse(&self, kind: Kind, message: &[u8]) -> Result<Parsed, Error> {
        match kind {
            Kind::Ratchet => {
                let message = self.ratchet_message(message)?;
                // SAFETY: what the getters give belongs to the message, which is there.
                unsafe {
                    Ok(Parsed::Ratchet {
                        ratchet_key: encoded(signal_message_get_sender_ratchet_key(message.get()))?,
                        counter: signal_message_get_counter(message.get()),
                        ciphertext: copy(signal_message_get_body(message.get())),
                    })
                }
            }
            Kind::PreKey => {
                let message = self.pre_key_message(message)?;
                let message = message.get();
                // SAFETY: what the getters give belongs to the message, which is there; a ratchet message begins with what a
                // message of either kind begins with.
                unsafe {
                    let has_pre_key_id = pre_key_signal_message_has_pre_key_id(message) != 0;
                    let inner = pre_key_signal_message_get_signal_message(message);
                    Ok(Parsed::PreKey {
                        pre_key_id: has_pre_key_id
                            .then(|| pre_key_signal_message_get_pre_key_id(message)),
                        base_key: encoded(pre_key_signal_message_get_base_key(message))?,
                        identity_key: encoded(pre_key_signal_message_get_identity_key(message))?,
                        message: copy(ciphertext_message_get_serialized(inner.cast())),
                        registration_id: pre_key_signal_message_get_registration_id(message),
                        signed_pre_key_id: pre_key_signal_message_get_signed_pre_key_id(message),
                    })
                }
            }
        }
    }
}

impl Drop for Library {
    fn drop(&mut self) {
        // SAFETY: what was made of the context is gone, and the store was a box.
        unsafe {
            signal_context_destroy(self.context.as_ptr());
            drop(Box::from_raw(self.store.as_ptr()));
        }
    }
}

/// RFC 7748 section 5. The public key is the same; with others the library's signatures do not verify.
fn clamped(key: &[u8; 32]) -> [u8; 32] {
    let mut key = *key;
    key[0] &= 0xf8;
    key[31] = key[31] & 0x7f | 0x40;
    key
}

fn public_key_of(private: &Object<ec_private_key>) -> Result<Object<ec_public_key>, Error> {
    // SAFETY: the key is there.
    Object::made(|place| unsafe { curve_generate_public_key(place, private.get()) })
}

/// # Safety
/// `key` is a public key of the library.
unsafe fn encoded(key: *const ec_public_key) -> Result<Vec<u8>, Error> {
    // SAFETY: as the caller says.
    Ok(Buffer::made(|place| unsafe { ec_public_key_serialize(place, key) })?.to_vec())
}

/// What the library reads of a message.
///
/// # Errors
/// The library's, where it refuses it.
pub fn parse(kind: Kind, message: &[u8]) -> Result<Parsed, Error> {
    thread_local! {
        static LIBRARY: RefCell<Option<Library>> = const { RefCell::new(None) };
    }
    LIBRARY.with_borrow_mut(|library| {
        if library.is_none() {
            *library = Some(Library::new(Store::default())?);
        }
        match library {
            Some(library) => library.parse(kind, message),
            None => Err(Error::UNKNOWN),
        }
    })
}

/// The library's form of an address, which borrows the name.
fn peer(address: &Address) -> signal_protocol_address {
    signal_protocol_address {
        name: address.name.as_ptr().cast(),
        name_len: address.name.len(),
        device_id: address.device_id,
    }
}

impl Device {
    /// A device with those keys.
    ///
    /// # Errors
    /// The library's, where it refuses a key; [`Error::NOT_INSTALLED`] where it is not there.
    pub fn new(keys: &Keys) -> Result<Self, Error> {
        let device = Device::with(Store::default())?;
        let library = &device.library;
        let mut store = Store {
            registration_id: keys.registration_id,
            ..Store::default()
        };
        let identity = public_key_of(&library.private_key(&keys.identity)?)?;
        // SAFETY: the key is there.
        let public = unsafe { encoded(identity.get()) }?;
        store.identity = (public, clamped(&keys.identity).to_vec());
        let (id, key, signature) = &keys.signed_pre_key;
        let pair = library.key_pair(key)?;
        // SAFETY: the pair is there, and the signature's bytes are copied.
        let signed: Object<session_signed_pre_key> = Object::made(|place| unsafe {
            session_signed_pre_key_create(
                place,
                *id,
                0,
                pair.get(),
                signature.as_ptr(),
                signature.len(),
            )
        })?;
        // SAFETY: the prekey is there.
        let record =
            Buffer::made(|place| unsafe { session_signed_pre_key_serialize(place, signed.get()) })?;
        store.signed_pre_keys.insert(*id, record.to_vec());
        for (id, key) in &keys.one_time_pre_keys {
            let pair = library.key_pair(key)?;
            // SAFETY: the pair is there.
            let pre_key: Object<session_pre_key> =
                Object::made(|place| unsafe { session_pre_key_create(place, *id, pair.get()) })?;
            // SAFETY: the prekey is there.
            let record =
                Buffer::made(|place| unsafe { session_pre_key_serialize(place, pre_key.get()) })?;
            store.pre_keys.insert(*id, record.to_vec());
        }
        // SAFETY: the library does not run, and nobody else refers to the store.
        unsafe { *device.library.store.as_ptr() = store };
        Ok(device)
    }

    fn with(store: Store) -> Result<Self, Error> {
        let library = Library::new(store)?;
        // SAFETY: the place and the context are there.
        let stores = made(|place| unsafe {
            signal_protocol_store_context_create(place, library.context())
        })?;
        let device = Device { library, stores };
        let (stores, store) = (device.stores.as_ptr(), device.library.store.as_ptr());
        // SAFETY: each store is copied, and the one that they name outlives the context.
        unsafe {
            done(signal_protocol_store_context_set_session_store(
                stores,
                &session_store(store),
            ))?;
            let one_time = one_time_pre_key_store(store);
            done(signal_protocol_store_context_set_pre_key_store(
                stores,
                &raw const one_time,
            ))?;
            let signed = signed_pre_key_store(store);
            done(signal_protocol_store_context_set_signed_pre_key_store(
                stores,
                &raw const signed,
            ))?;
            done(signal_protocol_store_context_set_identity_key_store(
                stores,
                &identity_store(store),
            ))?;
        }
        Ok(device)
    }

    /// Where its randomness comes from, from now on. Without one it is all zero.
    pub fn draw_from(&mut self, source: impl FnMut(&mut [u8]) + 'static) {
        // SAFETY: the library does not run, and nobody else refers to the store.
        unsafe { (*self.library.store.as_ptr()).randomness = Source(Some(Box::new(source))) };
    }

    /// Opens a session with a bundle. Draws the base key and the ratchet key, 32 bytes each.
    ///
    /// # Errors
    /// The library's, where it refuses a key or the signature.
    pub fn process_bundle(&mut self, address: &Address, bundle: &Bundle) -> Result<(), Error> {
        let library = &self.library;
        let identity = library.public_key(&bundle.identity_key)?;
        let (signed_id, key, signature) = &bundle.signed_pre_key;
        let signed = library.public_key(key)?;
        let one_time = match &bundle.one_time_pre_key {
            Some((id, key)) => Some((*id, library.public_key(key)?)),
            None => None,
        };
        let (id, key) = match &one_time {
            Some((id, key)) => (*id, key.get()),
            None => (0, ptr::null_mut()),
        };
        // SAFETY: each key is there or null, and the signature's bytes are copied.
        let bundle: Object<session_pre_key_bundle> = Object::made(|place| unsafe {
            session_pre_key_bundle_create(
                place,
                bundle.registration_id,
                address.device_id,
                id,
                key,
                *signed_id,
                signed.get(),
                signature.as_ptr(),
                signature.len(),
                identity.get(),
            )
        })?;
        let address = peer(address);
        // SAFETY: the address outlives the builder, and the builder the call.
        let builder: NonNull<session_builder> = made(|place| unsafe {
            session_builder_create(
                place,
                self.stores.as_ptr(),
                &raw const address,
                library.context(),
            )
        })?;
        let builder = Freed(builder, session_builder_free);
        // SAFETY: both are there.
        done(unsafe { session_builder_process_pre_key_bundle(builder.0.as_ptr(), bundle.get()) })
    }

    /// Runs `run` with a cipher for the peer.
    fn cipher<T>(
        &mut self,
        address: &Address,
        run: impl FnOnce(&Library, *mut session_cipher) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let address = peer(address);
        // SAFETY: the address outlives the cipher.
        let cipher = made(|place| unsafe {
            session_cipher_create(
                place,
                self.stores.as_ptr(),
                &raw const address,
                self.library.context(),
            )
        })?;
        let cipher = Freed(cipher, session_cipher_free);
        run(&self.library, cipher.0.as_ptr())
    }

    /// Encrypts in the current session.
    ///
    /// # Errors
    /// The library's, where there is none.
    pub fn encrypt(
        &mut self,
        address: &Address,
        plaintext: &[u8],
    ) -> Result<(Kind, Vec<u8>), Error> {
        self.cipher(address, |_, cipher| {
            // SAFETY: the cipher is there, and the plaintext a slice.
            let message: Object<ciphertext_message> = Object::made(|place| unsafe {
                session_cipher_encrypt(cipher, plaintext.as_ptr(), plaintext.len(), place)
            })?;
            // SAFETY: the message is there, and what is serialised belongs to it.
            let (kind, bytes) = unsafe {
                let kind = ciphertext_message_get_type(message.get());
                (kind, copy(ciphertext_message_get_serialized(message.get())))
            };
            let kind = if kind == CIPHERTEXT_PREKEY_TYPE {
                Kind::PreKey
            } else {
                Kind::Ratchet
            };
            Ok((kind, bytes))
        })
    }

    /// Decrypts, in whichever session of the peer it is of. A message that begins a chain draws the ratchet key, 32 bytes.
    ///
    /// # Errors
    /// The library's, where it refuses the message.
    pub fn decrypt(
        &mut self,
        address: &Address,
        kind: Kind,
        message: &[u8],
    ) -> Result<Vec<u8>, Error> {
        self.cipher(address, |library, cipher| {
            let plaintext = match kind {
                Kind::PreKey => {
                    let message = library.pre_key_message(message)?;
                    // SAFETY: cipher and message are there.
                    Buffer::made(|place| unsafe {
                        session_cipher_decrypt_pre_key_signal_message(
                            cipher,
                            message.get(),
                            ptr::null_mut(),
                            place,
                        )
                    })?
                }
                Kind::Ratchet => {
                    let message = library.ratchet_message(message)?;
                    // SAFETY: cipher and message are there.
                    Buffer::made(|place| unsafe {
                        session_cipher_decrypt_signal_message(
                            cipher,
                            message.get(),
                            ptr::null_mut(),
                            place,
                        )
                    })?
                }
            };
            Ok(plaintext.to_vec())
        })
    }

    /// Forgets the sessions with a peer.
    pub fn drop_session(&mut self, address: &Address) {
        // SAFETY: the library does not run, and nobody else refers to the store.
        unsafe { (*self.library.store.as_ptr()).sessions.remove(address) };
    }
}

impl Drop for Device {
    fn drop(&mut self) {
        // SAFETY: the library's context goes after it.
        unsafe { signal_protocol_store_context_destroy(self.stores.as_ptr()) }
    }
}

/// A device with the same keys and sessions, which draws zeros until it is told otherwise.
impl Clone for Device {
    fn clone(&self) -> Self {
        // SAFETY: the library does not run, and nobody changes the store meanwhile.
        let store = unsafe { (*self.library.store.as_ptr()).clone() };
        match Device::with(store) {
            Ok(device) => device,
            Err(error) => panic!("no second device: {error}"),
        }
    }
}

impl fmt::Debug for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a device of libsignal-protocol-c")
    }
}
