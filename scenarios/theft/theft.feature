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
    When Ben's phone offers a car key called "the boat" to Ryan's phone
    Then Mallory can read the last message to Ryan's phone

  @DR-09 @DR-20
  Scenario: After an answer and its answer the session has healed
    When Mallory copies the state of Ryan's phone
    And Ben's phone offers a car key called "the van" to Ryan's phone
    And Ryan's phone accepts "the van"
    And Ben's phone offers a car key called "the boat" to Ryan's phone
    Then Mallory cannot read the last message to Ryan's phone
    And nobody is told anything

  @DR-19 @DR-13
  Scenario: The owner's copied state reads nothing that the owner's phone has read
    When Mallory copies the state of Ben's phone
    Then Mallory cannot read the last message to Ben's phone

  @X3DH-10 @DR-02 @ID-04
  Scenario: A device that was set up anew has nothing that a thief of the old one could use
    When Mallory copies the state of Ryan's phone
    And Ryan's phone is set up anew
    And Ben's phone offers a car key called "the van" to Ryan's phone
    Then Mallory cannot read the last message to Ryan's phone
    And Ryan's phone is in "R:Invited" with "the van"
    And nobody is told anything

  # What a copy opens, and for how long

  @DR-09 @DR-20
  Scenario: The owner's phone was copied: the next signing request can be read, and nothing after it
    When Mallory copies the state of Ben's phone
    And Ben's phone offers a car key called "the van" to Ryan's phone
    And the next submission of Ben's phone is held back
    And Ryan's phone accepts "the van"
    Then Mallory can read the last message to Ben's phone
    When what was held back arrives
    Then Ben's phone is in "S:Completed" with "the van"
    And Mallory cannot read the last message to Ben's phone

  @DR-09 @DR-20
  Scenario: Both phones were copied at once: a ratchet step on each side heals
    When Mallory copies the state of Ben's phone
    And Mallory copies the state of Ryan's phone
    And Ben's phone offers a car key called "the van" to Ryan's phone
    Then Mallory can read the last message to Ryan's phone
    When Ryan's phone accepts "the van"
    Then Mallory cannot read the last message to Ryan's phone
    And Mallory cannot read the last message to Ben's phone

  @DR-19 @XFER-15
  Scenario: A restart brings no old key back
    When Ben's phone offers a car key called "the van" to Ryan's phone
    And everybody restarts
    And Mallory copies the state of Ryan's phone
    Then Mallory cannot read the last message to Ryan's phone
    When Mallory copies the state of Ben's phone
    Then Mallory cannot read the last message to Ben's phone

  # First messages

  @X3DH-10
  Scenario: A stranger's first message can be read with a copy made before it, and with none made after it
    Given Bert has a phone
    When Mallory copies the state of Ryan's phone
    And Bert's phone offers a car key called "the van" to Ryan's phone
    Then Mallory can read the last message to Ryan's phone
    When Mallory copies the state of Ryan's phone
    Then Mallory cannot read the last message to Ryan's phone

  @KEY-08 @X3DH-10
  Scenario Outline: A stranger's first message comes <days> after the theft, and Mallory <can> read it
    Given Bert has a phone
    When Mallory copies the state of Ryan's phone
    And <days> pass
    And Bert's phone offers a car key called "the van" to Ryan's phone
    Then Mallory <can> read the last message to Ryan's phone
    And nobody is told anything

    Examples:
      | days   | can    |
      | 6 days | can    |
      | 7 days | cannot |

  @SES-13 @KEY-08
  Scenario: A session that is replaced after a month is closed to the thief of the old one
    When Mallory copies the state of Ryan's phone
    And 31 days pass
    And Ben's phone offers a car key called "the van" to Ryan's phone
    Then the last message to Ryan's phone is a prekey message
    And Mallory cannot read the last message to Ryan's phone
    And Ryan's phone is in "R:Invited" with "the van"

  # Where a thief gets it from

  @DR-19 @PRIV-04
  Scenario: The thief of a phone has it from the phone, not from what it sent
    When Mallory copies the state of Ryan's phone
    And Ben's phone offers a car key called "the van" to Ryan's phone
    And Ryan's phone accepts "the van"
    Then no transcript line shows a private key of Ryan's phone
    And no transcript line shows a private key of Ben's phone
    And the intermediary has seen no payload

  @X3DH-12 @KEY-08
  Scenario: A first message without a one-time prekey stays readable for whoever gets the signed prekey
    Given Rhea has a phone
    When the intermediary keeps the one-time prekeys of Ryan's phone back, and says that 100 are left
    And Rhea's phone offers a car key to Ryan's phone
    And Mallory copies the state of Ryan's phone
    Then Mallory can read the last message to Ryan's phone

  @XFER-14
  Scenario Outline: A hotel key that was <end> is nowhere in the receiver's state
    When Ben's phone offers a hotel key to Ryan's phone
    And <how>
    Then the saved state of Ryan's phone holds nothing of the hotel key
    And the saved state of Ben's phone holds nothing of the hotel key

    Examples:
      | end       | how                                   |
      | declined  | Ryan's phone declines the hotel key   |
      | cancelled | Ben's phone cancels the hotel key     |
      | expired   | 48 hours pass                         |
