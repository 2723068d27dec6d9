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
