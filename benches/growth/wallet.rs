//! A wallet of many transfers.

use crate::turns::repeated;
use crate::{Numbers, Sized};
use tigress_signal::agreement::PreKeyStore;
use tigress_signal::identifier::{Address, DeviceId, UserId};
use tigress_signal::intermediary::{Answer, Intermediary, Limits, MemoryStore};
use tigress_signal::sesame::Device;
use tigress_signal::suite::Tigress1;
use tigress_signal::timestamp::Timestamp;
use tigress_signal::transfer::{Offer, Offered};
use tigress_signal::wallet::{Effect, Wallet, WalletEvent};

const NOW: Timestamp = Timestamp(1_767_225_600);

/// A wallet at work with an intermediary.
struct Desk {
    wallet: Wallet,
    intermediary: Intermediary<MemoryStore>,
    numbers: Numbers,
}

fn wallet(numbers: &mut Numbers) -> (Address, Wallet) {
    let address = Address {
        user_id: UserId::random(numbers).expect("an id"),
        device_id: DeviceId::try_from(1).expect("in range"),
    };
    let keys = PreKeyStore::random(&[&Tigress1], &address, NOW, numbers).expect("keys");
    (address, Wallet::new(Device::new(&Tigress1, address, keys)))
}

impl Desk {
    /// A wallet that has made so many offers, none of them answered yet.
    fn new(offers: usize) -> Self {
        let mut numbers = Numbers::default();
        let (_, sender) = wallet(&mut numbers);
        let (to, receiver) = wallet(&mut numbers);
        let limits = Limits {
            mailbox: usize::MAX,
            ..Limits::PROFILE
        };
        let mut desk = Desk {
            wallet: receiver,
            intermediary: Intermediary::with_limits(&Tigress1, MemoryStore::default(), limits),
            numbers,
        };
        desk.event(WalletEvent::Register { sponsor: None });
        desk.wallet = sender;
        desk.event(WalletEvent::Register { sponsor: None });
        for number in 0..offers {
            desk.event(WalletEvent::Offer(Offer {
                to,
                what: Offered::AuthorizationToken(number.to_string().into_bytes().into()),
                lifetime: None,
                again: false,
            }));
        }
        desk
    }

    fn step(&mut self, event: WalletEvent) -> Vec<Effect> {
        let stepped = self.wallet.step(event, NOW, &mut self.numbers);
        stepped.expect("it is carried out")
    }

    /// An event, and whatever is asked and answered because of it.
    fn event(&mut self, event: WalletEvent) {
        let mut events = vec![event];
        while let Some(event) = events.pop() {
            for effect in self.step(event) {
                if let Effect::Request(request) = effect {
                    let answer = self
                        .intermediary
                        .handle(&request, NOW)
                        .map_err(|error| error.code().expect("the client's fault"));
                    events.push(WalletEvent::Answer {
                        request: request.id,
                        answer,
                    });
                }
            }
        }
    }
}

/// An event of a wallet of so many transfers: it looks for messages, and there are none.
pub(crate) fn event(transfers: usize) -> Sized {
    let mut desk = Desk::new(transfers);
    Sized {
        items: 2,
        timed: repeated(move || {
            let effects = desk.step(WalletEvent::Collect);
            let [Effect::Request(request)] = &effects[..] else {
                panic!("{effects:?}")
            };
            let envelopes = Vec::new();
            desk.step(WalletEvent::Answer {
                request: request.id.clone(),
                answer: Ok(Answer::Envelopes { envelopes }),
            })
        }),
    }
}
