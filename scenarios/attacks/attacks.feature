Feature: Sixteen attacks
  A review with a hostile intermediary, hostile peers and a thief carried these sixteen attacks out on wallets that kept to the first
  version of the profile. Each scenario here is one of them, by its number, and shows it fail; 7, 8 and 16 also show where what can be
  done ends. docs/threats.md says who can try them.

  Background:
    Given Ben has a phone
    And Ryan has a phone

  # 1. The pin holds from the taking of the link on: for bundles, messages and sessions that exist

  @X3DH-15 @SES-18 @INV-03
  Scenario: Attack 1, a first message under the intermediary's own keys comes before the offer, and nothing is said to it
    Given Ben's phone has taken the invitation of Ryan's phone
    When the intermediary forges a first message from Ryan's phone to Ben's phone
    Then Ben's phone is told "untrusted-identity"
    When Ben's phone offers a hotel key to Ryan's phone
    And Ryan's phone accepts the hotel key
    Then Ryan's phone holds the hotel key
    And Ben's phone is in "S:Completed" with the hotel key
    And nobody is told anything

  @X3DH-15 @XFER-06 @INV-08
  Scenario: Attack 1, a first message under the intermediary's own keys comes in the middle of a transfer
    When Ben's phone offers a car key to Ryan's phone
    And the intermediary forges a first message from Ben's phone to Ryan's phone
    Then Ryan's phone is told "untrusted-identity"
    When Ryan's phone accepts the car key
    Then Ryan's phone holds the car key
    And Ben's phone is in "S:Completed" with the car key
    And nobody is told anything

  # 2. An offer names one device, and no answer adds another

  @SES-18 @XFER-04 @INV-03
  Scenario: Attack 2, the intermediary puts a device of its own in the receiver's place, and it is offered nothing
    Given Ben's phone has taken the invitation of Ryan's phone
    When the intermediary answers the next bundle request of Ben's phone with "keys of its own"
    And Ben's phone offers a car key to Ryan's phone
    Then Ben's phone is told "untrusted-identity"
    And Ryan's phone knows nothing of the car key
    And 0 messages wait for Ryan's phone
    And nobody is told anything

  @XFER-04 @SES-15
  Scenario: Attack 2, a further device of the receiver's user is there, and is offered nothing
    Given Ryan adds a watch
    When Ben's phone offers a car key to Ryan's phone
    And Ryan's phone accepts the car key
    Then Ryan's watch knows nothing of the car key
    And 0 messages wait for Ryan's watch
    And 20 one-time prekeys of Ryan's watch are left
    And Ben's phone is in "S:Completed" with the car key
    And nobody is told anything

  # 3. Nothing is offered to a key that no link and no comparison named

  @SES-18
  Scenario Outline: Attack 3, a <credential> is offered without a link, and nothing is sent
    When Ben's phone offers a <credential> to Ryan's phone without a link
    Then it is refused with "untrusted-identity"
    And 0 messages wait for Ryan's phone
    And 20 one-time prekeys of Ryan's phone are left
    And nobody is told anything

    Examples:
      | credential |
      | car key    |
      | hotel key  |

  @SES-18 @PAY-14 @INV-08
  Scenario: Attack 3, who was offered something knows the sender's key from its offer, and that is not enough to offer something back
    When Ben's phone offers a car key to Ryan's phone
    And Ryan's phone accepts the car key
    And Ryan's phone offers a hotel key to Ben's phone without a link
    Then it is refused with "untrusted-identity"
    And 0 messages wait for Ben's phone
    And nobody is told anything

  @INV-08 @PAY-14
  Scenario Outline: Attack 3, a stranger to the receiver sends <payload>, and nothing is kept of it
    Given Mallory has a phone
    When Mallory's phone sends <payload> called "the trap" to Ryan's phone
    Then Ryan's phone is told "<code>"
    And Ryan's phone knows nothing of "the trap"
    And 20 one-time prekeys of Ryan's phone are left
    And 0 messages wait for Mallory's phone
    And nobody is told anything

    Examples:
      | payload                    | code               |
      | an offer with a wrong MAC  | invalid-invitation |
      | an offer without a MAC     | untrusted-identity |
      | something that is no offer | untrusted-identity |

  # 4. No answer of the intermediary drops a session

  @SES-10 @SES-19 @KEY-10
  Scenario: Attack 4, "stale-registration" is a lie: the session that has healed stays
    When Ben's phone offers a car key called "the car" to Ryan's phone
    And Ryan's phone accepts "the car"
    And Mallory copies the state of Ryan's phone
    And 3 days pass
    And Ben's phone offers a car key called "the van" to Ryan's phone
    And Ryan's phone accepts "the van"
    And the intermediary answers the next submission of Ben's phone with "stale-registration"
    And Ben's phone offers a hotel key to Ryan's phone
    Then the last message to Ryan's phone is a ratchet message
    And Mallory cannot read the last message to Ryan's phone
    And Ryan's phone is in "R:Invited" with the hotel key
    And nobody is told anything

  @SES-10 @SES-14
  Scenario: Attack 4, "stale-registration" again and again: the send gives up, and the session stays
    When Ben's phone offers a car key called "the car" to Ryan's phone
    And Ryan's phone accepts "the car"
    And the intermediary answers every submission of Ben's phone with "stale-registration"
    And Ben's phone offers a car key called "the van" to Ryan's phone
    Then Ben's phone is told "retry-limit"
    And Ryan's phone knows nothing of "the van"
    When the intermediary is honest again
    And Ben's phone offers a car key called "the boat" to Ryan's phone
    Then the last message to Ryan's phone is a ratchet message
    And Ryan's phone is in "R:Invited" with "the boat"
    And nobody is told anything

  @SES-09 @SES-11 @SES-19
  Scenario: Attack 4, "not-found" is a lie: the send ends, and the session that has healed stays
    When Ben's phone offers a car key called "the car" to Ryan's phone
    And Ryan's phone accepts "the car"
    And Mallory copies the state of Ryan's phone
    And Ben's phone offers a car key called "the van" to Ryan's phone
    And Ryan's phone accepts "the van"
    And the intermediary answers the next submission of Ben's phone with "not-found"
    And Ben's phone offers a car key called "the boat" to Ryan's phone
    Then Ben's phone is told "not-found"
    When Ben's phone offers a hotel key to Ryan's phone
    Then the last message to Ryan's phone is a ratchet message
    And Mallory cannot read the last message to Ryan's phone
    And Ryan's phone is in "R:Invited" with the hotel key
    And nobody is told anything

  # 5. Strangers reach nobody, and a link that was passed on has bounds

  @MBX-17 @MBX-22
  Scenario: Attack 5, two hundred strangers offer something: no wallet answers, and none keeps anything
    Given the state of Ryan's phone is saved as "before"
    When 200 strangers offer a hotel key to Ryan's phone
    Then 0 messages wait for Ryan's phone
    And 20 one-time prekeys of Ryan's phone are left
    And the saved state of Ryan's phone has grown by at most 0 bytes since "before"
    And nobody is told anything

  @INV-05 @INV-08
  Scenario: Attack 5, a link is passed on: the first whose offer comes has it, the others are refused, and the user is told
    Given Ryan's phone makes an invitation called "on a poster"
    When 1 stranger with the invitation "on a poster" offers a hotel key to Ryan's phone
    Then 1 transfer of Ryan's phone is in "R:Invited"
    And the state of Ryan's phone is saved as "before"
    When 2 strangers with the invitation "on a poster" offer a hotel key to Ryan's phone
    Then Ryan's phone is told "invalid-invitation"
    And Ryan's phone is told "invalid-invitation"
    And 1 transfer of Ryan's phone is in "R:Invited"
    And the saved state of Ryan's phone has grown by at most 0 bytes since "before"
    And nobody is told anything

  @MBX-17 @MBX-20
  Scenario: Attack 5, a link is passed on to thirty: they get ten one-time prekeys
    Given Ryan's phone makes an invitation called "on a poster"
    And Ryan's phone goes offline
    When 30 strangers with the invitation "on a poster" offer a hotel key to Ryan's phone
    Then 10 one-time prekeys of Ryan's phone are left
    And 30 messages wait for Ryan's phone

  @MBX-11 @MBX-23
  Scenario: Attack 5, a link is passed on to fifty: of one link no more than forty messages wait
    Given Ryan's phone makes an invitation called "on a poster"
    And Ryan's phone goes offline
    When 50 strangers with the invitation "on a poster" offer a hotel key to Ryan's phone
    Then 40 messages wait for Ryan's phone

  # 6. The opening is remembered by its secret

  @X3DH-14
  Scenario: Attack 6, a point of small order is added to the base key of a first message, and it is known all the same
    Given the intermediary keeps the one-time prekeys of Ryan's phone back, and says that 100 are left
    When Ben's phone offers a car key to Ryan's phone
    And the intermediary replays the last message to Ryan's phone with another base key of the same secret
    Then Ryan's phone is told "duplicate-message"
    When Ryan's phone accepts the car key
    Then Ryan's phone holds the car key
    And Ben's phone is in "S:Completed" with the car key
    And nobody is told anything

  @X3DH-14 @XFER-15
  Scenario: Attack 6, the same after a restart, when the session is gone
    Given the intermediary keeps the one-time prekeys of Ryan's phone back, and says that 100 are left
    When Ben's phone offers a car key to Ryan's phone
    And Ryan's phone restarts
    And the intermediary replays the last message to Ryan's phone with another base key of the same secret
    Then Ryan's phone is told "duplicate-message"
    And Ryan's phone is in "R:Invited" with the car key
    And nobody is told anything

  # 7. What an active copy can do

  @SES-19
  Scenario: Attack 7, a copy of the receiver opens a session of its own after the healing: it is told, and the next key does not go into it
    When Ben's phone offers a car key called "the car" to Ryan's phone
    And Ryan's phone accepts "the car"
    Given Mallory has a copy of Ryan's phone
    When Ben's phone offers a car key called "the van" to Ryan's phone
    And Ryan's phone accepts "the van"
    And Mallory's copy opens a further session with Ben's phone
    Then Ben's phone is told "further-session"
    When Ryan's phone goes offline
    And Mallory's copy comes online
    And Ben's phone offers a hotel key to Ryan's phone
    Then Mallory's copy knows nothing of the hotel key
    And Mallory's copy does not hold the hotel key

  @SES-19
  Scenario: Attack 7, forty-one sessions of a copy do not push the healed one out
    When Ben's phone offers a car key called "the car" to Ryan's phone
    And Ryan's phone accepts "the car"
    And Mallory copies the state of Ryan's phone
    Given Mallory has a copy of Ryan's phone
    When Ben's phone offers a car key called "the van" to Ryan's phone
    And Ryan's phone accepts "the van"
    And Mallory's copy opens 41 further sessions with Ben's phone
    And Ben's phone offers a hotel key to Ryan's phone
    Then the last message to Ryan's phone is a ratchet message
    And Mallory cannot read the last message to Ryan's phone
    And Ryan's phone is in "R:Invited" with the hotel key

  @SES-13 @SES-19 @KEY-10
  Scenario: Attack 7, the limit: after a month of silence a copy that has the intermediary's help is taken for the phone
    When Ben's phone offers a car key called "the car" to Ryan's phone
    And Ryan's phone accepts "the car"
    And the state of Ryan's phone is saved as "the theft"
    And Mallory copies the state of Ryan's phone
    And 31 days pass
    And the intermediary answers the next bundle request with a bundle as it was at "the theft"
    And Ben's phone offers a hotel key to Ryan's phone
    Then Mallory can read the last message to Ryan's phone

  # 8. What a stolen signed prekey can do

  @SES-19 @X3DH-15
  Scenario: Attack 8, the limit: with stolen keys Mallory cancels a transfer in the sender's name, and the receiver is told of the session
    When Ben's phone offers a car key to Ryan's phone
    And Mallory copies the state of Ryan's phone
    And Mallory forges a cancel of the car key from Ben's phone to Ryan's phone
    Then Ryan's phone is in "R:Cancelled" with the car key
    And Ben's phone is in "S:Offered" with the car key

  @SES-19 @SES-18
  Scenario: Attack 8, a forged session gets no key: what the phone offers goes into a session that it opened itself
    Given Ryan's phone has taken the invitation of Ben's phone
    When Ryan's phone offers a car key called "from Ryan" to Ben's phone
    And Ben's phone accepts "from Ryan"
    And Ben's phone offers a car key to Ryan's phone
    And Mallory copies the state of Ryan's phone
    And Mallory forges a cancel of the car key from Ben's phone to Ryan's phone
    Then Ryan's phone is told "further-session"
    When Ryan's phone offers a hotel key to Ben's phone
    Then Ben's phone is in "R:Invited" with the hotel key
    And the last message to Ben's phone is a ratchet message

  # 9. One recipient's trouble is nobody else's

  @XFER-16 @MBX-11 @WAL-03
  Scenario Outline: Attack 9, the mailbox of one sender answers "<lie>" for ever, and everybody else is answered
    Given Mallory has a phone
    When Mallory's phone offers a car key called "the trap" to Ryan's phone
    And the intermediary answers every submission to Mallory's phone with "<lie>"
    And Ryan's phone accepts "the trap"
    Then Ryan's phone is told "delayed"
    When Ben's phone offers a car key called "the van" to Ryan's phone
    And Ryan's phone accepts "the van"
    Then Ben's phone is in "S:Completed" with "the van"
    When 26 days pass
    And Ben's phone offers a car key called "the boat" to Ryan's phone
    And Ryan's phone accepts "the boat"
    Then Ben's phone is in "S:Completed" with "the boat"
    And nobody is told anything

    Examples:
      | lie          |
      | mailbox-full |
      | rate-limited |
      | forbidden    |

  # 10. What has ended does not leave any more

  @XFER-14
  Scenario: Attack 10, an offer that was cancelled before it left never leaves
    When Ben's phone goes offline
    And Ben's phone offers a hotel key to Ryan's phone
    And Ben's phone cancels the hotel key
    Then the saved state of Ben's phone holds nothing of the hotel key
    When Ben's phone comes online
    Then Ryan's phone knows nothing of the hotel key
    And 0 messages wait for Ryan's phone
    And the saved state of Ben's phone holds nothing of the hotel key
    And nobody is told anything

  @XFER-14 @XFER-10
  Scenario: Attack 10, an offer that expired before it left never leaves
    When Ben's phone goes offline
    And Ben's phone offers a hotel key to Ryan's phone for 1 hour
    And 1 hour passes
    Then Ben's phone is in "S:Expired" with the hotel key
    And the saved state of Ben's phone holds nothing of the hotel key
    When Ben's phone comes online
    Then Ryan's phone knows nothing of the hotel key
    And 0 messages wait for Ryan's phone
    And nobody is told anything

  @XFER-14 @XFER-17 @WAL-01
  Scenario: Attack 10, a submission that was not answered is dropped at the transfer's end, and counts as out
    When the next submission of Ben's phone is lost
    And Ben's phone offers a hotel key to Ryan's phone
    And Ben's phone cancels the hotel key
    Then Ben's phone is told "credential-may-be-out"
    And the saved state of Ben's phone holds nothing of the hotel key
    When 1 minute passes
    Then Ryan's phone knows nothing of the hotel key
    And Ryan's phone does not hold the hotel key

  # 11. A token is under way in one transfer at a time

  @XFER-18
  Scenario: Attack 11, one hotel key for two: the second offer is refused
    Given Rhea has a phone
    When Ben's phone offers a hotel key called "the room" to Ryan's phone
    And Ben's phone offers the token of "the room" called "again" to Rhea's phone
    Then it is refused with "already-offered"
    And 0 messages wait for Rhea's phone
    When Ryan's phone accepts "the room"
    Then Ryan's phone holds "the room"
    And nobody is told anything

  @XFER-18
  Scenario Outline: Attack 11, <days> after a hotel key was declined it is <answer>
    Given Rhea has a phone
    When Ben's phone offers a hotel key called "the room" to Ryan's phone
    And Ryan's phone declines "the room"
    And <days> pass
    And Ben's phone offers the token of "the room" called "again" to Rhea's phone
    Then <result>

    Examples:
      | days    | answer             | result                                      |
      | 59 days | refused            | it is refused with "already-offered"        |
      | 60 days | offered once more  | Rhea's phone is in "R:Invited" with "again" |

  @XFER-18
  Scenario: Attack 11, the user insists, and it is the user's affair
    Given Rhea has a phone
    When Ben's phone offers a hotel key called "the room" to Ryan's phone
    And Ryan's phone declines "the room"
    Then Ben's phone is told "credential-may-be-out"
    When Ben's phone insists on offering the token of "the room" called "again" to Rhea's phone
    And Rhea's phone accepts "again"
    Then Rhea's phone holds "again"
    And Ben's phone is in "S:Completed" with "again"
    And nobody is told anything

  @XFER-18 @XFER-17
  Scenario: Attack 11, revoking and sharing again: the next key is another one
    Given Rhea has a phone
    When Ben's phone offers a hotel key called "the room" to Ryan's phone
    And Ryan's phone accepts "the room"
    And "the room" is revoked
    And Ben's phone offers a hotel key called "the new key" to Rhea's phone
    And Rhea's phone accepts "the new key"
    Then Rhea's phone holds "the new key"
    And Ryan's phone does not hold "the room"
    And nobody is told anything

  # 12. Whenever a credential may be out, its owner is told at once

  @XFER-17
  Scenario Outline: Attack 12, a hotel key that was offered <ends>: the owner is told that it may be out
    When Ben's phone offers a hotel key to Ryan's phone
    And <how>
    Then Ben's phone is told "credential-may-be-out"
    And Ben's phone is in "<state>" with the hotel key
    And nobody is told anything

    Examples:
      | ends                      | how                                  | state       |
      | is cancelled by its owner | Ben's phone cancels the hotel key    | S:Cancelled |
      | is declined               | Ryan's phone declines the hotel key  | S:Declined  |
      | is cancelled              | Ryan's phone cancels the hotel key   | S:Cancelled |
      | expires                   | 48 hours pass                        | S:Expired   |

  @XFER-17
  Scenario Outline: Attack 12, a car key that was signed <ends>: the owner is told that it may be out
    When Ben's phone offers a car key to Ryan's phone
    And Ben's phone goes offline
    And Ryan's phone accepts the car key
    And Ryan's phone goes offline
    And Ben's phone comes online
    Then Ben's phone is in "S:Signed" with the car key
    When <how>
    Then Ben's phone is told "credential-may-be-out"
    And Ben's phone is in "<state>" with the car key
    And nobody is told anything

    Examples:
      | ends                      | how                             | state       |
      | is cancelled by its owner | Ben's phone cancels the car key | S:Cancelled |
      | expires                   | 48 hours pass                   | S:Expired   |

  @XFER-17
  Scenario Outline: Attack 12, a car key that nobody has signed is not out, and <how> tells nobody anything
    When Ben's phone offers a car key to Ryan's phone
    And <how>
    Then Ben's phone is in "<state>" with the car key
    And nobody is told anything

    Examples:
      | how                                | state       |
      | Ben's phone cancels the car key    | S:Cancelled |
      | Ryan's phone declines the car key  | S:Declined  |
      | 48 hours pass                      | S:Expired   |

  # 13. A wrong answer is asked again, and stops nothing else

  @SES-02 @MBX-13 @WAL-02
  Scenario: Attack 13, the bundle of another device is the answer: it is asked for again
    Given Bert has a phone
    When the intermediary answers the next bundle request with the bundle of Bert's phone
    And Ben's phone offers a car key to Ryan's phone
    And 1 minute passes
    Then Ryan's phone is in "R:Invited" with the car key
    And 0 messages wait for Bert's phone
    And nobody is told anything

  @MBX-13 @WAL-02
  Scenario Outline: Attack 13, a <request> is answered with <lie>: it is asked again
    When the intermediary answers the next <request> of Ben's phone with "<lie>"
    And Ben's phone offers a car key to Ryan's phone
    And 1 minute passes
    And Ryan's phone accepts the car key
    Then Ryan's phone holds the car key
    And Ben's phone is in "S:Completed" with the car key
    And nobody is told anything

    Examples:
      | request        | lie                    |
      | bundle request | another kind of answer |
      | bundle request | done                   |
      | bundle request | no messages            |
      | submission     | another kind of answer |
      | submission     | no messages            |
      | reading        | another kind of answer |
      | reading        | done                   |

  @MBX-13 @SES-14 @WAL-02 @WAL-03
  Scenario Outline: Attack 13, every <request> for one receiver is answered with <lie>, and another one is served
    Given Rhea has a phone
    When Ben's phone has taken the invitation of Rhea's phone
    And the intermediary answers every <request> of Ben's phone with "<lie>"
    And Ben's phone offers a car key called "the car" to Ryan's phone
    And 1 minute passes
    And 1 minute passes
    And 1 minute passes
    And 1 minute passes
    And 1 minute passes
    And the intermediary is honest again
    And Ben's phone offers a car key called "the van" to Rhea's phone
    And Rhea's phone accepts "the van"
    Then Ben's phone is in "S:Completed" with "the van"
    And Rhea's phone holds "the van"

    Examples:
      | request        | lie                    |
      | bundle request | another kind of answer |
      | submission     | another kind of answer |

  # 14. Nobody drains the one-time prekeys, and nobody fills a mailbox, without a link

  @MBX-17 @MBX-20 @MBX-22
  Scenario: Attack 14, two hundred bundles are fetched without a link, and no one-time prekey is gone
    When strangers fetch 200 bundles of Ryan's phone
    Then 20 one-time prekeys of Ryan's phone are left
    When Ben's phone offers a car key to Ryan's phone
    Then 19 one-time prekeys of Ryan's phone are left

  # 15. Ends of what has no end, and keys that change

  @XFER-10 @XFER-19
  Scenario: Attack 15, an offer that expires in the year 9999 ends after thirty days
    When Ben's phone sends an offer that expires in the year 9999 called "for ever" to Ryan's phone
    Then Ryan's phone is in "R:Invited" with "for ever"
    When 29 days pass
    Then Ryan's phone is in "R:Invited" with "for ever"
    When 1 day passes
    Then Ryan's phone is in "R:Expired" with "for ever"
    When Ryan's phone accepts "for ever"
    Then it is refused with "invalid-state"

  @KEY-08 @KEY-10
  Scenario: Attack 15, a signed prekey that was replaced twenty days ago is served, and can still be used
    Given Ben's phone has taken the invitation of Ryan's phone
    And the state of Ryan's phone is saved as "before"
    When 7 days pass
    And 20 days pass
    And the intermediary answers the next bundle request with a bundle as it was at "before"
    And Ben's phone offers a car key to Ryan's phone
    Then Ryan's phone is in "R:Invited" with the car key
    When Ryan's phone accepts the car key
    Then Ben's phone is in "S:Completed" with the car key
    And nobody is told anything

  @tigress-1 @KEY-10 @KEY-09
  Scenario: Attack 15, a bundle of six weeks ago is served, and nothing is sent
    Given the state of Ryan's phone is saved as "before"
    When 42 days pass
    And the intermediary answers the next bundle request with a bundle as it was at "before"
    And Ben's phone offers a car key to Ryan's phone
    Then Ben's phone is told "stale-statement"
    And 0 messages wait for Ryan's phone
    And Ryan's phone knows nothing of the car key
    And nobody is told anything

  # 16. Rollback

  @tigress-1 @ID-04 @SES-17
  Scenario: Attack 16, the limit: a phone that is put back to an older state encrypts twice with one key
    When Ben's phone offers a car key called "the car" to Ryan's phone
    And the state of Ben's phone is saved as "the day before"
    And Ben's phone offers a car key called "the van" to Ryan's phone
    And Ben's phone is rolled back to "the day before"
    And Ben's phone offers a hotel key called "the room" to Ryan's phone
    Then Ben's phone has used a message key twice

  @ID-04 @SES-17
  Scenario: Attack 16, a phone that is restored as the profile has it begins anew, and uses no key twice
    When Ben's phone offers a car key called "the car" to Ryan's phone
    And Ben's phone is set up anew
    And Ben's phone offers a car key called "the van" to Ryan's phone
    And Ryan's phone accepts "the van"
    Then Ben's phone is in "S:Completed" with "the van"
    And Ben's phone has used no message key twice
    And nobody is told anything

  @XFER-15 @WAL-01
  Scenario: Attack 16, a restart is no rollback: the phone goes on behind what it has sent
    When Ben's phone offers a car key called "the car" to Ryan's phone
    And Ryan's phone accepts "the car"
    And Ben's phone offers a car key called "the van" to Ryan's phone
    And Ben's phone restarts
    And Ben's phone offers a hotel key called "the room" to Ryan's phone
    Then Ryan's phone is in "R:Invited" with "the room"
    And Ben's phone has used no message key twice
    And nobody is told anything
