Feature: An intermediary that is not honest
  The intermediary carries everything and is trusted with nothing. It can be silent; it cannot read, forge,
  or make a device carry something out twice. With an invitation it cannot even put another device in the
  receiver's place.

  Background:
    Given Ben has a phone
    And Ryan has a phone
    And Mallory has a phone

  @tigress-1 @INV-03 @X3DH-15
  Scenario: It hands out somebody else's keys, and their statement tells whose they are
    Given Ben's phone has taken the invitation of Ryan's phone
    When the intermediary answers the next bundle request with the keys of Mallory's phone
    And Ben's phone offers a hotel key to Ryan's phone
    Then Ben's phone is told "invalid-signature"
    And Ryan's phone knows nothing of the hotel key
    And 0 messages wait for Ryan's phone
    And 0 messages wait for Mallory's phone
    And the intermediary has seen no payload
    And nobody is told anything

  @INV-03
  Scenario: The invitation is not the receiver's
    Given Ben's phone has taken an invitation of Ryan's phone with the fingerprint of Mallory's phone
    When Ben's phone offers a hotel key to Ryan's phone
    Then Ben's phone is told "untrusted-identity"
    And Ryan's phone knows nothing of the hotel key
    And 0 messages wait for Ryan's phone

  @DR-14 @X3DH-14
  Scenario: It replays what was read
    When Ben's phone offers a car key to Ryan's phone
    And the intermediary replays the last message to Ryan's phone
    Then Ryan's phone is told "duplicate-message"
    And Ryan's phone is in "R:Invited" with the car key
    And 0 messages wait for Ben's phone
    When Ryan's phone accepts the car key
    Then Ben's phone is in "S:Completed" with the car key
    And nobody is told anything

  @XFER-10
  Scenario: It withholds an offer until the time is over
    When the intermediary withholds the messages of Ryan's phone
    And Ben's phone offers a car key to Ryan's phone for 1 hour
    And 2 hours pass
    And the intermediary withholds nothing any more
    And 1 minute passes
    Then Ben's phone is in "S:Expired" with the car key
    And Ryan's phone is in "R:Expired" with the car key
    When Ryan's phone accepts the car key
    Then it is refused with "invalid-state"
    And nobody is told anything

  @DR-10
  Scenario: It reverses the order of the messages
    When the intermediary reverses its answers
    And Ryan's phone goes offline
    And Ben's phone offers a car key called "the car" to Ryan's phone
    And Ben's phone offers a car key called "the van" to Ryan's phone
    And Ryan's phone comes online
    Then Ryan's phone is in "R:Invited" with "the car"
    And Ryan's phone is in "R:Invited" with "the van"
    And nobody is told anything

  @DR-15
  Scenario: It damages a message
    When the answer to the next reading of Ryan's phone is damaged
    And Ben's phone offers a car key to Ryan's phone
    Then Ryan's phone is told "decrypt-failed"
    And Ryan's phone knows nothing of the car key
    And Ben's phone is in "S:Offered" with the car key
    And nobody is told anything

  @tigress-1 @INV-03 @X3DH-15
  Scenario: It hands out somebody else's keys once both have met, and their statement tells
    Given Ben's phone has taken the invitation of Ryan's phone
    When Ben's phone offers a car key called "the car" to Ryan's phone
    And Ryan's phone accepts "the car"
    And 31 days pass
    And the intermediary answers the next bundle request with the keys of Mallory's phone
    And Ben's phone offers a car key called "the van" to Ryan's phone
    Then Ben's phone is told "invalid-signature"
    And 0 messages wait for Ryan's phone
    And Ben's phone is in "S:Completed" with "the car"
    And nobody is told anything

  # Repetition

  @DR-14 @XFER-01
  Scenario Outline: It replays the <message> to <device>, and nothing is done twice
    When Ben's phone offers a car key to Ryan's phone
    And Ben's phone goes offline
    And Ryan's phone accepts the car key
    And <until>
    And the intermediary replays the last message to <device>
    Then <device> is told "duplicate-message"
    And <device> is in "<state>" with the car key
    When Ben's phone comes online
    Then Ryan's phone holds the car key
    And Ben's phone is in "S:Completed" with the car key
    And 0 messages wait for Ben's phone
    And 0 messages wait for Ryan's phone
    And nobody is told anything

    Examples:
      | message         | device       | until                     | state         |
      | offer           | Ryan's phone | 1 minute passes           | R:Requested   |
      | import request  | Ryan's phone | Ben's phone comes online  | R:Provisioned |
      | last message    | Ben's phone  | Ben's phone comes online  | S:Completed   |

  # Silence and order

  @XFER-10
  Scenario: It withholds the signing request until the time is over: nothing is signed
    When Ben's phone offers a car key to Ryan's phone for 1 hour
    And the intermediary withholds the messages of Ben's phone
    And Ryan's phone accepts the car key
    And 1 hour passes
    And the intermediary withholds nothing any more
    And 1 minute passes
    Then Ben's phone is told "unexpected-message"
    And Ben's phone is in "S:Expired" with the car key
    And Ryan's phone is in "R:Expired" with the car key
    And 0 messages wait for Ryan's phone
    And nobody is told anything

  @XFER-12
  Scenario: It withholds the news that a key is out, and cannot for ever
    When Ben's phone offers a hotel key to Ryan's phone
    And the intermediary withholds the messages of Ben's phone
    And Ryan's phone accepts the hotel key
    And Ben's phone cancels the hotel key
    Then Ben's phone is in "S:Cancelled" with the hotel key
    And Ryan's phone holds the hotel key
    And Ryan's phone is told "unexpected-message"
    When the intermediary withholds nothing any more
    And 1 minute passes
    Then Ben's phone is told "provisioned-after-end"
    And Ben's phone is told "credential-may-be-out"
    And nobody is told anything

  # One-time prekeys

  @X3DH-09 @MBX-03
  Scenario: It hands out a one-time prekey twice: the second message is refused, and the first transfer goes on
    Given Bert has a phone
    When Ben's phone offers a car key called "from Ben" to Ryan's phone
    And the intermediary hands out the last one-time prekey of Ryan's phone again
    And Bert's phone offers a car key called "from Bert" to Ryan's phone
    Then Ryan's phone is told "unknown-one-time-prekey"
    And Ryan's phone is in "R:Invited" with "from Ben"
    And Bert's phone is in "S:Offered" with "from Bert"
    When Ryan's phone accepts "from Bert"
    Then it is refused with "unknown-transfer"
    When Ryan's phone accepts "from Ben"
    Then Ben's phone is in "S:Completed" with "from Ben"
    And nobody is told anything

  @X3DH-09 @X3DH-10
  Scenario: It hands out a one-time prekey twice before either message is read: the first that is read gets it
    Given Bert has a phone
    When Ryan's phone goes offline
    And Ben's phone offers a car key called "from Ben" to Ryan's phone
    And the intermediary hands out the last one-time prekey of Ryan's phone again
    And Bert's phone offers a car key called "from Bert" to Ryan's phone
    And the intermediary reverses its answers
    And Ryan's phone comes online
    Then Ryan's phone is told "unknown-one-time-prekey"
    And Ryan's phone is in "R:Invited" with "from Bert"
    And Ben's phone is in "S:Offered" with "from Ben"
    And nobody is told anything

  @X3DH-09 @XFER-15
  Scenario: It hands out a one-time prekey twice, and the receiver has restarted in between
    Given Bert has a phone
    When Ben's phone offers a car key called "from Ben" to Ryan's phone
    And Ryan's phone restarts
    And the intermediary hands out the last one-time prekey of Ryan's phone again
    And Bert's phone offers a car key called "from Bert" to Ryan's phone
    Then Ryan's phone is told "unknown-one-time-prekey"
    And Ryan's phone is in "R:Invited" with "from Ben"
    And nobody is told anything

  @SES-13 @X3DH-09
  Scenario: It hands out a one-time prekey twice, and a month later the second sender gets through with a new session
    Given Bert has a phone
    When Ben's phone offers a car key called "from Ben" to Ryan's phone
    And the intermediary hands out the last one-time prekey of Ryan's phone again
    And Bert's phone offers a car key called "from Bert" to Ryan's phone
    Then Ryan's phone is told "unknown-one-time-prekey"
    When 31 days pass
    And Bert's phone offers a car key called "again" to Ryan's phone
    Then Ryan's phone is in "R:Invited" with "again"
    When Ryan's phone accepts "again"
    Then Bert's phone is in "S:Completed" with "again"
    And nobody is told anything

  @X3DH-02
  Scenario: It changes the signature of a prekey, and nothing is sent
    When the answer to the next bundle request of Ben's phone is damaged
    And Ben's phone offers a car key to Ryan's phone
    Then Ben's phone is told "invalid-signature"
    And Ryan's phone knows nothing of the car key
    And 0 messages wait for Ryan's phone
