//! Family `transfer_receiver`: the receiver's half of the table of profile section 9.

use super::Builder;
use super::transfer::{
    Deal, Flow, Make, Play, Reach, START, TWO_DAYS, case, damaged, message, notes, outgoing, phone,
    refused_pairs_of, sender, stranger,
};
use tigress_signal::conformance::operation::transfers::OutcomeFields;
use tigress_signal::error_code::ErrorCode::{
    AttestationInvalid, DuplicateTransfer, InvalidKey, InvalidPayload, InvalidState, NotBound,
    UnexpectedMessage, UnknownTransfer,
};
use tigress_signal::identifier::Address;
use tigress_signal::primitives::SecretBytes;
use tigress_signal::transfer::StateName::{
    self, Cancelled, Declined, Expired, Failed, Invited, Provisioned, Requested,
};
use tigress_signal::transfer::{Content, Provisioning};

/// Makes an answer of the owner.
type Answer = fn(&Deal) -> SecretBytes;

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
    refused_pairs(b);
}

/// The owner's other device.
fn owners_watch() -> Address {
    super::transfer::device("owner", 2)
}

fn invited(p: &mut Play, deal: &Deal) {
    p.does(message(sender(), deal.offer()), deal.moves(None, Invited));
}

/// The user accepts what the receiver is invited to.
fn accept(p: &mut Play, deal: &Deal) {
    if deal.token.is_some() {
        p.does(
            deal.accepts(),
            OutcomeFields {
                sends: Some(outgoing(sender(), deal.provisioned())),
                ..deal.moves(Some(Invited), Provisioned)
            },
        );
    } else {
        p.draws(
            deal.accepts(),
            &deal.receiver,
            OutcomeFields {
                sends: Some(outgoing(sender(), deal.request())),
                ..deal.moves(Some(Invited), Requested)
            },
        );
    }
}

fn requested(p: &mut Play, deal: &Deal) {
    invited(p, deal);
    accept(p, deal);
}

/// The owner's answer arrives.
fn import(p: &mut Play, deal: &Deal) {
    p.does(
        message(sender(), deal.import()),
        OutcomeFields {
            sends: Some(outgoing(sender(), deal.provisioned())),
            ..deal.moves(Some(Requested), Provisioned)
        },
    );
}

fn provisioned(p: &mut Play, deal: &Deal) {
    requested(p, deal);
    if deal.token.is_none() {
        import(p, deal);
    }
}

fn declined(p: &mut Play, deal: &Deal) {
    invited(p, deal);
    p.does(
        deal.declines(),
        OutcomeFields {
            sends: Some(outgoing(sender(), deal.decline("user"))),
            ..deal.moves(Some(Invited), Declined)
        },
    );
}

fn cancel(p: &mut Play, deal: &Deal, before: StateName) {
    p.does(
        deal.cancels(),
        OutcomeFields {
            sends: Some(outgoing(sender(), deal.cancel("user"))),
            ..deal.moves(Some(before), Cancelled)
        },
    );
}

fn cancelled(p: &mut Play, deal: &Deal) {
    invited(p, deal);
    cancel(p, deal, Invited);
}

fn expired(p: &mut Play, deal: &Deal) {
    invited(p, deal);
    p.at(deal.expires - START);
    p.tick(&[deal.moves(Some(Invited), Expired)]);
}

fn failed(p: &mut Play, deal: &Deal) {
    requested(p, deal);
    fails(p, deal, damaged(&deal.import_bytes(), 95));
}

/// An answer that does not hold: the transfer has failed, and the owner is told (XFER-13).
fn fails(p: &mut Play, deal: &Deal, import: SecretBytes) {
    p.does(
        message(sender(), deal.import_of(import)),
        OutcomeFields {
            sends: Some(outgoing(sender(), deal.cancel("attestation-invalid"))),
            report: Some(AttestationInvalid),
            ..deal.moves(Some(Requested), Failed)
        },
    );
}

/// Row 8; XFER-02, PAY-07, PAY-12.
fn offers(b: &mut Builder) {
    case(
        b,
        ("a car key is offered", &["Normal"], &["XFER-01"]),
        |p| invited(p, &Deal::car_key("offered")),
    );
    case(
        b,
        (
            "a token is offered: nothing is provisioned yet",
            &["Normal"],
            &["XFER-01", "XFER-09"],
        ),
        |p| invited(p, &Deal::token("offered")),
    );
    case(
        b,
        ("the same offer again", &["Duplicate"], &["XFER-02"]),
        |p| {
            let deal = Deal::car_key("offered again");
            invited(p, &deal);
            p.refuses(message(sender(), deal.offer()), DuplicateTransfer);
        },
    );
    case(
        b,
        (
            "another credential under a known id: the first offer stands, and its token is the one provisioned",
            &["Duplicate"],
            &["XFER-02"],
        ),
        |p| {
            let deal = Deal::token("the first offer");
            let mut other = deal.clone();
            other.token = Some(b"another token".to_vec());
            invited(p, &deal);
            p.refuses(message(sender(), other.offer()), DuplicateTransfer);
            p.refuses(message(stranger(), other.offer()), DuplicateTransfer);
            accept(p, &deal);
        },
    );
    case(
        b,
        (
            "a stranger offers under the id of a transfer that has ended",
            &["Duplicate"],
            &["XFER-02"],
        ),
        |p| {
            let deal = Deal::car_key("an id of old");
            declined(p, &deal);
            p.refuses(message(stranger(), deal.offer()), DuplicateTransfer);
        },
    );
    case(
        b,
        (
            "a format that is not supported is declined at once",
            &["UnsupportedFormat"],
            &["PAY-07"],
        ),
        |p| {
            let deal = Deal::car_key("not supported");
            unsupported(p, &deal);
        },
    );
    case(
        b,
        (
            "once declined for its format, the user can accept no more",
            &["UnsupportedFormat"],
            &["PAY-07", "XFER-01"],
        ),
        |p| {
            let deal = Deal::car_key("not supported, then accepted");
            unsupported(p, &deal);
            p.refuses(deal.accepts(), InvalidState);
            p.refuses(message(sender(), deal.offer()), DuplicateTransfer);
        },
    );
    for (comment, key) in [
        ("a car key's creation request is empty", Vec::new()),
        ("a car key's creation request has 31 bytes", vec![7; 31]),
        ("a car key's creation request has 33 bytes", vec![7; 33]),
    ] {
        case(b, (comment, &["Payload"], &["PAY-12"]), |p| {
            let deal = Deal::car_key(comment);
            let offer = deal.offer_of(Provisioning::KeyCreationRequest(key.into()));
            p.refuses(message(sender(), offer), InvalidKey);
            // Nothing is known of the transfer.
            p.refuses(deal.accepts(), UnknownTransfer);
            invited(p, &deal);
        });
    }
    case(
        b,
        (
            "an offer that cannot be read leaves no transfer behind",
            &["Payload"],
            &["PAY-11"],
        ),
        |p| {
            let deal = Deal::car_key("cannot be read");
            let mut offer = deal.offer().to_vec();
            offer.pop();
            p.refuses(message(sender(), offer.as_slice().into()), InvalidPayload);
            p.refuses(deal.accepts(), UnknownTransfer);
        },
    );
    case(
        b,
        (
            "three offers of two senders do not touch each other",
            &["Normal"],
            &["XFER-01", "XFER-02"],
        ),
        |p| {
            let (one, two, three) = (
                Deal::car_key("one of three received"),
                Deal::car_key("two of three received"),
                Deal::token("three of three received"),
            );
            invited(p, &one);
            p.does(message(stranger(), two.offer()), two.moves(None, Invited));
            invited(p, &three);
            accept(p, &one);
            accept(p, &three);
            p.does(
                two.declines(),
                OutcomeFields {
                    sends: Some(outgoing(stranger(), two.decline("user"))),
                    ..two.moves(Some(Invited), Declined)
                },
            );
            import(p, &one);
        },
    );
}

fn unsupported(p: &mut Play, deal: &Deal) {
    let offer = deal.under(
        LOYALTY_CARD,
        Content::ProvisioningInformation {
            provisioning: Provisioning::Unsupported,
            expires: tigress_signal::timestamp::Timestamp(deal.expires),
        },
    );
    let reason = "unsupported-format".to_owned();
    p.does(
        message(sender(), offer),
        OutcomeFields {
            sends: Some(outgoing(
                sender(),
                deal.under(LOYALTY_CARD, Content::Decline { reason }),
            )),
            ..deal.moves(None, Declined)
        },
    );
}

/// Rows 9 and 10; XFER-09.
fn accepts(b: &mut Builder) {
    case(
        b,
        (
            "a token is accepted: it is provisioned, and the sender is told",
            &["Normal"],
            &["XFER-01", "XFER-09"],
        ),
        |p| provisioned(p, &Deal::token("accepted")),
    );
    case(
        b,
        (
            "a car key is accepted: a key of its own, and a request to sign it",
            &["Normal"],
            &["XFER-01", "XFER-09", "PAY-12"],
        ),
        |p| requested(p, &Deal::car_key("accepted")),
    );
    case(
        b,
        (
            "accepted twice: no second key",
            &["RefusedPair"],
            &["XFER-01", "XFER-08"],
        ),
        |p| {
            let deal = Deal::car_key("accepted twice");
            requested(p, &deal);
            p.refuses(deal.accepts(), InvalidState);
            import(p, &deal);
            p.refuses(deal.accepts(), InvalidState);
        },
    );
    case(
        b,
        (
            "an import request before the user has accepted: nothing is provisioned without consent",
            &["RefusedPair"],
            &["XFER-09"],
        ),
        |p| {
            let deal = Deal::car_key("before consent");
            invited(p, &deal);
            p.refuses(message(sender(), deal.import()), UnexpectedMessage);
            accept(p, &deal);
            import(p, &deal);
        },
    );
    case(
        b,
        (
            "what nobody offered is accepted, declined and cancelled",
            &["RefusedPair"],
            &["XFER-03"],
        ),
        |p| {
            let deal = Deal::car_key("never offered");
            for event in [deal.accepts(), deal.declines(), deal.cancels()] {
                p.refuses(event, UnknownTransfer);
            }
            for said in deal.messages() {
                p.refuses(message(sender(), said), UnknownTransfer);
            }
            p.tick(&[]);
        },
    );
}

/// Rows 11 and 12; XFER-13.
fn attests(b: &mut Builder) {
    case(
        b,
        (
            "the owner's answer holds",
            &["Normal"],
            &["XFER-01", "XFER-13"],
        ),
        |p| provisioned(p, &Deal::car_key("holds")),
    );
    case(
        b,
        (
            "the answer comes twice: it is provisioned once",
            &["Attestation"],
            &["XFER-01"],
        ),
        |p| {
            let deal = Deal::car_key("answered twice");
            provisioned(p, &deal);
            p.refuses(message(sender(), deal.import()), UnexpectedMessage);
        },
    );
    let forged: [(&str, Answer); 9] = [
        ("its signature is damaged", |deal| {
            damaged(&deal.import_bytes(), 32)
        }),
        (
            "the key that signs it is not the one of the offer",
            |deal| {
                let mut other = deal.with_other_keys();
                other.receiver = deal.receiver;
                other.import_bytes()
            },
        ),
        (
            "the offer's key stands before a signature by another one",
            |deal| {
                let mut other = deal.with_other_keys();
                other.receiver = deal.receiver;
                let signature = other.import_bytes();
                [
                    &deal.import_bytes().expose()[..32],
                    &signature.expose()[32..],
                ]
                .concat()
                .into()
            },
        ),
        ("it is for the key of another device", |deal| {
            let mut other = deal.with_other_keys();
            other.owner = deal.owner;
            other.import_bytes()
        }),
        ("it is of another transfer: a replay", |deal| {
            deal.with_other_id().import_bytes()
        }),
        (
            "it is the receiver's own request, sent back",
            Deal::request_bytes,
        ),
        ("it is empty", |_| Vec::new().into()),
        ("it has 95 bytes", |deal| {
            deal.import_bytes().expose()[..95].to_vec().into()
        }),
        ("it has 97 bytes", |deal| {
            [deal.import_bytes().expose(), &[0]].concat().into()
        }),
    ];
    for (comment, answer) in forged {
        let comment = format!("the owner's answer does not hold: {comment}");
        case(
            b,
            (&comment, &["Attestation"], &["XFER-01", "XFER-13"]),
            |p| {
                let deal = Deal::car_key(&comment);
                requested(p, &deal);
                fails(p, &deal, answer(&deal));
                // What has failed stays failed, whatever comes.
                p.refuses(message(sender(), deal.import()), UnexpectedMessage);
            },
        );
    }
}

/// Rows 13 to 15; XFER-11.
fn ends(b: &mut Builder) {
    for (what, make) in [
        ("a car key", Deal::car_key as Make),
        ("a token", Deal::token),
    ] {
        let comment = format!("{what} is declined");
        case(b, (&comment, &["Normal"], &["XFER-01"]), |p| {
            declined(p, &make(&comment));
        });
        let comment = format!("{what} is cancelled by the receiver");
        case(b, (&comment, &["Normal"], &["XFER-01", "XFER-11"]), |p| {
            cancelled(p, &make(&comment));
        });
        let comment = format!("{what} is cancelled by the sender");
        case(b, (&comment, &["Normal"], &["XFER-01", "XFER-11"]), |p| {
            let deal = make(&comment);
            invited(p, &deal);
            p.does(
                message(sender(), deal.cancel("user")),
                deal.moves(Some(Invited), Cancelled),
            );
        });
    }
    case(
        b,
        (
            "the receiver cancels after asking",
            &["Normal"],
            &["XFER-01", "XFER-11"],
        ),
        |p| {
            let deal = Deal::car_key("cancelled after asking");
            requested(p, &deal);
            cancel(p, &deal, Requested);
            p.refuses(message(sender(), deal.import()), UnexpectedMessage);
        },
    );
    for reason in ["user", "already-claimed"] {
        let comment =
            format!("the sender cancels after the receiver asked, with reason `{reason}`");
        case(
            b,
            (&comment, &["Normal"], &["XFER-01", "XFER-05", "XFER-11"]),
            |p| {
                let deal = Deal::car_key(&comment);
                requested(p, &deal);
                p.does(
                    message(sender(), deal.cancel(reason)),
                    deal.moves(Some(Requested), Cancelled),
                );
                p.refuses(message(sender(), deal.import()), UnexpectedMessage);
            },
        );
    }
    case(
        b,
        (
            "what is provisioned cannot be cancelled by either side",
            &["RefusedPair"],
            &["XFER-11"],
        ),
        |p| {
            let deal = Deal::car_key("stays provisioned");
            provisioned(p, &deal);
            p.refuses(deal.cancels(), InvalidState);
            p.refuses(message(sender(), deal.cancel("user")), UnexpectedMessage);
        },
    );
}

/// XFER-06.
fn binds(b: &mut Builder) {
    for (comment, reach) in [
        (
            "others' messages about an offer",
            invited as fn(&mut Play, &Deal),
        ),
        ("others' messages after asking", requested),
        ("others' messages after provisioning", provisioned),
    ] {
        case(b, (comment, &["WrongDevice"], &["XFER-06"]), |p| {
            let deal = Deal::car_key(comment);
            reach(p, &deal);
            for said in deal.messages() {
                p.refuses(message(stranger(), said.clone()), NotBound);
                p.refuses(message(owners_watch(), said), NotBound);
            }
        });
    }
    case(
        b,
        (
            "the owner's other device answers: the receiver waits for the one that offered",
            &["WrongDevice"],
            &["XFER-06"],
        ),
        |p| {
            let deal = Deal::car_key("the other device answers");
            requested(p, &deal);
            p.refuses(message(owners_watch(), deal.import()), NotBound);
            import(p, &deal);
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
            requested(p, &deal);
            let other = deal.with_other_id();
            p.refuses(message(sender(), other.import()), UnknownTransfer);
            p.refuses(message(sender(), other.cancel("user")), UnknownTransfer);
            p.refuses(message(phone(), other.cancel("user")), UnknownTransfer);
        },
    );
}

/// Row 16; XFER-10.
fn expires(b: &mut Builder) {
    case(
        b,
        (
            "a second before it expires nothing has ended, at its second it has",
            &["Expired"],
            &["XFER-01", "XFER-10"],
        ),
        |p| {
            let deal = Deal::token("to the second");
            invited(p, &deal);
            p.at(TWO_DAYS - 1);
            p.tick(&[]);
            p.at(TWO_DAYS);
            p.tick(&[deal.moves(Some(Invited), Expired)]);
            p.tick(&[]);
        },
    );
    case(
        b,
        (
            "a request that nobody answers expires",
            &["Expired"],
            &["XFER-01", "XFER-10"],
        ),
        |p| {
            let deal = Deal::car_key("nobody answers");
            requested(p, &deal);
            p.at(TWO_DAYS);
            p.tick(&[deal.moves(Some(Requested), Expired)]);
        },
    );
    for (comment, make) in [
        (
            "a token is accepted at its second: it is not provisioned, though no tick has come",
            Deal::token as fn(&str) -> Deal,
        ),
        (
            "a car key is accepted at its second: nothing is asked for",
            Deal::car_key,
        ),
    ] {
        case(b, (comment, &["Expired"], &["XFER-10"]), |p| {
            let deal = make(comment);
            invited(p, &deal);
            p.at(TWO_DAYS);
            p.refuses(deal.accepts(), InvalidState);
            p.tick(&[deal.moves(Some(Invited), Expired)]);
        });
    }
    case(
        b,
        (
            "a token is accepted a second before",
            &["Expired"],
            &["XFER-10"],
        ),
        |p| {
            let deal = Deal::token("accepted in time");
            invited(p, &deal);
            p.at(TWO_DAYS - 1);
            accept(p, &deal);
        },
    );
    case(
        b,
        (
            "the owner's answer comes at its second: it is not provisioned",
            &["Expired"],
            &["XFER-10"],
        ),
        |p| {
            let deal = Deal::car_key("answered too late");
            requested(p, &deal);
            p.at(TWO_DAYS);
            p.refuses(message(sender(), deal.import()), UnexpectedMessage);
            p.tick(&[deal.moves(Some(Requested), Expired)]);
            p.refuses(message(sender(), deal.import()), UnexpectedMessage);
        },
    );
    case(
        b,
        (
            "the owner's answer comes a second before",
            &["Expired"],
            &["XFER-10"],
        ),
        |p| {
            let deal = Deal::car_key("answered in time");
            requested(p, &deal);
            p.at(TWO_DAYS - 1);
            import(p, &deal);
        },
    );
    case(
        b,
        (
            "a broken answer after expiry: the transfer has expired, not failed",
            &["Expired"],
            &["XFER-10", "XFER-13"],
        ),
        |p| {
            let deal = Deal::car_key("a broken answer too late");
            requested(p, &deal);
            p.at(TWO_DAYS);
            let import = deal.import_of(damaged(&deal.import_bytes(), 95));
            p.refuses(message(sender(), import), UnexpectedMessage);
            p.tick(&[deal.moves(Some(Requested), Expired)]);
        },
    );
    case(
        b,
        (
            "after expiry there is nothing left to decline or cancel, before any tick",
            &["Expired"],
            &["XFER-10", "XFER-11"],
        ),
        |p| {
            let deal = Deal::token("nothing to decline");
            invited(p, &deal);
            p.at(TWO_DAYS + 1);
            p.refuses(deal.declines(), InvalidState);
            p.refuses(deal.cancels(), InvalidState);
            p.refuses(message(sender(), deal.cancel("user")), UnexpectedMessage);
        },
    );
    case(
        b,
        (
            "an offer that arrives after its expiry: it cannot be accepted, and the next tick ends it",
            &["Expired"],
            &["XFER-10"],
        ),
        |p| {
            let deal = Deal::token("arrives too late");
            p.at(TWO_DAYS + 5);
            invited(p, &deal);
            p.refuses(deal.accepts(), InvalidState);
            p.tick(&[deal.moves(Some(Invited), Expired)]);
        },
    );
    case(
        b,
        (
            "what is provisioned does not expire",
            &["Expired"],
            &["XFER-01"],
        ),
        |p| {
            let deal = Deal::token("does not expire");
            provisioned(p, &deal);
            p.at(2 * TWO_DAYS);
            p.tick(&[]);
        },
    );
}

/// XFER-14.
fn erases(b: &mut Builder) {
    for (comment, end) in [
        ("declined", declined as Reach),
        ("cancelled", cancelled),
        ("expired", expired),
    ] {
        let comment = format!("a token, {comment}: it is gone");
        case(b, (&comment, &["Erased"], &["XFER-14"]), |p| {
            let deal = Deal::token(&comment);
            end(p, &deal);
            p.erased(vec![deal.secret_token()]);
        });
    }
    for (comment, end) in [
        ("declined", declined as Reach),
        ("cancelled", cancelled),
        ("expired", expired),
        ("failed", failed),
        ("cancelled after asking", |p, deal| {
            requested(p, deal);
            cancel(p, deal, Requested);
        }),
        ("expired after asking", |p, deal| {
            requested(p, deal);
            p.at(TWO_DAYS);
            p.tick(&[deal.moves(Some(Requested), Expired)]);
        }),
        ("cancelled by the sender after asking", |p, deal| {
            requested(p, deal);
            p.does(
                message(sender(), deal.cancel("user")),
                deal.moves(Some(Requested), Cancelled),
            );
        }),
    ] {
        let comment = format!("a car key, {comment}: its key and the owner's request are gone");
        case(b, (&comment, &["Erased"], &["XFER-14"]), |p| {
            let deal = Deal::car_key(&comment);
            end(p, &deal);
            p.erased(vec![deal.secret_receiver(), deal.creation_request()]);
        });
    }
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
            invited(p, &deal);
            p.restart();
            accept(p, &deal);
            p.restart();
            p.refuses(deal.accepts(), InvalidState);
            import(p, &deal);
            p.restart();
            p.refuses(message(sender(), deal.import()), UnexpectedMessage);
        },
    );
    case(
        b,
        (
            "the key that was asked for before the restart is the one that is attested",
            &["Restart"],
            &["XFER-13", "XFER-15"],
        ),
        |p| {
            let deal = Deal::car_key("another key after a restart");
            requested(p, &deal);
            p.restart();
            let mut other = deal.with_other_keys();
            other.owner = deal.owner;
            fails(p, &deal, other.import_bytes());
            p.restart();
            p.refuses(message(sender(), deal.import()), UnexpectedMessage);
        },
    );
    case(
        b,
        (
            "an offer expires after a restart",
            &["Restart"],
            &["XFER-10", "XFER-15"],
        ),
        |p| {
            let deal = Deal::token("expires after a restart").lasting(60);
            invited(p, &deal);
            p.restart();
            p.at(60);
            p.refuses(deal.accepts(), InvalidState);
            p.tick(&[deal.moves(Some(Invited), Expired)]);
            p.restart();
            p.refuses(message(sender(), deal.offer()), DuplicateTransfer);
        },
    );
}

/// XFER-01: each pair of state and event that the table has no row for.
fn refused_pairs(b: &mut Builder) {
    let stateful: [(StateName, Reach, &[&str]); 7] = [
        (
            Invited,
            invited,
            &[
                "accept",
                "decline (local)",
                "cancel (local)",
                "cancel (remote)",
            ],
        ),
        (
            Requested,
            requested,
            &["keyImportRequest", "cancel (local)", "cancel (remote)"],
        ),
        (Provisioned, provisioned, &[]),
        (Declined, declined, &[]),
        (Cancelled, cancelled, &[]),
        (Expired, expired, &[]),
        (Failed, failed, &[]),
    ];
    let stateless: [(StateName, Reach, &[&str]); 5] = [
        (
            Invited,
            invited,
            &[
                "accept",
                "decline (local)",
                "cancel (local)",
                "cancel (remote)",
            ],
        ),
        (Provisioned, provisioned, &[]),
        (Declined, declined, &[]),
        (Cancelled, cancelled, &[]),
        (Expired, expired, &[]),
    ];
    let flows: [Flow; 2] = [
        ("a car key", Deal::car_key, &stateful),
        ("a token", Deal::token, &stateless),
    ];
    refused_pairs_of(b, sender(), &flows);
}
