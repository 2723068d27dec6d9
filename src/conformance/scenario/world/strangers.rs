//! Strangers, whose wallets nobody looks at: they fetch the bundles of a device until no one-time prekey is left, and offer to
//! whom they have never met.

use super::intermediary::ScriptedIntermediary;
use crate::agreement::PreKeyStore;
use crate::conformance::scenario::step_failure::StepFailure;
use crate::conformance::seed::Recorder;
use crate::identifier::{Address, DeviceId, UserId};
use crate::intermediary::{AccessKey, Body, Request, RequestId};
use crate::sesame::Device;
use crate::suite::SuiteRef;
use crate::timestamp::Timestamp;
use crate::transfer::{Offer, Offered};
use crate::wallet::{Effect, Wallet, WalletEvent};
use std::collections::VecDeque;

/// After so many requests for one event, a stranger gives up.
const PATIENCE: usize = 50;

/// A stranger, who has joined the intermediary.
struct Stranger<'a, 'i> {
    wallet: Wallet,
    randomness: Recorder,
    intermediary: &'a mut ScriptedIntermediary<'i>,
    now: Timestamp,
}

impl<'a, 'i> Stranger<'a, 'i> {
    /// All randomness is made from `seed`.
    fn join(
        intermediary: &'a mut ScriptedIntermediary<'i>,
        suite: SuiteRef,
        now: Timestamp,
        seed: &str,
    ) -> Result<Self, StepFailure> {
        let mut randomness = Recorder::new(seed);
        let own = Address {
            user_id: UserId::random(&mut randomness).map_err(StepFailure::script)?,
            device_id: DeviceId::try_from(1).map_err(StepFailure::script)?,
        };
        let keys = PreKeyStore::random(&[suite], &own, now, &mut randomness)
            .map_err(StepFailure::script)?;
        let mut stranger = Stranger {
            wallet: Wallet::new(Device::new(suite, own, keys)),
            randomness,
            intermediary,
            now,
        };
        stranger.does(WalletEvent::Register { sponsor: None })?;
        if stranger.wallet.token().is_none() {
            return Err(StepFailure::script("a stranger cannot join"));
        }
        Ok(stranger)
    }

    /// An event at the wallet, and all that it asks for; what is refused on the way is not said.
    fn does(&mut self, event: WalletEvent) -> Result<(), StepFailure> {
        let mut events = VecDeque::from([event]);
        for _ in 0..PATIENCE {
            let Some(event) = events.pop_front() else {
                return Ok(());
            };
            let effects = self.wallet.step(event, self.now, &mut self.randomness);
            for effect in effects.unwrap_or_default() {
                let Effect::Request(request) = effect else {
                    continue;
                };
                let answer = self.intermediary.handle(&request, self.now)?;
                let request = request.id;
                events.push_back(WalletEvent::Answer { request, answer });
            }
        }
        Ok(())
    }
}

/// How many bundles one of them fetches.
const BUNDLES: u64 = 10;

/// Fetches so many bundles of a device, with that access key where there is one, in the name of as few strangers as may. All randomness is made from `seed`.
pub(super) fn fetch_bundles(
    intermediary: &mut ScriptedIntermediary<'_>,
    suite: SuiteRef,
    (of, access_key): (Address, Option<&AccessKey>),
    mut bundles: u64,
    now: Timestamp,
    seed: &str,
) -> Result<(), StepFailure> {
    while bundles > 0 {
        let seed = format!("{seed}/{bundles}");
        let mut stranger = Stranger::join(intermediary, suite, now, &seed)?;
        for _ in 0..bundles.min(BUNDLES) {
            let request = Request {
                id: RequestId::random(&mut stranger.randomness).map_err(StepFailure::script)?,
                token: stranger.wallet.token().cloned(),
                body: Body::FetchBundle {
                    address: of,
                    access_key: access_key.cloned(),
                },
            };
            stranger
                .intermediary
                .handle(&request, now)?
                .map_err(StepFailure::script)?;
            bundles -= 1;
        }
    }
    Ok(())
}

/// So many strangers take a link and offer a hotel key each to the device that it names.
pub(super) fn offer(
    intermediary: &mut ScriptedIntermediary<'_>,
    suite: SuiteRef,
    to: (Address, &str),
    strangers: u64,
    now: Timestamp,
    seed: &str,
) -> Result<(), StepFailure> {
    let (address, link) = to;
    for number in 0..strangers {
        let seed = format!("{seed}/{number}");
        let mut stranger = Stranger::join(intermediary, suite, now, &seed)?;
        stranger.does(WalletEvent::TakeInvitation(link.to_owned()))?;
        stranger.does(WalletEvent::Offer(Offer {
            to: address,
            what: Offered::AuthorizationToken(b"what a stranger offers".to_vec().into()),
            lifetime: None,
            again: false,
        }))?;
    }
    Ok(())
}
