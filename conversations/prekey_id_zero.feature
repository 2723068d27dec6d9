@signal-v3 @V3-02
Feature: Prekeys with the id 0
  X3DH 3.1: an identifier of a prekey is what its owner makes it; deployed devices count from 0. An id of 0 is not the
  absence of one.

  Scenario: The only one-time prekey has the id 0, and is used once
    Given Ben has a device with 5 one-time prekeys
    And Ryan has a device whose one-time prekey has the id 0
    When Ben takes Ryan's bundle with a one-time prekey
    And Ben sends "hello"
    Then Ryan reads "hello"
    When Ryan sends "welcome"
    Then Ben reads "welcome"
    When Ben takes Ryan's last bundle again
    And Ben sends "with a used key"
    Then Ryan refuses "with a used key"
