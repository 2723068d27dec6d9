//! Strangers, who fetch the bundles of a device until no one-time prekey is left.

use super::intermediary::ScriptedIntermediary;
use crate::agreement::PreKeyStore;
use crate::conformance::scenario::step_failure::StepFailure;
use crate::conformance::seed::Recorder;
use crate::identifier::{Address, DeviceId, UserId};
use crate::intermediary::{Answer, Body, Limits, Request, RequestId};
use crate::sesame::Device;
use crate::suite::SuiteRef;
use crate::timestamp::Timestamp;
use crate::wallet::{Effect, Wallet, WalletEvent};

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
        let mut effects = Wallet::new(Device::new(suite, own, keys))
            .step(
                WalletEvent::Register { sponsor: None },
                now,
                &mut randomness,
            )
            .map_err(StepFailure::script)?;
        let cannot_join = || StepFailure::script("a stranger cannot join");
        let Some(Effect::Request(joining)) = effects.pop() else {
            return Err(cannot_join());
        };
        let Ok(Answer::Registered { token }) = intermediary.handle(&joining, now)? else {
            return Err(cannot_join());
        };
        for _ in 0..bundles.min(Limits::PROFILE.bundles as u64) {
            let request = Request {
                id: RequestId::random(&mut randomness).map_err(StepFailure::script)?,
                token: Some(token.clone()),
                body: Body::FetchBundle { address: of },
            };
            intermediary
                .handle(&request, now)?
                .map_err(StepFailure::script)?;
            bundles -= 1;
        }
    }
    Ok(())
}
