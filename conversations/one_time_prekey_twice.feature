@X3DH-09 @X3DH-10
Feature: A one-time prekey is used twice
  X3DH 3.4: the private key of a one-time prekey is deleted when it was used. A second session with the same one is
  refused: its messages would have no secrecy of their own against a replay.

  Scenario: A server hands out one bundle twice
    Given Ben has a device with 5 one-time prekeys
    And Ryan has a device with 5 one-time prekeys
    When Ben takes Ryan's bundle with a one-time prekey
    And Ben sends "hello"
    Then Ryan reads "hello"
    When Ben takes Ryan's last bundle again
    And Ben sends "with a used key"
    Then Ryan refuses "with a used key"
    When Ben takes Ryan's bundle with a one-time prekey
    And Ben sends "anew"
    Then Ryan reads "anew"
    When Ryan sends "answer"
    Then Ben reads "answer"
