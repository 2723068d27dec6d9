Feature: Devices come and go during a transfer
  People get new phones and lose old ones. A sender does not ask who is there: the intermediary's refusal
  tells it. These scenarios show that new devices get what is sent from then on, and that devices that are
  gone get nothing.

  Background:
    Given Ben has a phone
    And Ryan has a phone

  @SES-09 @MBX-05
  Scenario: A watch is added between two offers
    When Ben's phone offers a car key called "the car" to Ryan
    And Ryan adds a watch
    And Ben's phone offers a car key called "the van" to Ryan
    Then Ryan's watch is in "R:Invited" with "the van"
    When Ryan's watch accepts "the van"
    Then Ben's phone is in "S:Completed" with "the van"

  @SES-09 @SES-11 @MBX-15
  Scenario: A watch is removed between two offers
    When Ryan adds a watch
    And Ben's phone offers a car key called "the car" to Ryan
    And Ryan's watch is removed
    And Ben's phone offers a car key called "the van" to Ryan
    Then Ryan's phone is in "R:Invited" with "the van"
    And nobody is told anything

  @SES-08
  Scenario: Both sides open a session at once
    When the next submission of Ben's phone is held back
    And Ben's phone offers a car key called "from Ben" to Ryan's phone
    And the next submission of Ryan's phone is held back
    And Ryan's phone offers a car key called "from Ryan" to Ben's phone
    And what was held back arrives
    Then Ryan's phone is in "R:Invited" with "from Ben"
    And Ben's phone is in "R:Invited" with "from Ryan"
    When Ben's phone accepts "from Ryan"
    And Ryan's phone accepts "from Ben"
    Then Ben's phone is in "S:Completed" with "from Ben"
    And Ryan's phone is in "S:Completed" with "from Ryan"
    And the active sessions of Ben's phone and Ryan's phone match
    And nobody is told anything

  @SES-10 @SES-12 @MBX-06
  Scenario: The receiver's phone is set up anew between two offers
    When Ben's phone offers a car key called "the car" to Ryan's phone
    And Ryan's phone is set up anew
    And Ben's phone offers a car key called "the van" to Ryan's phone
    Then Ben's phone is told "identity-changed"
    And Ryan's phone is in "R:Invited" with "the van"
    When Ryan's phone accepts "the van"
    Then Ben's phone is in "S:Completed" with "the van"

  @X3DH-15 @SES-12 @INV-03
  Scenario: The receiver's phone is set up anew, and its key was pinned
    Given Ben's phone has taken the invitation of Ryan's phone
    When Ben's phone offers a car key called "the car" to Ryan's phone
    And Ryan's phone is set up anew
    And Ben's phone offers a car key called "the van" to Ryan's phone
    Then Ben's phone is told "untrusted-identity"
    And 0 messages wait for Ryan's phone

  @SES-12
  Scenario: The sender's phone is set up anew
    When Ben's phone offers a car key called "the car" to Ryan's phone
    And Ben's phone is set up anew
    And Ben's phone offers a car key called "the van" to Ryan's phone
    Then Ryan's phone is told "identity-changed"
    And Ryan's phone is in "R:Invited" with "the van"

  @XFER-06
  Scenario: The sender's watch answers for the phone
    When Ben adds a watch
    And Ben's phone offers a car key to Ryan's phone
    And Ryan's phone accepts the car key
    Then Ben's phone is in "S:Completed" with the car key
    And Ben's watch knows nothing of the car key

  @SES-04 @SES-13
  Scenario: A session that nobody answered for a month is not sent in any more
    When Ben's phone offers a car key called "the car" to Ryan's phone
    And 31 days pass
    And Ben's phone offers a car key called "the van" to Ryan's phone
    Then the last message to Ryan's phone is a prekey message
    And Ryan's phone is in "R:Invited" with "the van"

  @SES-11 @MBX-16
  Scenario: The receiver's only device is gone
    When Ben's phone offers a car key called "the car" to Ryan
    And Ryan's phone goes offline
    And Ryan's phone comes online
    And Ryan adds a watch
    And Ryan's watch is removed
    And Ben's phone offers a car key called "the van" to Ryan
    Then Ryan's phone is in "R:Invited" with "the van"
    And nobody is told anything

  @KEY-08
  Scenario: Two months pass, and both phones have replaced their prekeys many times
    When 7 days pass
    And 7 days pass
    And 7 days pass
    And 31 days pass
    And Ben's phone offers a car key to Ryan's phone
    And Ryan's phone accepts the car key
    Then Ryan's phone holds the car key
    And nobody is told anything
