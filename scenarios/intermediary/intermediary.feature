Feature: An intermediary that is not honest
  The intermediary carries everything and is trusted with nothing. It can be silent; it cannot read, forge,
  or make a device carry something out twice. With an invitation it cannot even put another device in the
  receiver's place.

  Background:
    Given Ben has a phone
    And Ryan has a phone
    And Mallory has a phone

  @INV-03 @X3DH-15
  Scenario: It hands out somebody else's keys, and the invitation tells
    Given Ben's phone has taken the invitation of Ryan's phone
    When the intermediary answers the next bundle request with the keys of Mallory's phone
    And Ben's phone offers a hotel key to Ryan's phone
    Then Ben's phone is told "untrusted-identity"
    And Ryan's phone knows nothing of the hotel key

  @INV-03
  Scenario: The invitation is not the receiver's
    Given Ben's phone has taken an invitation of Ryan's phone with the fingerprint of Mallory's phone
    When Ben's phone offers a hotel key to Ryan's phone
    Then Ben's phone is told "untrusted-identity"

  @INV-03
  Scenario: The invitation is the receiver's
    Given Ben's phone has taken the invitation of Ryan's phone
    When Ben's phone offers a hotel key to Ryan's phone
    And Ryan's phone accepts the hotel key
    Then Ben's phone is in "S:Completed" with the hotel key

  @DR-14 @X3DH-14
  Scenario: It replays what was read
    When Ben's phone offers a car key to Ryan's phone
    And the intermediary replays the last message to Ryan's phone
    Then Ryan's phone is told "duplicate-message"
    And Ryan's phone is in "R:Invited" with the car key

  @MBX-10
  Scenario: It withholds an offer until the time is over
    When the intermediary withholds the messages of Ryan's phone
    And Ben's phone offers a car key to Ryan's phone for 1 hour
    And 2 hours pass
    And the intermediary withholds nothing any more
    And 1 minute passes
    Then Ben's phone is in "S:Expired" with the car key
    And Ryan's phone is in "R:Expired" with the car key

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

  @DR-15 @SES-16
  Scenario: It damages a message, and nobody has to ask for it again
    When the answer to the next reading of Ryan's phone is damaged
    And Ben's phone offers a car key to Ryan's phone
    Then Ryan's phone is told "decrypt-failed"
    And Ryan's phone knows nothing of the car key
    And 0 messages wait for Ben's phone
