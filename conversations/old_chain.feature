@DR-16 @V3-13
Feature: A message of a chain that ended long ago
  Double Ratchet, "Deletion of skipped message keys": who keeps skipped keys for good lets whoever takes the device read
  what was withheld on purpose. All libraries that bound them keep a few chains.

  Scenario: A letter comes thirty steps of the ratchet late
    Given Ben has a device with 5 one-time prekeys
    And Ryan has a device with 5 one-time prekeys
    When Ben takes Ryan's bundle with a one-time prekey
    And Ben sends "hello"
    Then Ryan reads "hello"
    When Ryan sends "welcome"
    Then Ben reads "welcome"
    When Ben sends "withheld"
    And Ben sends "after it"
    Then Ryan reads "after it"
    When Ben and Ryan take 30 turns
    Then Ryan refuses "withheld"
    When Ben and Ryan take 1 turn
