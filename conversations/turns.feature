@DR-09 @DR-20
Feature: A hundred turns
  Double Ratchet 2.3: each answer makes a step of the ratchet, on both sides alike. Whoever keeps a step too many, or
  too few, is found out after some of them.

  Scenario: They write and answer a hundred times
    Given Ben has a device with 5 one-time prekeys
    And Ryan has a device with 5 one-time prekeys
    When Ben takes Ryan's bundle with a one-time prekey
    And Ben sends "hello"
    Then Ryan reads "hello"
    When Ryan sends "welcome"
    Then Ben reads "welcome"
    And Ben and Ryan take 100 turns
    And Ryan and Ben take 3 turns
