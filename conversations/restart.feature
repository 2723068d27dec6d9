@DR-10 @DR-15
Feature: Saved and restored in the middle
  Double Ratchet 3.2: the state of a session is the keys, the counters and the keys that were skipped. What is saved
  holds all of them, in each phase of a session.

  Scenario: Both are saved and restored between all letters
    Given Ben has a device with 5 one-time prekeys
    And Ryan has a device with 5 one-time prekeys
    When Ben takes Ryan's bundle with a one-time prekey
    And Ben restarts
    And Ben sends "hello"
    And Ryan restarts
    Then Ryan reads "hello"
    When Ryan restarts
    And Ryan sends "welcome"
    And Ben restarts
    Then Ben reads "welcome"
    When Ben sends 10 letters called "late"
    And Ben restarts
    And Ben sends "behind the gap"
    Then Ryan reads "behind the gap"
    When Ryan restarts
    And Ryan sends "answer"
    Then Ben reads "answer"
    When Ben restarts
    And Ben sends "next"
    Then Ryan reads "next"
    When Ryan restarts
    Then Ryan reads every "late" in random order
    When Ryan restarts
    Then Ryan refuses "late"
    When Ben and Ryan take 3 turns
