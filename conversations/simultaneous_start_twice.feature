@SES-03 @SES-05 @SES-06 @SES-08
Feature: Both open a session at once, and write twice
  Sesame 2.1: the second message of each belongs to a session that is not the active one any more when it is read. It is
  read all the same.

  Scenario: Each has written two letters before it has read one
    Given Ben has a device with 5 one-time prekeys
    And Ryan has a device with 5 one-time prekeys
    When Ben takes Ryan's bundle with a one-time prekey
    And Ryan takes Ben's bundle with a one-time prekey
    And Ben sends 2 letters called "from Ben"
    And Ryan sends 2 letters called "from Ryan"
    Then Ryan reads every "from Ben" in order
    And Ben reads every "from Ryan" in order
    When Ben and Ryan take 3 turns
