//! Family `transfer_sender`: the sender's half of the table of profile section 9.

use super::Builder;
use super::transfer::{
    Deal, Flow, Play, Reach, START, TWO_DAYS, case, damaged, message, notes, outgoing, phone,
    refused_pairs_of, sender, stranger, watch,
};
use tigress_signal::conformance::operation::transfers::OutcomeFields;
use tigress_signal::error_code::ErrorCode::{
    AttestationInvalid, ConflictingRequest, DuplicateTransfer, InvalidPayload, InvalidState,
    NotBound, ProvisionedAfterEnd, UnexpectedMessage, UnknownTransfer,
};
use tigress_signal::identifier::{Address, Recipient};
use tigress_signal::primitives::SecretBytes;
use tigress_signal::timestamp::DAY;
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
    refused_pairs(b);
    broken_payloads(b);
}

/// The offer of the deal: what the first row of the table says.
fn offer(p: &mut Play, deal: &Deal, to: impl Into<Recipient>) {
    let to = to.into();
    let lifetime = deal.expires - START;
    let lifetime = (lifetime != TWO_DAYS).then_some(lifetime);
    p.draws(
        deal.offers(to, lifetime),
        &deal.drawn(),
        OutcomeFields {
            sends: Some(outgoing(to, deal.offer())),
            ..deal.moves(None, Offered)
        },
    );
}

/// The device asks, and the owner signs.
fn sign(p: &mut Play, deal: &Deal, from: Address) {
    p.does(
        message(from, deal.request()),
        OutcomeFields {
            sends: Some(outgoing(from, deal.import())),
            ..deal.moves(Some(Offered), Signed)
        },
    );
}

fn offered(p: &mut Play, deal: &Deal) {
    offer(p, deal, phone());
}

fn signed(p: &mut Play, deal: &Deal) {
    offered(p, deal);
    sign(p, deal, phone());
}

fn completed(p: &mut Play, deal: &Deal) {
    if deal.token.is_some() {
        offered(p, deal);
    } else {
        signed(p, deal);
    }
    let before = if deal.token.is_some() {
        Offered
    } else {
        Signed
    };
    p.does(
        message(phone(), deal.provisioned()),
        deal.moves(Some(before), Completed),
    );
}

fn declined(p: &mut Play, deal: &Deal) {
    offered(p, deal);
    p.does(
        message(phone(), deal.decline("user")),
        deal.moves(Some(Offered), OfferDeclined),
    );
}

fn cancelled(p: &mut Play, deal: &Deal) {
    offered(p, deal);
    cancel(p, deal, Offered, phone().into());
}

fn cancel(p: &mut Play, deal: &Deal, before: StateName, to: Recipient) {
    p.does(
        deal.cancels(),
        OutcomeFields {
            sends: Some(outgoing(to, deal.cancel("user"))),
            ..deal.moves(Some(before), OfferCancelled)
        },
    );
}

fn expired(p: &mut Play, deal: &Deal) {
    offered(p, deal);
    p.at(deal.expires - START);
    p.tick(&[deal.moves(Some(Offered), OfferExpired)]);
}

/// It arrives after the end, and the user is told that the credential is out (XFER-12).
fn too_late(p: &mut Play, deal: &Deal, state: (StateName, StateName)) {
    p.does(
        message(phone(), deal.provisioned()),
        OutcomeFields {
            report: Some(ProvisionedAfterEnd),
            ..deal.moves(Some(state.0), state.1)
        },
    );
}

/// Row 1; XFER-02, XFER-04, XFER-10.
fn offers(b: &mut Builder) {
    case(
        b,
        (
            "a car key to a device",
            &["Normal"],
            &["XFER-01", "XFER-02", "PAY-13"],
        ),
        |p| offer(p, &Deal::car_key("to a device"), phone()),
    );
    case(
        b,
        (
            "a car key to all devices of a user",
            &["Normal"],
            &["XFER-01"],
        ),
        |p| {
            offer(
                p,
                &Deal::car_key("to a user"),
                Recipient::User(phone().user_id),
            );
        },
    );
    case(
        b,
        ("a token to a device", &["Normal"], &["XFER-01", "XFER-04"]),
        |p| offer(p, &Deal::token("to a device"), phone()),
    );
    case(
        b,
        (
            "a token to all devices of a user: each of them could use it",
            &["SecondDevice"],
            &["XFER-04"],
        ),
        |p| {
            let deal = Deal::token("to a user");
            p.refuses(
                deal.offers(Recipient::User(phone().user_id), None),
                InvalidState,
            );
        },
    );
    for (comment, seconds) in [
        ("a lifetime of one second, the shortest", 1),
        ("a lifetime of thirty days, the longest", 30 * DAY),
        ("a lifetime of two days that is asked for", TWO_DAYS),
    ] {
        case(b, (comment, &["Lifetime"], &["XFER-10"]), |p| {
            let deal = Deal::car_key(comment).lasting(seconds);
            let to = phone().into();
            p.draws(
                deal.offers(to, Some(seconds)),
                &deal.drawn(),
                OutcomeFields {
                    sends: Some(outgoing(to, deal.offer())),
                    ..deal.moves(None, Offered)
                },
            );
        });
    }
    for (comment, seconds) in [
        ("no time at all", 0),
        ("a second more than thirty days", 30 * DAY + 1),
        ("the longest that 64 bits hold: the sum overflows", u64::MAX),
    ] {
        case(b, (comment, &["Lifetime"], &["XFER-10"]), |p| {
            let deal = Deal::car_key(comment);
            p.refuses(deal.offers(phone().into(), Some(seconds)), InvalidState);
        });
    }
    case(
        b,
        (
            "three transfers at once do not touch each other",
            &["Normal"],
            &["XFER-01", "XFER-02"],
        ),
        |p| {
            let (one, two, three) = (
                Deal::car_key("one of three"),
                Deal::car_key("two of three"),
                Deal::token("three of three"),
            );
            for deal in [&one, &two, &three] {
                offered(p, deal);
            }
            sign(p, &two, phone());
            cancel(p, &one, Offered, phone().into());
            p.does(
                message(phone(), three.provisioned()),
                three.moves(Some(Offered), Completed),
            );
            p.does(
                message(phone(), two.provisioned()),
                two.moves(Some(Signed), Completed),
            );
        },
    );
}

/// Rows 2 and 3; XFER-07, PAY-12.
fn signs(b: &mut Builder) {
    case(
        b,
        (
            "the receiver asks, the owner signs",
            &["Normal"],
            &["XFER-01", "PAY-12"],
        ),
        |p| signed(p, &Deal::car_key("signs")),
    );
    case(
        b,
        (
            "the same request comes again: the same answer goes again, and nothing is drawn",
            &["Request"],
            &["XFER-01", "XFER-07"],
        ),
        |p| {
            let deal = Deal::car_key("asked twice");
            signed(p, &deal);
            for _ in 0..2 {
                p.does(
                    message(phone(), deal.request()),
                    OutcomeFields {
                        sends: Some(outgoing(phone(), deal.import())),
                        ..deal.moves(Some(Signed), Signed)
                    },
                );
            }
        },
    );
    case(
        b,
        (
            "a second request with another key: nothing is signed, and the first stands",
            &["Request"],
            &["XFER-07"],
        ),
        |p| {
            let deal = Deal::car_key("another request");
            signed(p, &deal);
            let other = deal.with_other_keys();
            p.refuses(message(phone(), other.request()), ConflictingRequest);
            p.does(
                message(phone(), deal.provisioned()),
                deal.moves(Some(Signed), Completed),
            );
        },
    );
    case(
        b,
        (
            "a second request that differs in its signature alone",
            &["Request"],
            &["XFER-07"],
        ),
        |p| {
            let deal = Deal::car_key("another signature");
            signed(p, &deal);
            let request = deal.request_of(damaged(&deal.request_bytes(), 95));
            p.refuses(message(phone(), request), ConflictingRequest);
        },
    );
    let cut = |bytes: SecretBytes, length: usize| -> SecretBytes {
        bytes
            .expose()
            .iter()
            .copied()
            .chain([0])
            .take(length)
            .collect::<Vec<_>>()
            .into()
    };
    for (comment, change) in [
        (
            "the request's signature is damaged: who asks has not shown that the key is theirs",
            (|deal| damaged(&deal.request_bytes(), 40)) as fn(&Deal) -> SecretBytes,
        ),
        ("the request's key is damaged", |deal| {
            damaged(&deal.request_bytes(), 3)
        }),
        (
            "the request was made for another transfer: a replay",
            |deal| deal.with_other_id().request_bytes(),
        ),
        (
            "an import request where a signing request should be",
            |deal| deal.import_bytes(),
        ),
        ("an empty request", |_| Vec::new().into()),
    ] {
        case(b, (comment, &["Request"], &["PAY-12"]), |p| {
            let deal = Deal::car_key(comment);
            offered(p, &deal);
            p.refuses(
                message(phone(), deal.request_of(change(&deal))),
                AttestationInvalid,
            );
            sign(p, &deal, phone());
        });
    }
    for (comment, length) in [("a request of 95 bytes", 95), ("a request of 97 bytes", 97)] {
        case(b, (comment, &["Request"], &["PAY-12"]), |p| {
            let deal = Deal::car_key(comment);
            offered(p, &deal);
            let request = cut(deal.request_bytes(), length);
            p.refuses(
                message(phone(), deal.request_of(request)),
                AttestationInvalid,
            );
        });
    }
}

/// Rows 4 to 6; XFER-11, XFER-12.
fn ends(b: &mut Builder) {
    case(
        b,
        ("a car key, to its end", &["Normal"], &["XFER-01"]),
        |p| completed(p, &Deal::car_key("to its end")),
    );
    case(b, ("a token, to its end", &["Normal"], &["XFER-01"]), |p| {
        completed(p, &Deal::token("to its end"));
    });
    case(
        b,
        ("the receiver declines a car key", &["Normal"], &["XFER-01"]),
        |p| declined(p, &Deal::car_key("declined")),
    );
    case(
        b,
        ("the receiver declines a token", &["Normal"], &["XFER-01"]),
        |p| declined(p, &Deal::token("declined")),
    );
    case(
        b,
        (
            "the receiver declines after its request was signed",
            &["Normal"],
            &["XFER-01"],
        ),
        |p| {
            let deal = Deal::car_key("declined late");
            signed(p, &deal);
            p.does(
                message(phone(), deal.decline("user")),
                deal.moves(Some(Signed), OfferDeclined),
            );
        },
    );
    case(
        b,
        (
            "the receiver cannot use the format, and says so",
            &["UnsupportedFormat"],
            &["XFER-01", "PAY-07"],
        ),
        |p| {
            let deal = Deal::car_key("not supported");
            offered(p, &deal);
            p.does(
                message(phone(), deal.decline("unsupported-format")),
                deal.moves(Some(Offered), OfferDeclined),
            );
        },
    );
    for (comment, stateless) in [
        ("the owner cancels a car key on offer", false),
        ("the owner cancels a token on offer", true),
    ] {
        case(b, (comment, &["Normal"], &["XFER-01", "XFER-11"]), |p| {
            let deal = if stateless {
                Deal::token(comment)
            } else {
                Deal::car_key(comment)
            };
            cancelled(p, &deal);
        });
    }
    case(
        b,
        (
            "an offer to a user is cancelled: all its devices are told",
            &["Normal"],
            &["XFER-11"],
        ),
        |p| {
            let deal = Deal::car_key("cancelled for all");
            let to = Recipient::User(phone().user_id);
            offer(p, &deal, to);
            cancel(p, &deal, Offered, to);
        },
    );
    case(
        b,
        (
            "the owner cancels after signing: the bound device is told",
            &["Normal"],
            &["XFER-05", "XFER-11"],
        ),
        |p| {
            let deal = Deal::car_key("cancelled late");
            offer(p, &deal, Recipient::User(phone().user_id));
            sign(p, &deal, watch());
            cancel(p, &deal, Signed, watch().into());
        },
    );
    for (comment, state) in [
        ("the receiver cancels before it asked", Offered),
        ("the receiver cancels after it was signed", Signed),
    ] {
        case(b, (comment, &["Normal"], &["XFER-01", "XFER-11"]), |p| {
            let deal = Deal::car_key(comment);
            if state == Signed {
                signed(p, &deal);
            } else {
                offered(p, &deal);
            }
            p.does(
                message(phone(), deal.cancel("user")),
                deal.moves(Some(state), OfferCancelled),
            );
        });
    }
    case(
        b,
        (
            "provisioned after the owner cancelled: the credential is out, and the owner is told",
            &["AfterEnd"],
            &["XFER-12"],
        ),
        |p| {
            let deal = Deal::token("provisioned after cancel");
            cancelled(p, &deal);
            too_late(p, &deal, (OfferCancelled, OfferCancelled));
        },
    );
    case(
        b,
        (
            "provisioned after the owner signed and cancelled",
            &["AfterEnd"],
            &["XFER-12"],
        ),
        |p| {
            let deal = Deal::car_key("provisioned after signing and cancel");
            signed(p, &deal);
            cancel(p, &deal, Signed, phone().into());
            too_late(p, &deal, (OfferCancelled, OfferCancelled));
        },
    );
    case(
        b,
        (
            "provisioned after the offer expired, and a tick has said so",
            &["AfterEnd"],
            &["XFER-12"],
        ),
        |p| {
            let deal = Deal::token("provisioned after expiry");
            expired(p, &deal);
            too_late(p, &deal, (OfferExpired, OfferExpired));
        },
    );
    case(
        b,
        (
            "provisioned after the offer expired, before any tick: judged as if one had come",
            &["AfterEnd"],
            &["XFER-10", "XFER-12"],
        ),
        |p| {
            let deal = Deal::token("provisioned at expiry");
            offered(p, &deal);
            p.at(TWO_DAYS);
            too_late(p, &deal, (Offered, OfferExpired));
        },
    );
}

/// XFER-03, XFER-05, XFER-06.
fn binds(b: &mut Builder) {
    let user = Recipient::User(phone().user_id);
    case(
        b,
        (
            "offered to a user: the second device's request is answered with a cancel, and the first keeps the key",
            &["SecondDevice"],
            &["XFER-05", "XFER-08"],
        ),
        |p| {
            let deal = Deal::car_key("two devices");
            offer(p, &deal, user);
            sign(p, &deal, watch());
            second(p, &deal, Signed);
            p.does(
                message(watch(), deal.provisioned()),
                deal.moves(Some(Signed), Completed),
            );
            second(p, &deal, Completed);
        },
    );
    case(
        b,
        (
            "a request that does not hold binds no device: the next one wins",
            &["SecondDevice"],
            &["XFER-05", "PAY-12"],
        ),
        |p| {
            let deal = Deal::car_key("a broken first request");
            offer(p, &deal, user);
            let broken = deal.request_of(damaged(&deal.request_bytes(), 50));
            p.refuses(message(watch(), broken), AttestationInvalid);
            sign(p, &deal, phone());
        },
    );
    case(
        b,
        (
            "once a device is bound, another one of the user cannot complete, decline or cancel",
            &["SecondDevice"],
            &["XFER-05", "XFER-06"],
        ),
        |p| {
            let deal = Deal::car_key("others cannot end it");
            offer(p, &deal, user);
            sign(p, &deal, watch());
            for end in [
                deal.provisioned(),
                deal.decline("user"),
                deal.cancel("user"),
            ] {
                p.refuses(message(phone(), end), NotBound);
            }
            p.does(
                message(watch(), deal.provisioned()),
                deal.moves(Some(Signed), Completed),
            );
        },
    );
    case(
        b,
        (
            "an offer to one device: the user's other device asks",
            &["WrongDevice"],
            &["XFER-06"],
        ),
        |p| {
            let deal = Deal::car_key("the other device");
            offered(p, &deal);
            p.refuses(message(watch(), deal.with_other_keys().request()), NotBound);
            sign(p, &deal, phone());
        },
    );
    for (comment, state) in [
        ("a stranger's messages about an offer", Offered),
        ("a stranger's messages after signing", Signed),
        ("a stranger's messages after the end", Completed),
    ] {
        case(b, (comment, &["WrongDevice"], &["XFER-06"]), |p| {
            let deal = Deal::car_key(comment);
            match state {
                Offered => offered(p, &deal),
                Signed => signed(p, &deal),
                _ => completed(p, &deal),
            }
            for said in deal.messages() {
                p.refuses(message(stranger(), said), NotBound);
            }
        });
    }
    case(
        b,
        (
            "a stranger says provisioned after the owner cancelled: nobody is told",
            &["WrongDevice"],
            &["XFER-06", "XFER-12"],
        ),
        |p| {
            let deal = Deal::token("a stranger provisions");
            cancelled(p, &deal);
            p.refuses(message(stranger(), deal.provisioned()), NotBound);
        },
    );
    case(
        b,
        (
            "messages about a transfer that nobody offered",
            &["RefusedPair"],
            &["XFER-03"],
        ),
        |p| {
            let deal = Deal::car_key("never offered");
            for said in deal.messages() {
                p.refuses(message(phone(), said), UnknownTransfer);
            }
            for event in [deal.accepts(), deal.declines(), deal.cancels()] {
                p.refuses(event, UnknownTransfer);
            }
        },
    );
    case(
        b,
        (
            "the right device speaks of another transfer",
            &["RefusedPair"],
            &["XFER-03"],
        ),
        |p| {
            let deal = Deal::car_key("of another transfer");
            offered(p, &deal);
            p.refuses(
                message(phone(), deal.with_other_id().request()),
                UnknownTransfer,
            );
        },
    );
}

/// The watch holds the key, and the phone asks (XFER-05).
fn second(p: &mut Play, deal: &Deal, state: StateName) {
    let other = deal.with_other_keys();
    p.does(
        message(phone(), other.request()),
        OutcomeFields {
            sends: Some(outgoing(phone(), deal.cancel("already-claimed"))),
            ..deal.moves(Some(state), state)
        },
    );
}

/// Row 7; XFER-10.
fn expires(b: &mut Builder) {
    case(
        b,
        (
            "a second before it expires nothing has ended, at its second it has",
            &["Expired"],
            &["XFER-01", "XFER-10"],
        ),
        |p| {
            let deal = Deal::car_key("to the second");
            offered(p, &deal);
            p.at(TWO_DAYS - 1);
            p.tick(&[]);
            p.at(TWO_DAYS);
            p.tick(&[deal.moves(Some(Offered), OfferExpired)]);
            p.tick(&[]);
        },
    );
    case(
        b,
        (
            "a signed key expires",
            &["Expired"],
            &["XFER-01", "XFER-10"],
        ),
        |p| {
            let deal = Deal::car_key("a signed one");
            signed(p, &deal);
            p.at(TWO_DAYS);
            p.tick(&[deal.moves(Some(Signed), OfferExpired)]);
        },
    );
    case(
        b,
        (
            "one tick ends those that have expired and leaves the others",
            &["Expired"],
            &["XFER-10"],
        ),
        |p| {
            let (one, two, three) = (
                Deal::car_key("an hour").lasting(3_600),
                Deal::token("half an hour").lasting(1_800),
                Deal::car_key("a day").lasting(DAY),
            );
            for deal in [&one, &two, &three] {
                offered(p, deal);
            }
            p.at(3_600);
            p.tick(&[
                one.moves(Some(Offered), OfferExpired),
                two.moves(Some(Offered), OfferExpired),
            ]);
            sign(p, &three, phone());
        },
    );
    case(
        b,
        (
            "what is asked a second before is signed",
            &["Expired"],
            &["XFER-10"],
        ),
        |p| {
            let deal = Deal::car_key("asked in time");
            offered(p, &deal);
            p.at(TWO_DAYS - 1);
            sign(p, &deal, phone());
        },
    );
    case(
        b,
        (
            "what is asked at its second is not signed, though no tick has come; a tick ends it",
            &["Expired"],
            &["XFER-10"],
        ),
        |p| {
            let deal = Deal::car_key("asked too late");
            offered(p, &deal);
            p.at(TWO_DAYS);
            p.refuses(message(phone(), deal.request()), UnexpectedMessage);
            p.tick(&[deal.moves(Some(Offered), OfferExpired)]);
        },
    );
    case(
        b,
        (
            "after expiry the answer to the same request is not sent again",
            &["Expired"],
            &["XFER-10"],
        ),
        |p| {
            let deal = Deal::car_key("asked again too late");
            signed(p, &deal);
            p.at(TWO_DAYS);
            p.refuses(message(phone(), deal.request()), UnexpectedMessage);
        },
    );
    case(
        b,
        (
            "after expiry there is nothing left to cancel or decline, before any tick",
            &["Expired"],
            &["XFER-10", "XFER-11"],
        ),
        |p| {
            let deal = Deal::token("nothing to cancel");
            offered(p, &deal);
            p.at(TWO_DAYS + 1);
            p.refuses(deal.cancels(), InvalidState);
            p.refuses(message(phone(), deal.cancel("user")), UnexpectedMessage);
            p.refuses(message(phone(), deal.decline("user")), UnexpectedMessage);
        },
    );
    case(
        b,
        (
            "what is completed does not expire",
            &["Expired"],
            &["XFER-01"],
        ),
        |p| {
            let deal = Deal::car_key("does not expire");
            completed(p, &deal);
            p.at(2 * TWO_DAYS);
            p.tick(&[]);
        },
    );
}

/// XFER-14.
fn erases(b: &mut Builder) {
    for (comment, end) in [
        ("cancelled by the owner", cancelled as fn(&mut Play, &Deal)),
        ("declined by the receiver", declined),
        ("expired", expired),
        ("completed", completed),
    ] {
        let comment = format!("a car key, {comment}: the owner's private key is gone");
        case(b, (&comment, &["Erased"], &["XFER-14"]), |p| {
            let deal = Deal::car_key(&comment);
            end(p, &deal);
            p.erased(vec![deal.secret_owner(), deal.creation_request()]);
        });
    }
    for (comment, end) in [
        ("cancelled", cancelled as fn(&mut Play, &Deal)),
        ("declined", declined),
        ("expired", expired),
        ("completed", completed),
    ] {
        let comment = format!("a token, {comment}: it is gone");
        case(b, (&comment, &["Erased"], &["XFER-14"]), |p| {
            let deal = Deal::token(&comment);
            end(p, &deal);
            p.erased(vec![deal.secret_token()]);
        });
    }
    case(
        b,
        (
            "signed: the owner's private key has done its work; cancelled: the answer is gone too",
            &["Erased"],
            &["XFER-14"],
        ),
        |p| {
            let deal = Deal::car_key("signed and cancelled");
            signed(p, &deal);
            cancel(p, &deal, Signed, phone().into());
            p.erased(vec![deal.secret_owner(), deal.import_request()]);
        },
    );
}

/// XFER-15.
fn restarts(b: &mut Builder) {
    case(
        b,
        (
            "a car key, with a restart after every step",
            &["Restart"],
            &["XFER-15"],
        ),
        |p| {
            let deal = Deal::car_key("restarts");
            p.restart();
            offer(p, &deal, Recipient::User(phone().user_id));
            p.restart();
            sign(p, &deal, watch());
            p.restart();
            second(p, &deal, Signed);
            p.restart();
            p.refuses(
                message(watch(), deal.with_other_keys().request()),
                ConflictingRequest,
            );
            p.does(
                message(watch(), deal.request()),
                OutcomeFields {
                    sends: Some(outgoing(watch(), deal.import())),
                    ..deal.moves(Some(Signed), Signed)
                },
            );
            p.restart();
            p.does(
                message(watch(), deal.provisioned()),
                deal.moves(Some(Signed), Completed),
            );
            p.restart();
            second(p, &deal, Completed);
        },
    );
    case(
        b,
        (
            "a token, with a restart before it expires",
            &["Restart"],
            &["XFER-10", "XFER-15"],
        ),
        |p| {
            let deal = Deal::token("expires after a restart").lasting(60);
            offered(p, &deal);
            p.restart();
            p.at(60);
            p.tick(&[deal.moves(Some(Offered), OfferExpired)]);
            p.restart();
            too_late(p, &deal, (OfferExpired, OfferExpired));
        },
    );
}

/// XFER-01: each pair of state and event that the table has no row for.
fn refused_pairs(b: &mut Builder) {
    let stateful: [(StateName, Reach, &[&str]); 6] = [
        (
            Offered,
            offered,
            &[
                "cancel (local)",
                "keySigningRequest",
                "decline (remote)",
                "cancel (remote)",
            ],
        ),
        (
            Signed,
            signed,
            &[
                "cancel (local)",
                "keySigningRequest",
                "provisioned",
                "decline (remote)",
                "cancel (remote)",
            ],
        ),
        (Completed, completed, &[]),
        (OfferDeclined, declined, &[]),
        // XFER-12.
        (OfferCancelled, cancelled, &["provisioned"]),
        (OfferExpired, expired, &["provisioned"]),
    ];
    let stateless: [(StateName, Reach, &[&str]); 5] = [
        (
            Offered,
            offered,
            &[
                "cancel (local)",
                "provisioned",
                "decline (remote)",
                "cancel (remote)",
            ],
        ),
        (Completed, completed, &[]),
        (OfferDeclined, declined, &[]),
        (OfferCancelled, cancelled, &["provisioned"]),
        (OfferExpired, expired, &["provisioned"]),
    ];
    let flows: [Flow; 2] = [
        ("a car key", Deal::car_key, &stateful),
        ("a token", Deal::token, &stateless),
    ];
    refused_pairs_of(b, phone(), &flows);
}

/// PAY-06, PAY-11 as far as the transfer is concerned: it stays as it was.
fn broken_payloads(b: &mut Builder) {
    case(
        b,
        (
            "a message that cannot be read changes nothing",
            &["Payload"],
            &["PAY-06", "PAY-11"],
        ),
        |p| {
            let deal = Deal::car_key("cannot be read");
            offered(p, &deal);
            let mut padding = deal.request().to_vec();
            if let Some(last) = padding.last_mut() {
                *last = 1;
            }
            p.refuses(message(phone(), padding.as_slice().into()), InvalidPayload);
            p.refuses(message(phone(), b"".as_slice().into()), InvalidPayload);
            sign(p, &deal, phone());
        },
    );
    case(
        b,
        (
            "a decline under another format than that of the offer: types other than requests stand under any",
            &["Payload"],
            &["PAY-08"],
        ),
        |p| {
            let deal = Deal::car_key("another format");
            offered(p, &deal);
            let reason = "user".to_owned();
            let decline = deal.under(
                AUTHORIZATION_TOKEN,
                tigress_signal::transfer::Content::Decline { reason },
            );
            p.does(
                message(phone(), decline),
                deal.moves(Some(Offered), OfferDeclined),
            );
        },
    );
    case(
        b,
        (
            "the sender's own offer comes back from another device of its user",
            &["Duplicate"],
            &["XFER-02"],
        ),
        |p| {
            let deal = Deal::car_key("comes back");
            offered(p, &deal);
            p.refuses(message(sender(), deal.offer()), DuplicateTransfer);
        },
    );
}
