@DR-13 @DR-14
Feature: Messages come twice
  Double Ratchet 3.5: a key that was stored for a late message is deleted when that is read, as the others are. A
  message that comes a second time is refused, whether it came in order or not, and the session goes on.

  Scenario: Letters are read, and come once more
    Given Ben has a device with 5 one-time prekeys
    And Ryan has a device with 5 one-time prekeys
    When Ben takes Ryan's bundle with a one-time prekey
    And Ben sends "hello"
    Then Ryan reads "hello"
    When Ryan sends "welcome"
    Then Ben reads "welcome"
    When Ben sends 4 letters called "mixed"
    Then Ryan reads every "mixed" the last first
    And Ryan refuses "mixed"
    When Ben and Ryan take 1 turn
    Then Ryan refuses "mixed"
    And Ben refuses "welcome"
    When Ben and Ryan take 1 turn
