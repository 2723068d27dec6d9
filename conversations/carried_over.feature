@DR-10 @DR-15
Feature: A session that is carried over
  Double Ratchet 3.2: the state of a session is the keys, the counters and the keys that were skipped. A session outlives
  the program that opened it: whoever is restored goes on with it, be it by a newer version.

  Scenario: Both are restored once a session is well under way
    Given Ben has a device with 5 one-time prekeys
    And Ryan has a device with 5 one-time prekeys
    When Ben takes Ryan's bundle with a one-time prekey
    And Ben sends "hello"
    Then Ryan reads "hello"
    When Ryan sends "welcome"
    Then Ben reads "welcome"
    When Ben sends 3 letters called "of Ben before"
    And Ryan sends 3 letters called "of Ryan before"
    And Ben restarts
    And Ryan restarts
    Then Ryan reads every "of Ben before" the last first
    When Ryan sends "first after it"
    Then Ben reads every "of Ryan before" in random order
    And Ben reads "first after it"
    When Ben and Ryan take 5 turns
    And Ben and Ryan exchange 20 letters each way in random order
