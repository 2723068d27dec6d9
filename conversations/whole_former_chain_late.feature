@DR-09 @DR-10 @V3-12
Feature: Most of a former chain comes late
  Double Ratchet 2.6: the first message of a new chain lets the receiver store all keys of the former chain that are
  missing.

  Scenario: Fifty letters come after the chain that follows them
    Given Ben has a device with 5 one-time prekeys
    And Ryan has a device with 5 one-time prekeys
    When Ben takes Ryan's bundle with a one-time prekey
    And Ben sends "hello"
    Then Ryan reads "hello"
    When Ryan sends "welcome"
    Then Ben reads "welcome"
    When Ben sends "first"
    Then Ryan reads "first"
    When Ben sends 50 letters called "late"
    And Ryan sends "answer"
    Then Ben reads "answer"
    When Ben sends "next"
    Then Ryan reads "next"
    And Ryan reads every "late" the last first
    When Ben and Ryan take 1 turn
