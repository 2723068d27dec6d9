//! Strangers, who fetch the bundles of a device until no one-time prekey is left.

use super::intermediary::ScriptedIntermediary;
use crate::agreement::PreKeyStore;
use crate::conformance::scenario::step_failure::StepFailure;
use crate::conformance::seed::Recorder;
use crate::identifier::{Address, DeviceId, UserId};
use crate::intermediary::{Body, Request, RequestId};
use crate::sesame::Device;
use crate::suite::SuiteRef;
use crate::timestamp::Timestamp;
use crate::wallet::{Effect, Wallet, WalletEvent};

/// How many bundles one of them fetches.
const BUNDLES: u64 = 10;

/// Fetches so many bundles of a device, in the name of as few strangers as may. All randomness is made from `seed`.
pub(super) fn fetch_bundles(
    intermediary: &mut ScriptedIntermediary,
    suite: SuiteRef,
    of: Address,
    mut bundles: u64,
    now: Timestamp,
    seed: &str,
) -> Result<(), StepFailure> {
    let mut randomness = Recorder::new(seed);
    while bundles > 0 {
        let own = Address {
            user_id: UserId::random(&mut randomness).map_err(StepFailure::script)?,
            device_id: DeviceId::try_from(1).map_err(StepFailure::script)?,
        };
        let keys = PreKeyStore::random(&[suite], &own, now, &mut randomness)
            .map_err(StepFailure::script)?;
        let mut wallet = Wallet::new(Device::new(suite, own, keys));
        let joins = WalletEvent::Register { sponsor: None };
        let mut effects = wallet
            .step(joins, now, &mut randomness)
            .map_err(StepFailure::script)?;
        let cannot_join = || StepFailure::script("a stranger cannot join");
        let Some(Effect::Request(joining)) = effects.pop() else {
            return Err(cannot_join());
        };
        let answer = intermediary.handle(&joining, now)?;
        let event = WalletEvent::Answer {
            request: joining.id,
            answer,
        };
        wallet
            .step(event, now, &mut randomness)
            .map_err(StepFailure::script)?;
        let token = wallet.token().cloned().ok_or_else(cannot_join)?;
        for _ in 0..bundles.min(BUNDLES) {
            let request = Request {
                id: RequestId::random(&mut randomness).map_err(StepFailure::script)?,
                token: Some(token.clone()),
                body: Body::FetchBundle {
                    address: of,
                    access_key: None,
                },
            };
            intermediary
                .handle(&request, now)?
                .map_err(StepFailure::script)?;
            bundles -= 1;
        }
    }
    Ok(())
}
