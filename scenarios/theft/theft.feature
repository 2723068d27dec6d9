Feature: A thief copies a device's state
  Whoever copies a device can read what that device could read at that moment, and nothing that it had read
  before: forward secrecy. Once both sides have made a ratchet step that the thief did not see, the copy is
  worth nothing: post-compromise security.

  Background:
    Given Ben has a phone
    And Ryan has a phone
    And Ben's phone offers a car key called "the car" to Ryan's phone
    And Ryan's phone accepts "the car"

  @DR-19 @DR-13
  Scenario: What was read before the theft stays closed
    When Mallory copies the state of Ryan's phone
    Then Mallory cannot read the last message to Ryan's phone

  @DR-09
  Scenario: What is sent in the chain that the thief has seen can be read
    When Mallory copies the state of Ryan's phone
    And Ben's phone offers a car key called "the van" to Ryan's phone
    Then Mallory can read the last message to Ryan's phone

  @DR-09 @DR-20
  Scenario: After an answer and its answer the session has healed
    When Mallory copies the state of Ryan's phone
    And Ben's phone offers a car key called "the van" to Ryan's phone
    And Ryan's phone accepts "the van"
    And Ben's phone offers a car key called "the boat" to Ryan's phone
    Then Mallory cannot read the last message to Ryan's phone

  @DR-19
  Scenario: The copied state of the sender reads nothing that it has sent
    When Mallory copies the state of Ben's phone
    Then Mallory cannot read the last message to Ben's phone

  @X3DH-10 @DR-02
  Scenario: A device that was set up anew has nothing that a thief of the old one could use
    When Mallory copies the state of Ryan's phone
    And Ryan's phone is set up anew
    And Ben's phone offers a car key called "the van" to Ryan's phone
    Then Mallory cannot read the last message to Ryan's phone
    And Ben's phone is told "identity-changed"
