@X3DH-09 @X3DH-13 @DR-14
Feature: The first message comes twice
  Double Ratchet 2.6: the key of a message is deleted when it is used, and so is the one-time prekey. A message that
  comes a second time is refused, and the session goes on.

  Scenario: The first letter comes twice, and once more after the answer
    Given Ben has a device with 5 one-time prekeys
    And Ryan has a device with 5 one-time prekeys
    When Ben takes Ryan's bundle with a one-time prekey
    And Ben sends "hello"
    Then Ryan reads "hello"
    And Ryan refuses "hello"
    When Ryan sends "welcome"
    Then Ben reads "welcome"
    When Ben sends "thanks"
    Then Ryan reads "thanks"
    And Ryan refuses "hello"
    When Ben and Ryan take 1 turn
