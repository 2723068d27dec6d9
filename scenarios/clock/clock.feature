Feature: Time, and clocks that do not agree
  Offers expire, messages are thrown away, keys and sessions grow old: all of it by a clock, and every phone has its
  own. These scenarios show what a phone that was off for weeks can still read, that each limit holds to the
  second, and that a clock that is wrong can cost a transfer, but can never get a credential out unseen.

  Background:
    Given Ben has a phone
    And Ryan has a phone

  # Expiry: each party judges for itself

  @XFER-10 @XFER-16 @MBX-10
  Scenario: An offer ends on both phones without a word between them
    When Ben's phone offers a car key to Ryan's phone for 1 hour
    And Ben's phone goes offline
    And Ryan's phone goes offline
    And 1 hour passes
    Then Ben's phone is in "S:Expired" with the car key
    And Ryan's phone is in "R:Expired" with the car key
    When Ben's phone comes online
    And Ryan's phone comes online
    Then 0 messages wait for Ben's phone
    And 0 messages wait for Ryan's phone
    And nobody is told anything

  @XFER-10
  Scenario: A second before the end an offer can be accepted
    When Ben's phone offers a hotel key to Ryan's phone for 1 hour
    And 3599 seconds pass
    And Ryan's phone accepts the hotel key
    Then Ryan's phone holds the hotel key
    And Ben's phone is in "S:Completed" with the hotel key
    When 1 second passes
    Then Ryan's phone holds the hotel key
    And Ben's phone is in "S:Completed" with the hotel key
    And nobody is told anything

  @XFER-10
  Scenario: At the second at which it ends an offer can no longer be accepted
    When Ben's phone offers a hotel key to Ryan's phone for 1 hour
    And 3600 seconds pass
    And Ryan's phone accepts the hotel key
    Then it is refused with "invalid-state"
    And Ryan's phone is in "R:Expired" with the hotel key
    And Ben's phone is in "S:Expired" with the hotel key
    And Ben's phone is told "credential-may-be-out"
    And nobody is told anything

  @XFER-10
  Scenario Outline: An offer for <lifetime> is <outcome>
    When Ben's phone offers a hotel key to Ryan's phone for <lifetime>
    Then <result>

    Examples:
      | lifetime        | outcome | result                                              |
      | 0 seconds       | refused | it is refused with "invalid-state"                  |
      | 1 second        | made    | Ryan's phone is in "R:Invited" with the hotel key   |
      | 2592000 seconds | made    | Ryan's phone is in "R:Invited" with the hotel key   |
      | 2592001 seconds | refused | it is refused with "invalid-state"                  |

  # What a mailbox keeps, and how long

  @MBX-08 @MBX-10 @XFER-16
  Scenario: A phone that was off for a month still gets an offer that lives as long
    When Ryan's phone goes offline
    And Ben's phone offers a car key to Ryan's phone for 30 days
    And Ben's phone goes offline
    And 2591999 seconds pass
    Then 1 message waits for Ryan's phone
    When Ryan's phone comes online
    Then Ryan's phone is in "R:Invited" with the car key
    And 0 messages wait for Ryan's phone
    And nobody is told anything

  @MBX-10
  Scenario: A second later the mailbox has thrown it away
    When Ryan's phone goes offline
    And Ben's phone offers a car key to Ryan's phone for 30 days
    And 2592000 seconds pass
    Then 0 messages wait for Ryan's phone
    When Ryan's phone comes online
    Then Ryan's phone knows nothing of the car key
    And Ben's phone is in "S:Expired" with the car key
    And nobody is told anything

  @XFER-16 @MBX-10
  Scenario: A phone that was off for longer than the offer lived finds nothing of it
    When Ryan's phone goes offline
    And Ben's phone offers a hotel key to Ryan's phone
    And 47 hours pass
    Then 1 message waits for Ryan's phone
    When 1 hour passes
    Then 0 messages wait for Ryan's phone
    When Ryan's phone comes online
    Then Ryan's phone knows nothing of the hotel key
    And Ben's phone is in "S:Expired" with the hotel key
    And Ben's phone is told "credential-may-be-out"
    And nobody is told anything

  # How long a repetition is known as one

  @MBX-13
  Scenario: A request comes again within a day, and is not carried out again
    When the next submission of Ben's phone is held back
    And Ben's phone offers a car key to Ryan's phone
    And 1 minute passes
    Then Ryan's phone is in "R:Invited" with the car key
    When 23 hours pass
    And what was held back arrives
    Then 0 messages wait for Ryan's phone
    And nobody is told anything

  @MBX-13 @X3DH-13 @DR-14
  Scenario: A request comes again after more than a day, and the receiver knows the message
    When the next submission of Ben's phone is held back
    And Ben's phone offers a car key to Ryan's phone
    And 1 minute passes
    Then Ryan's phone is in "R:Invited" with the car key
    When 25 hours pass
    And what was held back arrives
    Then Ryan's phone is told "duplicate-message"
    And Ryan's phone is in "R:Invited" with the car key
    And Ben's phone is in "S:Offered" with the car key

  # How old a signed prekey may be

  @KEY-08
  Scenario: A first message waits while its signed prekey is replaced
    When 6 days pass
    And the intermediary withholds the messages of Ryan's phone
    And Ben's phone offers a car key to Ryan's phone
    And 47 hours pass
    And the intermediary withholds nothing any more
    And 1 minute passes
    Then Ryan's phone is in "R:Invited" with the car key
    When Ryan's phone accepts the car key
    Then Ryan's phone holds the car key
    And Ben's phone is in "S:Completed" with the car key
    And nobody is told anything

  @KEY-08
  Scenario: A first message whose signed prekey was replaced twenty-nine days ago can be read
    When Ryan's phone makes an invitation called "the link" for 30 days
    And Ben's phone takes the invitation "the link"
    And the next submission of Ben's phone is held back
    And Ben's phone offers a car key to Ryan's phone for 30 days
    And Ben's phone goes offline
    And 7 days pass
    And 29 days pass
    And what was held back arrives
    Then the active sessions of Ben's phone and Ryan's phone match
    And nobody is told anything
    When 1 minute passes
    Then Ryan's phone is in "R:Expired" with the car key

  @KEY-08 @X3DH-08
  Scenario: A first message that comes after its signed prekey was erased opens nothing
    When Ryan's phone makes an invitation called "the link" for 30 days
    And Ben's phone takes the invitation "the link"
    And the next submission of Ben's phone is held back
    And Ben's phone offers a car key to Ryan's phone for 30 days
    And Ben's phone goes offline
    And 7 days pass
    And 31 days pass
    And what was held back arrives
    Then Ryan's phone is told "unknown-signed-prekey"
    And Ryan's phone knows nothing of the car key
    And Ben's phone is in "S:Expired" with the car key

  # How old a session may be

  @SES-13
  Scenario: A session that was not answered is still sent in after twenty-nine days
    When Ryan's phone makes an invitation called "the link" for 30 days
    And Ben's phone takes the invitation "the link"
    And Ben's phone offers a car key called "the car" to Ryan's phone
    And 29 days pass
    And Ben's phone offers a car key called "the van" to Ryan's phone
    Then Ryan's phone is in "R:Invited" with "the van"
    And 19 one-time prekeys of Ryan's phone are left
    And nobody is told anything

  @SES-13 @SES-03
  Scenario: Sending does not keep a session young
    When Ryan's phone makes an invitation called "the link" for 30 days
    And Ben's phone takes the invitation "the link"
    And Ben's phone offers a car key called "the car" to Ryan's phone
    And 20 days pass
    And Ben's phone offers a car key called "the van" to Ryan's phone
    Then 19 one-time prekeys of Ryan's phone are left
    When 11 days pass
    And Ben's phone offers a car key called "the boat" to Ryan's phone
    Then 18 one-time prekeys of Ryan's phone are left
    And Ryan's phone is in "R:Invited" with "the boat"
    And nobody is told anything

  @SES-02 @SES-13 @X3DH-07
  Scenario: A session in which nothing was read for a month is followed by a new one
    When Ben's phone offers a car key called "the car" to Ryan's phone
    And Ryan's phone accepts "the car"
    And 31 days pass
    And Ben's phone offers a car key called "the van" to Ryan's phone
    Then the last message to Ryan's phone is a prekey message
    When Ryan's phone accepts "the van"
    Then Ryan's phone is in "R:Provisioned" with "the van"
    And the active sessions of Ben's phone and Ryan's phone match
    And nobody is told anything

  @SES-13 @SES-05
  Scenario: A message of two months ago is read in the old session
    When Ryan's phone makes an invitation called "the link" for 30 days
    And Ben's phone takes the invitation "the link"
    And Ben's phone offers a car key called "the car" to Ryan's phone
    And Ryan's phone accepts "the car"
    And the next submission of Ben's phone is held back
    And Ben's phone offers a hotel key to Ryan's phone for 30 days
    And Ben's phone goes offline
    And 60 days pass
    And what was held back arrives
    Then the last message to Ryan's phone is a ratchet message
    And Ben's phone is told "credential-may-be-out"
    And nobody is told anything
    When 1 minute passes
    Then Ryan's phone is in "R:Expired" with the hotel key

  # Clocks that do not agree

  @XFER-10
  Scenario Outline: <device>'s clock is five minutes <direction>, and nobody notices
    When <device>'s clock is 5 minutes <direction>
    And Ben's phone offers a car key to Ryan's phone
    And Ryan's phone accepts the car key
    Then Ryan's phone holds the car key
    And Ben's phone is in "S:Completed" with the car key
    And nobody is told anything

    Examples:
      | device      | direction |
      | Ben's phone | ahead     |
      | Ben's phone | behind    |

  @XFER-10
  Scenario: For a receiver whose clock is ahead an offer is over before it comes
    When Ryan's phone's clock is 3 days ahead
    And Ben's phone offers a car key to Ryan's phone
    And Ryan's phone accepts the car key
    Then it is refused with "invalid-state"
    And Ben's phone is in "S:Offered" with the car key
    When 1 minute passes
    Then Ryan's phone is in "R:Expired" with the car key
    And Ben's phone is in "S:Offered" with the car key
    And 0 messages wait for Ben's phone
    And nobody is told anything

  @XFER-10
  Scenario: A receiver whose clock is behind asks too late, and nothing is signed
    When Ryan's phone's clock is 3 days behind
    And Ben's phone offers a car key to Ryan's phone
    And 49 hours pass
    Then Ben's phone is in "S:Expired" with the car key
    And Ryan's phone is in "R:Invited" with the car key
    When Ryan's phone accepts the car key
    Then Ryan's phone is in "R:Requested" with the car key
    And Ben's phone is in "S:Expired" with the car key
    And Ben's phone is told "unexpected-message"
    And 0 messages wait for Ryan's phone

  @XFER-10 @XFER-12
  Scenario: A receiver whose clock is behind provisions a hotel key too late, and the owner is told
    When Ryan's phone's clock is 3 days behind
    And Ben's phone offers a hotel key to Ryan's phone
    And 49 hours pass
    And Ryan's phone accepts the hotel key
    Then Ryan's phone holds the hotel key
    And Ben's phone is in "S:Expired" with the hotel key
    And Ben's phone is told "provisioned-after-end"

  @XFER-10
  Scenario: A sender whose clock is ahead ends the offer by its own clock, not by the receiver's
    When Ben's phone's clock is 1 day ahead
    And Ben's phone offers a car key to Ryan's phone
    And 49 hours pass
    Then Ben's phone is in "S:Expired" with the car key
    And Ryan's phone is in "R:Invited" with the car key
    When Ryan's phone accepts the car key
    Then Ryan's phone is in "R:Requested" with the car key
    And Ben's phone is told "unexpected-message"
    And Ben's phone is in "S:Expired" with the car key

  @XFER-10 @MBX-10
  Scenario: What a sender whose clock is behind offers is delivered, but can no longer be accepted
    When Ben's phone's clock is 3 days behind
    And Ryan's phone goes offline
    And Ben's phone offers a hotel key to Ryan's phone
    Then 1 message waits for Ryan's phone
    When Ryan's phone comes online
    And Ryan's phone accepts the hotel key
    Then it is refused with "invalid-state"
    And Ben's phone is in "S:Offered" with the hotel key
    And nobody is told anything

  @MBX-10
  Scenario: The mailbox goes by the intermediary's clock, whatever the phones think
    When Ben's phone's clock is 1 day ahead
    And Ryan's phone's clock is 1 day behind
    And Ryan's phone goes offline
    And Ben's phone offers a car key to Ryan's phone for 30 days
    And 2591999 seconds pass
    Then 1 message waits for Ryan's phone
    When 1 second passes
    Then 0 messages wait for Ryan's phone

  @INV-05
  Scenario Outline: A sender whose clock is <off> takes no link that lives as long as links can
    When Ryan's phone makes an invitation called "the link" for 30 days
    And Ben's phone's clock is <off>
    And Ben's phone takes the invitation "the link"
    Then it is refused with "invalid-invitation"

    Examples:
      | off            |
      | 30 days ahead  |
      | 5 days behind  |

  @XFER-15
  Scenario Outline: <device>'s clock is set back during a transfer, and the phone restarts
    When Ben's phone offers a car key to Ryan's phone
    And Ben's phone goes offline
    And Ryan's phone accepts the car key
    And <device>'s clock is 1 hour behind
    And <device> restarts
    And Ben's phone comes online
    Then Ryan's phone holds the car key
    And Ben's phone is in "S:Completed" with the car key
    And nobody is told anything

    Examples:
      | device       |
      | Ben's phone  |
      | Ryan's phone |

  # The clock goes on, and no tick comes: what an answer then brings is judged by the time that it is

  @XFER-10 @XFER-17 @WAL-01
  Scenario: An offer's time is over when it could leave, before any tick: it stays, and nothing of it is out
    Given Ben's phone has taken the invitation of Ryan's phone
    And nothing arrives by itself
    When Ben's phone offers a hotel key to Ryan's phone for 1 hour
    And the clock moves on by 1 hour
    And the bundle request of Ben's phone arrives
    Then 0 submissions of Ben's phone wait
    When Ben's phone looks at the clock
    And everything arrives
    Then Ben's phone is in "S:Expired" with the hotel key
    And 0 messages wait for Ryan's phone
    And Ryan's phone knows nothing of the hotel key
    And nobody is told anything

  @XFER-10 @XFER-17
  Scenario: An offer leaves in the last second of its time, before any tick
    Given Ben's phone has taken the invitation of Ryan's phone
    And nothing arrives by itself
    When Ben's phone offers a hotel key to Ryan's phone for 1 hour
    And the clock moves on by 3599 seconds
    And the bundle request of Ben's phone arrives
    Then 1 submission of Ben's phone waits
    When everything arrives
    Then Ryan's phone is in "R:Invited" with the hotel key
