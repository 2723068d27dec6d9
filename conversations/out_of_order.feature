@DR-10
Feature: Out of order in one chain
  Double Ratchet 2.6: keys of messages that have not arrived are stored, and each is used when its message comes.
  Networks and servers reorder.

  Scenario: Ryan reads twenty letters in any order
    Given Ben has a device with 5 one-time prekeys
    And Ryan has a device with 5 one-time prekeys
    When Ben takes Ryan's bundle with a one-time prekey
    And Ben sends "hello"
    Then Ryan reads "hello"
    When Ryan sends "welcome"
    Then Ben reads "welcome"
    When Ben sends 20 letters called "mixed"
    Then Ryan reads every "mixed" in random order
    When Ryan sends 20 letters called "mixed too"
    Then Ben reads every "mixed too" in random order
