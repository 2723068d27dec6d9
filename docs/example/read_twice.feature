@DR-13 @DR-14
Feature: A letter is read twice
  Double Ratchet 2.6: the key of a message is deleted when it is used, so that this conversation cannot come off.

  Scenario: Ryan reads a letter that he has read
    Given Ben has a device with 1 one-time prekey
    And Ryan has a device with 1 one-time prekey
    When Ben takes Ryan's bundle with a one-time prekey
    # Once is well.
    And Ben sends "hello"
    Then Ryan reads "hello"
    And Ryan reads "hello"
