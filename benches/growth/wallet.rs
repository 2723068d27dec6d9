//! A wallet of many transfers.

use crate::turns::repeated;
use crate::{Numbers, Sized};
use tigress_signal::agreement::PreKeyStore;
use tigress_signal::identifier::{Address, DeviceId, UserId};
use tigress_signal::intermediary::{self, Answer, Intermediary, MemoryStore};
use tigress_signal::sesame::Device;
use tigress_signal::suite::Tigress1;
use tigress_signal::timestamp::Timestamp;
use tigress_signal::transfer::{self, Offer, Offered, Vertical};
use tigress_signal::wallet::{self, Effect, Wallet, WalletEvent};

const NOW: Timestamp = Timestamp(1_767_225_600);

/// A wallet at work with an intermediary.
struct Desk {
    wallet: Wallet,
    intermediary: Intermediary<MemoryStore>,
    numbers: Numbers,
    /// The last one that was made.
    link: Option<String>,
}

fn wallet_of(numbers: &mut Numbers) -> (Address, Wallet) {
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
        let (_, sender) = wallet_of(&mut numbers);
        let (to, receiver) = wallet_of(&mut numbers);
        let limits = intermediary::Limits {
            mailbox: usize::MAX,
            mailbox_of_access_key: usize::MAX,
            ..intermediary::Limits::PROFILE
        };
        let mut desk = Desk {
            wallet: receiver,
            intermediary: Intermediary::with_limits(&Tigress1, MemoryStore::default(), limits),
            numbers,
            link: None,
        };
        desk.event(WalletEvent::Register { sponsor: None });
        desk.event(WalletEvent::Invite {
            host: "keys.example".parse().expect("a host"),
            vertical: Vertical::GeneralAccess,
            lifetime: None,
        });
        // One link serves them all here, and a wallet remembers the tokens of all.
        desk.wallet = sender.with_limits(wallet::Limits {
            transfers: transfer::Limits {
                invitation_transfers: u32::MAX,
                offered: usize::MAX,
                ..transfer::Limits::PROFILE
            },
            ..wallet::Limits::PROFILE
        });
        desk.event(WalletEvent::Register { sponsor: None });
        let link = desk.link.take().expect("a link");
        desk.event(WalletEvent::TakeInvitation(link));
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
                match effect {
                    Effect::Request(request) => {
                        let answer = self
                            .intermediary
                            .handle(&request, NOW)
                            .map_err(|error| error.code().expect("the client's fault"));
                        events.push(WalletEvent::Answer {
                            request: request.id,
                            answer,
                        });
                    }
                    Effect::Invitation { link } => self.link = Some(link),
                    _ => {}
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
