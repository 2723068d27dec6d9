@SES-03 @SES-05 @SES-06 @SES-08
Feature: Both open a session at once
  Sesame 2.1: two devices that write to each other for the first time at the same moment open two sessions. Both keep
  both, nothing is lost, and they come to agree on one.

  Scenario: Each has written before it has read
    Given Ben has a device with 5 one-time prekeys
    And Ryan has a device with 5 one-time prekeys
    When Ben takes Ryan's bundle with a one-time prekey
    And Ryan takes Ben's bundle with a one-time prekey
    And Ben sends "from Ben"
    And Ryan sends "from Ryan"
    Then Ryan reads "from Ben"
    And Ben reads "from Ryan"
    When Ben sends "second of Ben"
    Then Ryan reads "second of Ben"
    When Ryan sends "second of Ryan"
    Then Ben reads "second of Ryan"
    When Ben and Ryan take 3 turns
