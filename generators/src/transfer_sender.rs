//! Family `transfer_sender`: the sender's half of the table of profile section 9.

use super::Builder;
use super::transfer::{
    COMMENT, Deal, Outcome, Play, START, TWO_DAYS, car_key, damaged, notes, phone, refused_pairs,
    sender, stranger, tell, token, watch,
};
use tigress_signal::error_code::ErrorCode::{
    AttestationInvalid, ConflictingRequest, DuplicateTransfer, InvalidPayload, InvalidState,
    NotBound, ProvisionedAfterEnd, UnexpectedMessage, UnknownTransfer,
};
use tigress_signal::identifier::{Address, Recipient};
use tigress_signal::primitives::SecretBytes;
use tigress_signal::timestamp::DAY;
use tigress_signal::transfer::Content;
use tigress_signal::transfer::StateName::{
    self, Completed, OfferCancelled, OfferDeclined, OfferExpired, Offered, Signed,
};
use tigress_signal::transfer::payload::AUTHORIZATION_TOKEN;

pub(super) fn generate(b: &mut Builder) {
    notes(b);
    offers(b);
    signs(b);
    ends(b);
    binds(b);
    expires(b);
    erases(b);
    restarts(b);
    pairs(b);
    broken_payloads(b);
}

/// All devices of the receiver.
fn friend() -> Recipient {
    Recipient::User(phone().user_id)
}

/// The offer of the deal: what the first row of the table says.
fn offer(p: &mut Play, d: &Deal, to: impl Into<Recipient>) {
    let lifetime = d.expires - START;
    offer_for(p, d, to, (lifetime != TWO_DAYS).then_some(lifetime));
}

fn offer_for(p: &mut Play, d: &Deal, to: impl Into<Recipient>, lifetime: Option<u64>) {
    let to = to.into();
    let outcome = d.moves(None, Offered).sending(to, d.offer());
    p.draws(d.offers(to, lifetime), &d.drawn(), outcome);
}

/// The device asks, and the owner signs.
fn sign(p: &mut Play, d: &Deal, from: Address) {
    let outcome = d.moves(Offered, Signed).sending(from, d.import());
    p.hears(from, d.request(), outcome);
}

/// The device asks once more, and gets the same answer (XFER-07).
fn sign_again(p: &mut Play, d: &Deal, from: Address) {
    let outcome = d.moves(Signed, Signed).sending(from, d.import());
    p.hears(from, d.request(), outcome);
}

fn complete(p: &mut Play, d: &Deal, from: Address) {
    let before = if d.token.is_some() { Offered } else { Signed };
    p.hears(from, d.provisioned(), d.moves(before, Completed));
}

fn offered(p: &mut Play, d: &Deal) {
    offer(p, d, phone());
}

fn signed(p: &mut Play, d: &Deal) {
    offered(p, d);
    sign(p, d, phone());
}

fn completed(p: &mut Play, d: &Deal) {
    offered(p, d);
    if d.token.is_none() {
        sign(p, d, phone());
    }
    complete(p, d, phone());
}

fn declined(p: &mut Play, d: &Deal) {
    offered(p, d);
    p.hears(phone(), d.decline("user"), d.moves(Offered, OfferDeclined));
}

fn cancelled(p: &mut Play, d: &Deal) {
    offered(p, d);
    cancel(p, d, Offered, phone());
}

fn cancel(p: &mut Play, d: &Deal, before: StateName, to: impl Into<Recipient>) {
    let outcome = d.moves(before, OfferCancelled);
    p.does(d.cancels(), outcome.sending(to, d.cancel("user")));
}

fn expired(p: &mut Play, d: &Deal) {
    offered(p, d);
    expire(p, d, Offered);
}

fn expire(p: &mut Play, d: &Deal, before: StateName) {
    p.at(d.expires - START);
    p.tick(&[d.moves(before, OfferExpired)]);
}

/// It is provisioned after the end, and the user is told that the credential is out (XFER-12).
fn too_late(p: &mut Play, d: &Deal, before: StateName, after: StateName) {
    let outcome = d.moves(before, after).reporting(ProvisionedAfterEnd);
    p.hears(phone(), d.provisioned(), outcome);
}

/// The watch holds the key, and the phone asks (XFER-05).
fn second(p: &mut Play, d: &Deal, state: StateName) {
    let outcome = d
        .moves(state, state)
        .sending(phone(), d.cancel("already-claimed"));
    p.hears(phone(), d.with_other_keys().request(), outcome);
}

/// An offer that is asked to last that long.
fn lasting(p: &mut Play, d: &Deal, seconds: u64) {
    offer_for(p, &d.lasting(seconds), phone(), Some(seconds));
}

/// Row 1; XFER-02, XFER-04, XFER-10.
fn offers(b: &mut Builder) {
    cases! { b;
        /// a car key to a device
        car_key_to_device [Normal: XFER-01 XFER-02 PAY-13] => car_key("to a device", offered);
        /// a car key to all devices of a user
        car_key_to_user [Normal: XFER-01] => car_key("to a user", |p, d| offer(p, d, friend()));
        /// a token to a device
        token_to_device [Normal: XFER-01 XFER-04] => token("to a device", offered);
        /// a token to all devices of a user: each of them could use it
        token_to_user [SecondDevice: XFER-04]
            => token("to a user", |p, d| { p.refuses(d.offers(friend(), None), InvalidState); });
        /// a lifetime of one second, the shortest
        shortest_lifetime [Lifetime: XFER-10] => car_key(COMMENT, |p, d| lasting(p, d, 1));
        /// a lifetime of thirty days, the longest
        longest_lifetime [Lifetime: XFER-10] => car_key(COMMENT, |p, d| lasting(p, d, 30 * DAY));
        /// a lifetime of two days that is asked for
        default_lifetime_asked_for [Lifetime: XFER-10] => car_key(COMMENT, |p, d| lasting(p, d, TWO_DAYS));
        /// no time at all
        lifetime_of_0 [Lifetime: XFER-10]
            => car_key(COMMENT, |p, d| { p.refuses(d.offers(phone().into(), Some(0)), InvalidState); });
        /// a second more than thirty days
        lifetime_too_long [Lifetime: XFER-10]
            => car_key(COMMENT, |p, d| { p.refuses(d.offers(phone().into(), Some(30 * DAY + 1)), InvalidState); });
        /// the longest that 64 bits hold: the sum overflows
        lifetime_of_64_bits [Lifetime: XFER-10]
            => car_key(COMMENT, |p, d| { p.refuses(d.offers(phone().into(), Some(u64::MAX)), InvalidState); });
        /// three transfers at once do not touch each other
        three_at_once [Normal: XFER-01 XFER-02] => tell(|p| {
            let (one, two) = (Deal::car_key("one of three"), Deal::car_key("two of three"));
            let three = Deal::token("three of three");
            offered(p, &one); offered(p, &two); offered(p, &three);
            sign(p, &two, phone()); cancel(p, &one, Offered, phone());
            complete(p, &three, phone()); complete(p, &two, phone());
        });
    }
}

/// Who asks shows no key, or another one: nothing is signed.
fn not_signed(request: impl FnOnce(&Deal) -> SecretBytes) -> impl FnOnce(&mut Play, &Deal) {
    |p, d| {
        offered(p, d);
        p.rejects(phone(), d.request_of(request(d)), AttestationInvalid);
    }
}

/// The same, and the right request is signed then.
fn signed_later(request: impl FnOnce(&Deal) -> SecretBytes) -> impl FnOnce(&mut Play, &Deal) {
    |p, d| {
        not_signed(request)(p, d);
        sign(p, d, phone());
    }
}

/// Rows 2 and 3; XFER-07, PAY-12.
fn signs(b: &mut Builder) {
    cases! { b;
        /// the receiver asks, the owner signs
        request_is_signed [Normal: XFER-01 PAY-12] => car_key("signs", signed);
        /// the same request comes again: the same answer goes again, and nothing is drawn
        request_repeated [Request: XFER-01 XFER-07]
            => car_key("asked twice", |p, d| { signed(p, d); sign_again(p, d, phone()); sign_again(p, d, phone()); });
        /// a second request with another key: nothing is signed, and the first stands
        request_with_another_key [Request: XFER-07] => car_key("another request", |p, d| {
            signed(p, d); p.rejects(phone(), d.with_other_keys().request(), ConflictingRequest);
            complete(p, d, phone());
        });
        /// a second request that differs in its signature alone
        request_with_another_signature [Request: XFER-07] => car_key("another signature", |p, d| {
            signed(p, d);
            p.rejects(phone(), d.request_of(damaged(&d.request_bytes(), 95)), ConflictingRequest);
        });
    }
    cases! { b, [Request: PAY-12];
        /// the request's signature is damaged: who asks has not shown that the key is theirs
        damaged_signature => car_key(COMMENT, signed_later(|d| damaged(&d.request_bytes(), 40)));
        /// the request's key is damaged
        damaged_key => car_key(COMMENT, signed_later(|d| damaged(&d.request_bytes(), 3)));
        /// the request was made for another transfer: a replay
        request_of_another_transfer => car_key(COMMENT, signed_later(|d| d.with_other_id().request_bytes()));
        /// an import request where a signing request should be
        import_request_as_signing_request => car_key(COMMENT, signed_later(Deal::import_bytes));
        /// an empty request
        empty_request => car_key(COMMENT, signed_later(|_| Vec::new().into()));
        /// a request of 95 bytes
        request_of_95_bytes => car_key(COMMENT, not_signed(|d| d.request_bytes().expose()[..95].to_vec().into()));
        /// a request of 97 bytes
        request_of_97_bytes => car_key(COMMENT, not_signed(|d| [d.request_bytes().expose(), &[0]].concat().into()));
    }
}

/// Rows 4 to 6; XFER-11, XFER-12.
fn ends(b: &mut Builder) {
    cases! { b;
        car_key_completed [Normal: XFER-01]: "a car key, to its end" => car_key("to its end", completed);
        token_completed [Normal: XFER-01]: "a token, to its end" => token("to its end", completed);
        car_key_declined [Normal: XFER-01]: "the receiver declines a car key" => car_key("declined", declined);
        token_declined [Normal: XFER-01]: "the receiver declines a token" => token("declined", declined);
        /// the receiver declines after its request was signed
        declined_after_signing [Normal: XFER-01] => car_key("declined late", |p, d| {
            signed(p, d); p.hears(phone(), d.decline("user"), d.moves(Signed, OfferDeclined));
        });
        /// the receiver cannot use the format, and says so
        format_not_supported [UnsupportedFormat: XFER-01 PAY-07] => car_key("not supported", |p, d| {
            offered(p, d); p.hears(phone(), d.decline("unsupported-format"), d.moves(Offered, OfferDeclined));
        });
        /// the owner cancels a car key on offer
        car_key_cancelled [Normal: XFER-01 XFER-11] => car_key(COMMENT, cancelled);
        /// the owner cancels a token on offer
        token_cancelled [Normal: XFER-01 XFER-11] => token(COMMENT, cancelled);
        /// an offer to a user is cancelled: all its devices are told
        cancelled_for_all_devices [Normal: XFER-11]
            => car_key("cancelled for all", |p, d| { offer(p, d, friend()); cancel(p, d, Offered, friend()); });
        /// the owner cancels after signing: the bound device is told
        cancelled_after_signing [Normal: XFER-05 XFER-11] => car_key("cancelled late", |p, d| {
            offer(p, d, friend()); sign(p, d, watch()); cancel(p, d, Signed, watch());
        });
        /// the receiver cancels before it asked
        receiver_cancels_before_asking [Normal: XFER-01 XFER-11] => car_key(COMMENT, |p, d| {
            offered(p, d); p.hears(phone(), d.cancel("user"), d.moves(Offered, OfferCancelled));
        });
        /// the receiver cancels after it was signed
        receiver_cancels_after_signing [Normal: XFER-01 XFER-11] => car_key(COMMENT, |p, d| {
            signed(p, d); p.hears(phone(), d.cancel("user"), d.moves(Signed, OfferCancelled));
        });
        /// provisioned after the owner cancelled: the credential is out, and the owner is told
        provisioned_after_cancel [AfterEnd: XFER-12] => token("provisioned after cancel", |p, d| {
            cancelled(p, d); too_late(p, d, OfferCancelled, OfferCancelled);
        });
        /// provisioned after the owner signed and cancelled
        provisioned_after_signing_and_cancel [AfterEnd: XFER-12]
            => car_key("provisioned after signing and cancel", |p, d| {
                signed(p, d); cancel(p, d, Signed, phone()); too_late(p, d, OfferCancelled, OfferCancelled);
            });
        /// provisioned after the offer expired, and a tick has said so
        provisioned_after_expiry [AfterEnd Expired: XFER-12] => token("provisioned after expiry", |p, d| {
            expired(p, d); too_late(p, d, OfferExpired, OfferExpired);
        });
        /// provisioned after the offer expired, before any tick: judged as if one had come
        provisioned_after_expiry_before_tick [AfterEnd Expired: XFER-10 XFER-12]
            => token("provisioned at expiry", |p, d| {
                offered(p, d); p.at(TWO_DAYS); too_late(p, d, Offered, OfferExpired);
            });
    }
}

/// A stranger speaks of a transfer in that state.
fn from_stranger(reach: fn(&mut Play, &Deal)) -> impl FnOnce(&mut Play, &Deal) {
    move |p, d| {
        reach(p, d);
        for said in d.messages() {
            p.rejects(stranger(), said, NotBound);
        }
    }
}

/// XFER-03, XFER-05, XFER-06.
fn binds(b: &mut Builder) {
    cases! { b;
        /// offered to a user: the second device's request is answered with a cancel, and the first keeps the key
        second_device_asks [SecondDevice: XFER-05 XFER-08] => car_key("two devices", |p, d| {
            offer(p, d, friend()); sign(p, d, watch()); second(p, d, Signed);
            complete(p, d, watch()); second(p, d, Completed);
        });
        /// a request that does not hold binds no device: the next one wins
        broken_request_binds_no_device [SecondDevice Request: XFER-05 PAY-12]
            => car_key("a broken first request", |p, d| {
                offer(p, d, friend());
                p.rejects(watch(), d.request_of(damaged(&d.request_bytes(), 50)), AttestationInvalid);
                sign(p, d, phone());
            });
        /// once a device is bound, another one of the user cannot complete, decline or cancel
        second_device_cannot_end_it [SecondDevice WrongDevice: XFER-05 XFER-06]
            => car_key("others cannot end it", |p, d| {
                offer(p, d, friend()); sign(p, d, watch());
                for end in [d.provisioned(), d.decline("user"), d.cancel("user")] { p.rejects(phone(), end, NotBound); }
                complete(p, d, watch());
            });
        /// an offer to one device: the user's other device asks
        other_device_asks [WrongDevice: XFER-06] => car_key("the other device", |p, d| {
            offered(p, d); p.rejects(watch(), d.with_other_keys().request(), NotBound); sign(p, d, phone());
        });
        /// a stranger's messages about an offer
        stranger_about_an_offer [WrongDevice: XFER-06] => car_key(COMMENT, from_stranger(offered));
        /// a stranger's messages after signing
        stranger_after_signing [WrongDevice: XFER-06] => car_key(COMMENT, from_stranger(signed));
        /// a stranger's messages after the end
        stranger_after_the_end [WrongDevice: XFER-06] => car_key(COMMENT, from_stranger(completed));
        /// a stranger says provisioned after the owner cancelled: nobody is told
        stranger_says_provisioned [WrongDevice AfterEnd: XFER-06 XFER-12] => token("a stranger provisions", |p, d| {
            cancelled(p, d); p.rejects(stranger(), d.provisioned(), NotBound);
        });
        /// messages about a transfer that nobody offered
        transfer_never_offered [RefusedPair: XFER-03] => car_key("never offered", |p, d| {
            for said in d.messages() { p.rejects(phone(), said, UnknownTransfer); }
            for event in [d.accepts(), d.declines(), d.cancels()] { p.refuses(event, UnknownTransfer); }
        });
        /// the right device speaks of another transfer
        another_transfer [RefusedPair: XFER-03] => car_key("of another transfer", |p, d| {
            offered(p, d); p.rejects(phone(), d.with_other_id().request(), UnknownTransfer);
        });
    }
}

/// Row 7; XFER-10.
fn expires(b: &mut Builder) {
    cases! { b, [Expired: XFER-10];
        /// a second before it expires nothing has ended, at its second it has
        expires_to_the_second [Expired: XFER-01 XFER-10] => car_key("to the second", |p, d| {
            offered(p, d); p.at(TWO_DAYS - 1); p.tick(&[]);
            expire(p, d, Offered); p.tick(&[]);
        });
        /// a signed key expires
        signed_key_expires [Expired: XFER-01 XFER-10]
            => car_key("a signed one", |p, d| { signed(p, d); expire(p, d, Signed); });
        /// one tick ends those that have expired and leaves the others
        one_tick_for_several => tell(|p| {
            let one = Deal::car_key("an hour").lasting(3_600);
            let two = Deal::token("half an hour").lasting(1_800);
            let three = Deal::car_key("a day").lasting(DAY);
            offered(p, &one); offered(p, &two); offered(p, &three);
            p.at(3_600); p.tick(&[one.moves(Offered, OfferExpired), two.moves(Offered, OfferExpired)]);
            sign(p, &three, phone());
        });
        /// what is asked a second before is signed
        asked_a_second_before
            => car_key("asked in time", |p, d| { offered(p, d); p.at(TWO_DAYS - 1); sign(p, d, phone()); });
        /// what is asked at its second is not signed, though no tick has come; a tick ends it
        asked_at_its_second => car_key("asked too late", |p, d| {
            offered(p, d); p.at(TWO_DAYS); p.rejects(phone(), d.request(), UnexpectedMessage); expire(p, d, Offered);
        });
        /// after expiry the answer to the same request is not sent again
        asked_again_after_expiry => car_key("asked again too late", |p, d| {
            signed(p, d); p.at(TWO_DAYS); p.rejects(phone(), d.request(), UnexpectedMessage);
        });
        /// after expiry there is nothing left to cancel or decline, before any tick
        nothing_left_to_cancel [Expired: XFER-10 XFER-11] => token("nothing to cancel", |p, d| {
            offered(p, d); p.at(TWO_DAYS + 1); p.refuses(d.cancels(), InvalidState);
            for end in [d.cancel("user"), d.decline("user")] { p.rejects(phone(), end, UnexpectedMessage); }
        });
        /// what is completed does not expire
        completed_does_not_expire [Expired: XFER-01]
            => car_key("does not expire", |p, d| { completed(p, d); p.at(2 * TWO_DAYS); p.tick(&[]); });
    }
}

/// The end of a car key leaves nothing of the owner's.
fn key_erased(end: fn(&mut Play, &Deal)) -> impl FnOnce(&mut Play, &Deal) {
    move |p, d| {
        end(p, d);
        p.erased(vec![d.secret_owner(), d.creation_request()]);
    }
}

fn token_erased(end: fn(&mut Play, &Deal)) -> impl FnOnce(&mut Play, &Deal) {
    move |p, d| {
        end(p, d);
        p.erased(vec![d.secret_token()]);
    }
}

/// XFER-14.
fn erases(b: &mut Builder) {
    cases! { b, [Erased: XFER-14];
        /// a car key, cancelled by the owner: the owner's private key is gone
        car_key_cancelled_and_erased => car_key(COMMENT, key_erased(cancelled));
        /// a car key, declined by the receiver: the owner's private key is gone
        car_key_declined_and_erased => car_key(COMMENT, key_erased(declined));
        /// a car key, expired: the owner's private key is gone
        car_key_expired_and_erased [Erased Expired: XFER-14] => car_key(COMMENT, key_erased(expired));
        /// a car key, completed: the owner's private key is gone
        car_key_completed_and_erased => car_key(COMMENT, key_erased(completed));
        /// a token, cancelled: it is gone
        token_cancelled_and_erased => token(COMMENT, token_erased(cancelled));
        /// a token, declined: it is gone
        token_declined_and_erased => token(COMMENT, token_erased(declined));
        /// a token, expired: it is gone
        token_expired_and_erased [Erased Expired: XFER-14] => token(COMMENT, token_erased(expired));
        /// a token, completed: it is gone
        token_completed_and_erased => token(COMMENT, token_erased(completed));
        /// signed: the owner's private key has done its work; cancelled: the answer is gone too
        signed_cancelled_and_erased => car_key("signed and cancelled", |p, d| {
            signed(p, d); cancel(p, d, Signed, phone()); p.erased(vec![d.secret_owner(), d.import_request()]);
        });
    }
}

/// XFER-15.
fn restarts(b: &mut Builder) {
    cases! { b;
        /// a car key, with a restart after every step
        restart_after_every_step [Restart SecondDevice: XFER-15] => car_key("restarts", |p, d| {
            p.restart(); offer(p, d, friend()); p.restart(); sign(p, d, watch()); p.restart();
            second(p, d, Signed); p.restart();
            p.rejects(watch(), d.with_other_keys().request(), ConflictingRequest);
            sign_again(p, d, watch()); p.restart(); complete(p, d, watch()); p.restart(); second(p, d, Completed);
        });
        /// a token, with a restart before it expires
        restart_before_expiry [Restart Expired: XFER-10 XFER-15] => token("expires after a restart", |p, d| {
            let d = &d.lasting(60);
            offered(p, d); p.restart(); expire(p, d, Offered); p.restart();
            too_late(p, d, OfferExpired, OfferExpired);
        });
    }
}

fn pairs(b: &mut Builder) {
    // `provisioned` after the end: XFER-12.
    refused_pairs! { b, phone(), car_key;
        Offered offered [own_cancel request decline cancel];
        Signed signed [own_cancel request provisioned decline cancel];
        Completed completed [];
        OfferDeclined declined [];
        OfferCancelled cancelled [provisioned];
        OfferExpired expired [provisioned];
    }
    refused_pairs! { b, phone(), token;
        Offered offered [own_cancel provisioned decline cancel];
        Completed completed [];
        OfferDeclined declined [];
        OfferCancelled cancelled [provisioned];
        OfferExpired expired [provisioned];
    }
}

/// PAY-06, PAY-11 as far as the transfer is concerned: it stays as it was.
fn broken_payloads(b: &mut Builder) {
    cases! { b;
        /// a message that cannot be read changes nothing
        message_that_cannot_be_read [Payload: PAY-06 PAY-11] => car_key("cannot be read", |p, d| {
            offered(p, d);
            let mut padding = d.request().0; padding.pop(); padding.push(1);
            for said in [padding.into(), Vec::new().into()] { p.rejects(phone(), said, InvalidPayload); }
            sign(p, d, phone());
        });
        /// a decline under another format than that of the offer: types other than requests stand under any
        decline_under_another_format [Payload: PAY-08] => car_key("another format", |p, d| {
            let decline = Content::Decline { reason: "user".to_owned() };
            offered(p, d); p.hears(phone(), d.under(AUTHORIZATION_TOKEN, decline), d.moves(Offered, OfferDeclined));
        });
        /// the sender's own offer comes back from another device of its user
        own_offer_comes_back [Duplicate: XFER-02]
            => car_key("comes back", |p, d| { offered(p, d); p.rejects(sender(), d.offer(), DuplicateTransfer); });
    }
}
