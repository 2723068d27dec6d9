@signal-v3 @V3-02 @V3-16 @X3DH-12
Feature: No one-time prekey, where the owner has one with the id 0
  X3DH 3.4: a message that names no one-time prekey was made without one. Whoever takes that for the id 0 cannot read it,
  or uses up a key that nobody has used.

  Scenario: Ben takes a bundle without a one-time prekey
    Given Ben has a device with 5 one-time prekeys
    And Ryan has a device whose one-time prekey has the id 0
    When Ben takes Ryan's bundle without a one-time prekey
    And Ben sends "hello"
    Then Ryan reads "hello"
    When Ryan sends "welcome"
    Then Ben reads "welcome"
    When Ben and Ryan take 1 turn
