//! Family `transfer_receiver`: the receiver's half of the table of profile section 9.

use super::Builder;
use super::transfer::{
    COMMENT, Deal, Outcome, Play, START, TWO_DAYS, car_key, damaged, device, notes, phone,
    refused_pairs, sender, stranger, tell, token,
};
use tigress_signal::error_code::ErrorCode::{
    AttestationInvalid, DuplicateTransfer, InvalidKey, InvalidPayload, InvalidState, NotBound,
    UnexpectedMessage, UnknownTransfer,
};
use tigress_signal::identifier::Address;
use tigress_signal::primitives::SecretBytes;
use tigress_signal::timestamp::Timestamp;
use tigress_signal::transfer::StateName::{
    self, Cancelled, Declined, Expired, Failed, Invited, Provisioned, Requested,
};
use tigress_signal::transfer::{Content, Provisioning};

/// A format that nobody supports.
const LOYALTY_CARD: &str = "digitalwallet.loyalty";

pub(super) fn generate(b: &mut Builder) {
    notes(b);
    offers(b);
    accepts(b);
    attests(b);
    ends(b);
    binds(b);
    expires(b);
    erases(b);
    restarts(b);
    pairs(b);
}

/// The owner's other device.
fn owners_watch() -> Address {
    device("owner", 2)
}

fn invited(p: &mut Play, d: &Deal) {
    p.hears(sender(), d.offer(), d.moves(None, Invited));
}

/// The user accepts what the receiver is invited to.
fn accept(p: &mut Play, d: &Deal) {
    if d.token.is_some() {
        let outcome = d.moves(Invited, Provisioned);
        p.does(d.accepts(), outcome.sending(sender(), d.provisioned()));
    } else {
        let outcome = d.moves(Invited, Requested).sending(sender(), d.request());
        p.draws(d.accepts(), &d.receiver, outcome);
    }
}

fn requested(p: &mut Play, d: &Deal) {
    invited(p, d);
    accept(p, d);
}

/// The owner's answer arrives.
fn import(p: &mut Play, d: &Deal) {
    let outcome = d.moves(Requested, Provisioned);
    p.hears(
        sender(),
        d.import(),
        outcome.sending(sender(), d.provisioned()),
    );
}

fn provisioned(p: &mut Play, d: &Deal) {
    requested(p, d);
    if d.token.is_none() {
        import(p, d);
    }
}

fn declined(p: &mut Play, d: &Deal) {
    invited(p, d);
    let outcome = d.moves(Invited, Declined);
    p.does(d.declines(), outcome.sending(sender(), d.decline("user")));
}

fn cancel(p: &mut Play, d: &Deal, before: StateName) {
    let outcome = d.moves(before, Cancelled);
    p.does(d.cancels(), outcome.sending(sender(), d.cancel("user")));
}

fn cancelled(p: &mut Play, d: &Deal) {
    invited(p, d);
    cancel(p, d, Invited);
}

fn cancelled_after_asking(p: &mut Play, d: &Deal) {
    requested(p, d);
    cancel(p, d, Requested);
}

fn cancelled_by_sender(p: &mut Play, d: &Deal) {
    invited(p, d);
    p.hears(sender(), d.cancel("user"), d.moves(Invited, Cancelled));
}

fn cancelled_by_sender_after_asking(p: &mut Play, d: &Deal) {
    requested(p, d);
    p.hears(sender(), d.cancel("user"), d.moves(Requested, Cancelled));
}

fn expire(p: &mut Play, d: &Deal, before: StateName) {
    p.at(d.expires - START);
    p.tick(&[d.moves(before, Expired)]);
}

fn expired(p: &mut Play, d: &Deal) {
    invited(p, d);
    expire(p, d, Invited);
}

fn expired_after_asking(p: &mut Play, d: &Deal) {
    requested(p, d);
    expire(p, d, Requested);
}

fn failed(p: &mut Play, d: &Deal) {
    requested(p, d);
    fail(p, d, damaged(&d.import_bytes(), 95));
}

/// An answer that does not hold: the transfer has failed, and the owner is told (XFER-13).
fn fail(p: &mut Play, d: &Deal, import: SecretBytes) {
    let outcome = d.moves(Requested, Failed).reporting(AttestationInvalid);
    let outcome = outcome.sending(sender(), d.cancel("attestation-invalid"));
    p.hears(sender(), d.import_of(import), outcome);
}

/// An offer in a format that the receiver does not support: it is declined at once.
fn unsupported(p: &mut Play, d: &Deal) {
    let provisioning = Provisioning::Unsupported;
    let expires = Timestamp(d.expires);
    let offer = Content::ProvisioningInformation {
        provisioning,
        expires,
    };
    let reason = "unsupported-format".to_owned();
    let decline = d.under(LOYALTY_CARD, Content::Decline { reason });
    let outcome = d.moves(None, Declined).sending(sender(), decline);
    p.hears(sender(), d.under(LOYALTY_CARD, offer), outcome);
}

/// An offer of a car key with those bytes as its creation request: nothing is known of it then.
fn creation_request(bytes: Vec<u8>) -> impl FnOnce(&mut Play, &Deal) {
    |p, d| {
        let offer = d.offer_of(Provisioning::KeyCreationRequest(bytes.into()));
        p.rejects(sender(), offer, InvalidKey);
        p.refuses(d.accepts(), UnknownTransfer);
        invited(p, d);
    }
}

/// Row 8; XFER-02, PAY-07, PAY-12.
fn offers(b: &mut Builder) {
    cases! { b;
        /// a car key is offered
        car_key_offered [Normal: XFER-01] => car_key("offered", invited);
        /// a token is offered: nothing is provisioned yet
        token_offered [Normal: XFER-01 XFER-09] => token("offered", invited);
        /// the same offer again
        same_offer_again [Duplicate: XFER-02]
            => car_key("offered again", |p, d| { invited(p, d); p.rejects(sender(), d.offer(), DuplicateTransfer); });
        /// another credential under a known id: the first offer stands, and its token is the one provisioned
        another_credential_under_known_id [Duplicate: XFER-02] => token("the first offer", |p, d| {
            let other = d.with(|other| other.token = Some(b"another token".to_vec())).offer();
            invited(p, d); p.rejects(sender(), other.clone(), DuplicateTransfer);
            p.rejects(stranger(), other, DuplicateTransfer); accept(p, d);
        });
        /// a stranger offers under the id of a transfer that has ended
        id_of_an_ended_transfer [Duplicate WrongDevice: XFER-02] => car_key("an id of old", |p, d| {
            declined(p, d); p.rejects(stranger(), d.offer(), DuplicateTransfer);
        });
        /// a format that is not supported is declined at once
        unsupported_format [UnsupportedFormat: PAY-07] => car_key("not supported", unsupported);
        /// once declined for its format, the user can accept no more
        unsupported_format_accepted [UnsupportedFormat RefusedPair: PAY-07 XFER-01]
            => car_key("not supported, then accepted", |p, d| {
                unsupported(p, d); p.refuses(d.accepts(), InvalidState);
                p.rejects(sender(), d.offer(), DuplicateTransfer);
            });
        /// a car key's creation request is empty
        empty_creation_request [Payload: PAY-12] => car_key(COMMENT, creation_request(Vec::new()));
        /// a car key's creation request has 31 bytes
        creation_request_of_31_bytes [Payload: PAY-12] => car_key(COMMENT, creation_request(vec![7; 31]));
        /// a car key's creation request has 33 bytes
        creation_request_of_33_bytes [Payload: PAY-12] => car_key(COMMENT, creation_request(vec![7; 33]));
        /// an offer that cannot be read leaves no transfer behind
        offer_that_cannot_be_read [Payload: PAY-11] => car_key("cannot be read", |p, d| {
            let mut offer = d.offer(); offer.0.pop();
            p.rejects(sender(), offer, InvalidPayload); p.refuses(d.accepts(), UnknownTransfer);
        });
        /// three offers of two senders do not touch each other
        three_offers_of_two_senders [Normal: XFER-01 XFER-02] => tell(|p| {
            let (one, two) = (Deal::car_key("one of three received"), Deal::car_key("two of three received"));
            let three = Deal::token("three of three received");
            invited(p, &one); p.hears(stranger(), two.offer(), two.moves(None, Invited)); invited(p, &three);
            accept(p, &one); accept(p, &three);
            p.does(two.declines(), two.moves(Invited, Declined).sending(stranger(), two.decline("user")));
            import(p, &one);
        });
    }
}

/// Rows 9 and 10; XFER-09.
fn accepts(b: &mut Builder) {
    cases! { b;
        /// a token is accepted: it is provisioned, and the sender is told
        token_accepted [Normal: XFER-01 XFER-09] => token("accepted", provisioned);
        /// a car key is accepted: a key of its own, and a request to sign it
        car_key_accepted [Normal: XFER-01 XFER-09 PAY-12] => car_key("accepted", requested);
        /// accepted twice: no second key
        accepted_twice [RefusedPair: XFER-01 XFER-08] => car_key("accepted twice", |p, d| {
            requested(p, d); p.refuses(d.accepts(), InvalidState);
            import(p, d); p.refuses(d.accepts(), InvalidState);
        });
        /// an import request before the user has accepted: nothing is provisioned without consent
        import_before_consent [RefusedPair: XFER-09] => car_key("before consent", |p, d| {
            invited(p, d); p.rejects(sender(), d.import(), UnexpectedMessage); accept(p, d); import(p, d);
        });
        /// what nobody offered is accepted, declined and cancelled
        transfer_never_offered [RefusedPair: XFER-03] => car_key("never offered", |p, d| {
            for event in [d.accepts(), d.declines(), d.cancels()] { p.refuses(event, UnknownTransfer); }
            for said in d.messages() { p.rejects(sender(), said, UnknownTransfer); }
            p.tick(&[]);
        });
    }
}

/// An answer of the owner that does not hold. What has failed stays failed, whatever comes.
fn forged(answer: impl FnOnce(&Deal) -> SecretBytes) -> impl FnOnce(&mut Play, &Deal) {
    |p, d| {
        requested(p, d);
        fail(p, d, answer(d));
        p.rejects(sender(), d.import(), UnexpectedMessage);
    }
}

/// An answer of another owner to the same request.
fn of_another_owner(d: &Deal) -> SecretBytes {
    let owner = d.with_other_keys().owner;
    d.with(|other| other.owner = owner).import_bytes()
}

/// An answer to another device's request.
fn for_another_device(d: &Deal) -> SecretBytes {
    let receiver = d.with_other_keys().receiver;
    d.with(|other| other.receiver = receiver).import_bytes()
}

/// Rows 11 and 12; XFER-13.
fn attests(b: &mut Builder) {
    cases! { b;
        /// the owner's answer holds
        answer_holds [Normal: XFER-01 XFER-13] => car_key("holds", provisioned);
        /// the answer comes twice: it is provisioned once
        answer_comes_twice [Attestation: XFER-01] => car_key("answered twice", |p, d| {
            provisioned(p, d); p.rejects(sender(), d.import(), UnexpectedMessage);
        });
    }
    cases! { b, [Attestation: XFER-01 XFER-13];
        /// the owner's answer does not hold: its signature is damaged
        damaged_signature => car_key(COMMENT, forged(|d| damaged(&d.import_bytes(), 32)));
        /// the owner's answer does not hold: the key that signs it is not the one of the offer
        another_owners_key => car_key(COMMENT, forged(of_another_owner));
        /// the owner's answer does not hold: the offer's key stands before a signature by another one
        another_owners_signature => car_key(COMMENT, forged(|d| {
            [&d.import_bytes().expose()[..32], &of_another_owner(d).expose()[32..]].concat().into()
        }));
        /// the owner's answer does not hold: it is for the key of another device
        answer_for_another_device => car_key(COMMENT, forged(for_another_device));
        /// the owner's answer does not hold: it is of another transfer: a replay
        answer_of_another_transfer => car_key(COMMENT, forged(|d| d.with_other_id().import_bytes()));
        /// the owner's answer does not hold: it is the receiver's own request, sent back
        own_request_sent_back => car_key(COMMENT, forged(Deal::request_bytes));
        /// the owner's answer does not hold: it is empty
        empty_answer => car_key(COMMENT, forged(|_| Vec::new().into()));
        /// the owner's answer does not hold: it has 95 bytes
        answer_of_95_bytes => car_key(COMMENT, forged(|d| d.import_bytes().expose()[..95].to_vec().into()));
        /// the owner's answer does not hold: it has 97 bytes
        answer_of_97_bytes => car_key(COMMENT, forged(|d| [d.import_bytes().expose(), &[0]].concat().into()));
    }
}

/// The sender cancels after the receiver asked; its answer comes too late.
fn answer_after_cancel(reason: &str) -> impl FnOnce(&mut Play, &Deal) {
    move |p, d| {
        requested(p, d);
        p.hears(sender(), d.cancel(reason), d.moves(Requested, Cancelled));
        p.rejects(sender(), d.import(), UnexpectedMessage);
    }
}

/// Rows 13 to 15; XFER-11.
fn ends(b: &mut Builder) {
    cases! { b, [Normal: XFER-01 XFER-11];
        car_key_declined [Normal: XFER-01]: "a car key is declined" => car_key(COMMENT, declined);
        car_key_cancelled: "a car key is cancelled by the receiver" => car_key(COMMENT, cancelled);
        car_key_cancelled_by_sender: "a car key is cancelled by the sender" => car_key(COMMENT, cancelled_by_sender);
        token_declined [Normal: XFER-01]: "a token is declined" => token(COMMENT, declined);
        token_cancelled: "a token is cancelled by the receiver" => token(COMMENT, cancelled);
        token_cancelled_by_sender: "a token is cancelled by the sender" => token(COMMENT, cancelled_by_sender);
        /// the receiver cancels after asking
        cancelled_after_asking => car_key("cancelled after asking", |p, d| {
            cancelled_after_asking(p, d); p.rejects(sender(), d.import(), UnexpectedMessage);
        });
        /// the sender cancels after the receiver asked, with reason `user`
        sender_cancels_for_its_user [Normal: XFER-01 XFER-05 XFER-11]
            => car_key(COMMENT, answer_after_cancel("user"));
        /// the sender cancels after the receiver asked, with reason `already-claimed`
        sender_cancels_as_already_claimed [Normal SecondDevice: XFER-01 XFER-05 XFER-11]
            => car_key(COMMENT, answer_after_cancel("already-claimed"));
        /// what is provisioned cannot be cancelled by either side
        provisioned_cannot_be_cancelled [RefusedPair: XFER-11] => car_key("stays provisioned", |p, d| {
            provisioned(p, d); p.refuses(d.cancels(), InvalidState);
            p.rejects(sender(), d.cancel("user"), UnexpectedMessage);
        });
    }
}

/// A stranger and the owner's other device speak of a transfer in that state.
fn from_others(reach: fn(&mut Play, &Deal)) -> impl FnOnce(&mut Play, &Deal) {
    move |p, d| {
        reach(p, d);
        for said in d.messages() {
            p.rejects(stranger(), said.clone(), NotBound);
            p.rejects(owners_watch(), said, NotBound);
        }
    }
}

/// XFER-06.
fn binds(b: &mut Builder) {
    cases! { b;
        /// others' messages about an offer
        others_about_an_offer [WrongDevice: XFER-06] => car_key(COMMENT, from_others(invited));
        /// others' messages after asking
        others_after_asking [WrongDevice: XFER-06] => car_key(COMMENT, from_others(requested));
        /// others' messages after provisioning
        others_after_provisioning [WrongDevice: XFER-06] => car_key(COMMENT, from_others(provisioned));
        /// the owner's other device answers: the receiver waits for the one that offered
        owners_other_device_answers [WrongDevice: XFER-06] => car_key("the other device answers", |p, d| {
            requested(p, d); p.rejects(owners_watch(), d.import(), NotBound); import(p, d);
        });
        /// the right device speaks of another transfer
        another_transfer [RefusedPair: XFER-03] => car_key("of another transfer", |p, d| {
            let other = d.with_other_id();
            requested(p, d); p.rejects(sender(), other.import(), UnknownTransfer);
            for from in [sender(), phone()] { p.rejects(from, other.cancel("user"), UnknownTransfer); }
        });
    }
}

/// What is accepted at its second is not, though no tick has come.
fn accepted_too_late(p: &mut Play, d: &Deal) {
    invited(p, d);
    p.at(d.expires - START);
    p.refuses(d.accepts(), InvalidState);
    p.tick(&[d.moves(Invited, Expired)]);
}

/// Row 16; XFER-10.
fn expires(b: &mut Builder) {
    cases! { b, [Expired: XFER-10];
        /// a second before it expires nothing has ended, at its second it has
        expires_to_the_second [Expired: XFER-01 XFER-10] => token("to the second", |p, d| {
            invited(p, d); p.at(TWO_DAYS - 1); p.tick(&[]);
            expire(p, d, Invited); p.tick(&[]);
        });
        /// a request that nobody answers expires
        unanswered_request_expires [Expired: XFER-01 XFER-10] => car_key("nobody answers", expired_after_asking);
        /// a token is accepted at its second: it is not provisioned, though no tick has come
        token_accepted_at_its_second => token(COMMENT, accepted_too_late);
        /// a car key is accepted at its second: nothing is asked for
        car_key_accepted_at_its_second => car_key(COMMENT, accepted_too_late);
        /// a token is accepted a second before
        token_accepted_a_second_before
            => token("accepted in time", |p, d| { invited(p, d); p.at(TWO_DAYS - 1); accept(p, d); });
        /// the owner's answer comes at its second: it is not provisioned
        answer_at_its_second => car_key("answered too late", |p, d| {
            requested(p, d); p.at(TWO_DAYS); p.rejects(sender(), d.import(), UnexpectedMessage);
            expire(p, d, Requested); p.rejects(sender(), d.import(), UnexpectedMessage);
        });
        /// the owner's answer comes a second before
        answer_a_second_before
            => car_key("answered in time", |p, d| { requested(p, d); p.at(TWO_DAYS - 1); import(p, d); });
        /// a broken answer after expiry: the transfer has expired, not failed
        broken_answer_after_expiry [Expired Attestation: XFER-10 XFER-13]
            => car_key("a broken answer too late", |p, d| {
                requested(p, d); p.at(TWO_DAYS);
                p.rejects(sender(), d.import_of(damaged(&d.import_bytes(), 95)), UnexpectedMessage);
                expire(p, d, Requested);
            });
        /// after expiry there is nothing left to decline or cancel, before any tick
        nothing_left_to_decline [Expired: XFER-10 XFER-11] => token("nothing to decline", |p, d| {
            invited(p, d); p.at(TWO_DAYS + 1);
            p.refuses(d.declines(), InvalidState); p.refuses(d.cancels(), InvalidState);
            p.rejects(sender(), d.cancel("user"), UnexpectedMessage);
        });
        /// an offer that arrives after its expiry: it cannot be accepted, and the next tick ends it
        offer_arrives_after_expiry => token("arrives too late", |p, d| {
            p.at(TWO_DAYS + 5); invited(p, d); p.refuses(d.accepts(), InvalidState);
            p.tick(&[d.moves(Invited, Expired)]);
        });
        /// what is provisioned does not expire
        provisioned_does_not_expire [Expired: XFER-01]
            => token("does not expire", |p, d| { provisioned(p, d); p.at(2 * TWO_DAYS); p.tick(&[]); });
    }
}

fn token_erased(end: fn(&mut Play, &Deal)) -> impl FnOnce(&mut Play, &Deal) {
    move |p, d| {
        end(p, d);
        p.erased(vec![d.secret_token()]);
    }
}

/// The end of a car key leaves neither the receiver's key nor the owner's request.
fn key_erased(end: fn(&mut Play, &Deal)) -> impl FnOnce(&mut Play, &Deal) {
    move |p, d| {
        end(p, d);
        p.erased(vec![d.secret_receiver(), d.creation_request()]);
    }
}

/// XFER-14.
fn erases(b: &mut Builder) {
    cases! { b, [Erased: XFER-14];
        /// a token, declined: it is gone
        token_declined_and_erased => token(COMMENT, token_erased(declined));
        /// a token, cancelled: it is gone
        token_cancelled_and_erased => token(COMMENT, token_erased(cancelled));
        /// a token, expired: it is gone
        token_expired_and_erased [Erased Expired: XFER-14] => token(COMMENT, token_erased(expired));
        /// a car key, declined: its key and the owner's request are gone
        car_key_declined_and_erased => car_key(COMMENT, key_erased(declined));
        /// a car key, cancelled: its key and the owner's request are gone
        car_key_cancelled_and_erased => car_key(COMMENT, key_erased(cancelled));
        /// a car key, expired: its key and the owner's request are gone
        car_key_expired_and_erased [Erased Expired: XFER-14] => car_key(COMMENT, key_erased(expired));
        /// a car key, failed: its key and the owner's request are gone
        car_key_failed_and_erased [Erased Attestation: XFER-14] => car_key(COMMENT, key_erased(failed));
        /// a car key, cancelled after asking: its key and the owner's request are gone
        car_key_cancelled_late_and_erased => car_key(COMMENT, key_erased(cancelled_after_asking));
        /// a car key, expired after asking: its key and the owner's request are gone
        car_key_expired_late_and_erased [Erased Expired: XFER-14] => car_key(COMMENT, key_erased(expired_after_asking));
        /// a car key, cancelled by the sender after asking: its key and the owner's request are gone
        car_key_cancelled_by_sender_and_erased => car_key(COMMENT, key_erased(cancelled_by_sender_after_asking));
    }
}

/// XFER-15.
fn restarts(b: &mut Builder) {
    cases! { b;
        /// a car key, with a restart after every step
        restart_after_every_step [Restart: XFER-15] => car_key("restarts", |p, d| {
            p.restart(); invited(p, d); p.restart(); accept(p, d); p.restart(); p.refuses(d.accepts(), InvalidState);
            import(p, d); p.restart(); p.rejects(sender(), d.import(), UnexpectedMessage);
        });
        /// the key that was asked for before the restart is the one that is attested
        another_key_after_restart [Restart Attestation: XFER-13 XFER-15]
            => car_key("another key after a restart", |p, d| {
                requested(p, d); p.restart(); fail(p, d, for_another_device(d)); p.restart();
                p.rejects(sender(), d.import(), UnexpectedMessage);
            });
        /// an offer expires after a restart
        expires_after_restart [Restart Expired: XFER-10 XFER-15] => token("expires after a restart", |p, d| {
            let d = &d.lasting(60);
            invited(p, d); p.restart(); p.at(60); p.refuses(d.accepts(), InvalidState); expire(p, d, Invited);
            p.restart(); p.rejects(sender(), d.offer(), DuplicateTransfer);
        });
    }
}

fn pairs(b: &mut Builder) {
    refused_pairs! { b, sender(), car_key;
        Invited invited [own_accept own_decline own_cancel cancel];
        Requested requested [import own_cancel cancel];
        Provisioned provisioned [];
        Declined declined [];
        Cancelled cancelled [];
        Expired expired [];
        Failed failed [];
    }
    refused_pairs! { b, sender(), token;
        Invited invited [own_accept own_decline own_cancel cancel];
        Provisioned provisioned [];
        Declined declined [];
        Cancelled cancelled [];
        Expired expired [];
    }
}
