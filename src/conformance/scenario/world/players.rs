//! Who plays the devices: the subject under test one of them, the reference engine all others.

use crate::conformance::operation::{
    AddressFields, Done, Keepers, On, Operation, Reference, Saved, answer, wallet,
};
use crate::conformance::printable::shortened;
use crate::conformance::restarts::Restarts;
use crate::conformance::scenario::step_failure::StepFailure;
use crate::conformance::secrets::{Secrets, is_suspect};
use crate::conformance::subject::{Failure, Subject};
use crate::hex::Hex;
use crate::identifier::Address;
use crate::suite::SuiteRef;
use crate::timestamp::Timestamp;
use crate::wallet::{Effect, Limits, Wallet, WalletEvent};
use std::collections::BTreeMap;

/// Of what shows a secret so many characters are told.
const MOST_SAID: usize = 2_000;

/// A subject in the part of one device.
pub struct Tested<'a> {
    /// The subject, which speaks the suite of the run.
    pub subject: &'a mut dyn Subject,
    /// The device that it plays, by the script's name for it.
    pub plays: &'a str,
    /// Whether its error codes must be the profile's.
    pub strict: bool,
}

/// Who plays a scenario beside the reference engine. Where nobody does, it plays alone.
#[derive(Default)]
pub struct Cast<'a> {
    /// A subject in the part of one device.
    pub tested: Option<Tested<'a>>,
    /// A subject in the part of the intermediary.
    pub intermediary: Option<&'a mut dyn Subject>,
    /// Who keeps the sessions of the devices that the reference engine plays.
    pub keepers: Keepers,
    /// When devices are stopped and started again.
    pub restarts: Restarts,
}

/// The wallets of a scenario, by the script's names for their devices.
pub(super) struct Players<'a> {
    engine: Reference,
    tested: Option<Tested<'a>>,
    /// What the subject draws from, which it must not show.
    secrets: Secrets,
    /// What the wallets of the reference engine are held to.
    limits: Limits,
    restarts: Restarts,
    /// How many events each wallet has had.
    steps: BTreeMap<String, u32>,
}

/// A copy has no subject: there is no second one, and nobody plays its device there.
impl Clone for Players<'_> {
    fn clone(&self) -> Self {
        Players {
            engine: self.engine.clone(),
            limits: self.limits,
            secrets: Secrets::default(),
            restarts: self.restarts,
            steps: self.steps.clone(),
            tested: None,
        }
    }
}

impl<'a> Players<'a> {
    pub(super) fn new(suite: SuiteRef, cast: Cast<'a>) -> Self {
        Players {
            engine: Reference::speaking(suite).with_sessions_of(cast.keepers),
            tested: cast.tested,
            secrets: Secrets::default(),
            limits: Limits::PROFILE,
            restarts: cast.restarts,
            steps: BTreeMap::new(),
        }
    }

    /// Wallets that are made from now on are held to these limits. No subject can be.
    pub(super) fn limit(&mut self, limits: &Limits) -> Result<(), StepFailure> {
        if let Some(tested) = &self.tested {
            return Err(StepFailure::NotObservable(format!(
                "{} is played by the subject, whose bounds are the profile's",
                tested.plays
            )));
        }
        self.limits = *limits;
        Ok(())
    }

    /// The subject, where it plays that device.
    pub(super) fn tested(&self, device: &str) -> Option<&Tested<'a>> {
        self.tested.as_ref().filter(|tested| tested.plays == device)
    }

    /// Whether that device may have error names of its own: it is a subject's, which is not held to the profile's, or a
    /// library keeps its sessions.
    pub(super) fn has_own_error_names(&self, device: &str) -> bool {
        match self.tested(device) {
            Some(tested) => !tested.strict,
            None => self.engine.keeper(device).is_some(),
        }
    }

    /// The wallet of a device that the reference engine plays: no other can be looked into.
    pub(super) fn wallet(&self, device: &str) -> Result<&Wallet, StepFailure> {
        if self.tested(device).is_some() {
            return Err(StepFailure::NotObservable(format!(
                "{device} is played by the subject, which cannot be looked into"
            )));
        }
        self.engine
            .wallet(device)
            .ok_or_else(|| StepFailure::script(format!("`{device}` has no wallet")))
    }

    /// A device gets a wallet with new keys, in place of the one that it has.
    pub(super) fn create(
        &mut self,
        device: &str,
        address: Address,
        now: Timestamp,
        seed: String,
    ) -> Result<(), StepFailure> {
        if self.tested(device).is_some() {
            self.secrets.note_stream(&seed);
        }
        let address = AddressFields::from(address);
        let input = wallet::CreateInput { address, now, seed };
        self.must::<wallet::Create, _>(device, input)?;
        self.engine.limit(device, &self.limits);
        Ok(())
    }

    /// The saved state of a device's wallet.
    pub(super) fn save(&mut self, device: &str) -> Result<Hex, StepFailure> {
        Ok(self.must::<wallet::Save, _>(device, Done {})?.state)
    }

    /// A device's wallet is saved and restored.
    pub(super) fn restart(&mut self, device: &str) -> Result<(), StepFailure> {
        if self.restarts == Restarts::Never {
            return Ok(());
        }
        let state = self.save(device)?;
        self.restore(device, state)
    }

    /// Saves and restores a device's wallet: whether it is what it was. What a subject is only its saved state tells.
    pub(super) fn outlasts_a_restart(&mut self, device: &str) -> Result<bool, StepFailure> {
        let state = self.save(device)?;
        if self.tested(device).is_some() {
            self.restore(device, state.clone())?;
            return Ok(self.save(device)? == state);
        }
        let before = self.wallet(device)?.clone();
        self.restore(device, state)?;
        Ok(*self.wallet(device)? == before)
    }

    /// Before a step, where there are restarts everywhere. A subject that cannot be saved is not restarted.
    fn restart_before_a_step(&mut self, device: &str) -> Result<(), StepFailure> {
        let step = self.steps.entry(device.to_owned()).or_default();
        *step += 1;
        if !self.restarts.before_event(*step - 1) {
            return Ok(());
        }
        match self.outlasts_a_restart(device) {
            Ok(true) | Err(StepFailure::NotImplemented(_)) => Ok(()),
            Ok(false) => Err(StepFailure::differs(
                Restarts::EXPECTED,
                format!("another state of {device}"),
            )),
            Err(failure) => Err(failure),
        }
    }

    /// A device's wallet becomes what it was when that was saved.
    pub(super) fn restore(&mut self, device: &str, state: Hex) -> Result<(), StepFailure> {
        self.must::<wallet::Restore, _>(device, Saved { state })?;
        self.engine.limit(device, &self.limits);
        Ok(())
    }

    /// An event at a device: its effects, or the code that it refuses with. A refusal changes nothing: of the
    /// subject that is looked at where `watched`, since it may take long.
    pub(super) fn event(
        &mut self,
        device: &str,
        event: WalletEvent,
        now: Timestamp,
        watched: bool,
    ) -> Result<Result<Vec<Effect>, String>, StepFailure> {
        self.restart_before_a_step(device)?;
        let before = match self.tested(device) {
            None => Some(Before::Wallet(Box::new(self.wallet(device)?.clone()))),
            Some(_) if watched => match self.save(device) {
                Ok(state) => Some(Before::Saved(state)),
                // A subject that cannot be saved is not compared.
                Err(StepFailure::NotImplemented(_)) => None,
                Err(failure) => return Err(failure),
            },
            Some(_) => None,
        };
        let event = event.into();
        let said =
            self.ask::<wallet::StepWallet, _>(device, wallet::StepWalletInput { now, event })?;
        match said {
            Ok(output) => Ok(Ok(output.effects)),
            Err(code) => {
                let is_as_before = match before {
                    None => true,
                    Some(Before::Wallet(wallet)) => *self.wallet(device)? == *wallet,
                    Some(Before::Saved(state)) => self.save(device) == Ok(state),
                };
                if !is_as_before {
                    return Err(StepFailure::differs(
                        "a refused step changes nothing",
                        format!("another state of {device}"),
                    ));
                }
                Ok(Err(code))
            }
        }
    }

    /// Asks whoever plays the device for what may not be refused.
    fn must<O, I>(&mut self, device: &str, input: I) -> Result<O::Output, StepFailure>
    where
        O: Operation<Input = On<I>>,
    {
        self.ask::<O, I>(device, input)?.map_err(|code| {
            StepFailure::differs(
                format!("{} is carried out", O::METHOD),
                format!("refused with `{code}`"),
            )
        })
    }

    /// Asks whoever plays the device: the answer, or the code of a refusal.
    fn ask<O, I>(
        &mut self,
        device: &str,
        input: I,
    ) -> Result<Result<O::Output, String>, StepFailure>
    where
        O: Operation<Input = On<I>>,
    {
        let handle = device.to_owned();
        let input = On { handle, input };
        let tested = self.tested.as_mut().filter(|it| it.plays == device);
        let is_others = tested.is_some() || self.engine.keeper(device).is_some();
        let answer = match tested {
            Some(tested) => {
                note::<O>(&mut self.secrets, &input);
                let answer = answer::ask::<O>(tested.subject, input);
                let said = tested.subject.said();
                sees_no_secret(&mut self.secrets, &self.engine, &answer, &said)?;
                answer
            }
            None => O::run(&mut self.engine, input),
        };
        match answer {
            Ok(output) => Ok(Ok(output)),
            Err(Failure::Rejected { error, .. }) => Ok(Err(error)),
            Err(Failure::NotImplemented) => {
                let method = O::METHOD;
                let reason = format!("`{method}` is not implemented");
                Err(StepFailure::NotImplemented(reason))
            }
            Err(failure) if is_others => Err(StepFailure::NoAnswer {
                method: O::METHOD,
                failure,
            }),
            Err(failure) => Err(StepFailure::Script(failure.to_string())),
        }
    }
}

/// Watches the secrets in what is asked.
fn note<O: Operation>(secrets: &mut Secrets, input: &O::Input) {
    if let Ok(asked) = serde_json::to_value(input) {
        secrets.note(&asked);
    }
}

/// What a device was before an event.
enum Before {
    Wallet(Box<Wallet>),
    Saved(Hex),
}

/// Neither an error nor standard error shows what the subject has drawn, what it was given, or what those whom the reference engine
/// plays have as well (PRIV-04).
fn sees_no_secret<T>(
    secrets: &mut Secrets,
    engine: &Reference,
    answer: &Result<T, Failure>,
    said: &[u8],
) -> Result<(), StepFailure> {
    let message = match answer {
        Err(Failure::Rejected { message, .. }) => message.as_bytes(),
        _ => &[],
    };
    for (text, what) in [(message, "an error"), (said, "standard error")] {
        if secrets.shown_in(text).is_none() && is_suspect(text) {
            for state in engine.saved_wallets() {
                secrets.note_saved(state.as_bytes());
            }
        }
        if secrets.shown_in(text).is_some() {
            return Err(StepFailure::Secret {
                expected: format!("{what} does not show what is secret (PRIV-04)"),
                got: shortened(&String::from_utf8_lossy(text), MOST_SAID).into_owned(),
            });
        }
    }
    Ok(())
}
