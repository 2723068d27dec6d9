@DR-09 @DR-10
Feature: Two hundred letters each way in random order
  Double Ratchet 2.6: what can happen one by one can happen all at once. The order is made from the seed of the run, and
  is the same again.

  Scenario: They write to each other, and most letters come in another order
    Given Ben has a device with 5 one-time prekeys
    And Ryan has a device with 5 one-time prekeys
    When Ben takes Ryan's bundle with a one-time prekey
    And Ben sends "hello"
    Then Ryan reads "hello"
    When Ryan sends "welcome"
    Then Ben reads "welcome"
    And Ben and Ryan exchange 200 letters each way in random order
