@DR-10
Feature: A late message of a former chain
  Double Ratchet 2.6: the keys of a chain that has ended are stored, too. Three steps are few; every library remembers
  at least five chains.

  Scenario: A letter comes three steps of the ratchet late
    Given Ben has a device with 5 one-time prekeys
    And Ryan has a device with 5 one-time prekeys
    When Ben takes Ryan's bundle with a one-time prekey
    And Ben sends "hello"
    Then Ryan reads "hello"
    When Ryan sends "welcome"
    Then Ben reads "welcome"
    When Ben sends "early"
    And Ben sends "late"
    And Ben sends "after it"
    Then Ryan reads "after it"
    And Ryan reads "early"
    When Ben and Ryan take 3 turns
    Then Ryan reads "late"
    When Ben and Ryan take 1 turn
