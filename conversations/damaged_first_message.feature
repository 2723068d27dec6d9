@X3DH-11
Feature: A damaged first message, then the genuine one
  X3DH 3.4: if the first message does not authenticate, the key is deleted and nothing is kept: no session, and the one-
  time prekey is still there. Else a forged message keeps the genuine one from being read.

  Scenario Outline: The <part> of the first letter is damaged
    Given Ben has a device with 5 one-time prekeys
    And Ryan has a device with 5 one-time prekeys
    When Ben takes Ryan's bundle with a one-time prekey
    And Ben sends "hello"
    Then Ryan refuses "hello" with its <part> damaged
    And Ryan reads "hello"
    When Ryan sends "welcome"
    Then Ben reads "welcome"

    Examples:
      | part        |
      | MAC         |
      | ciphertext  |
      | ratchet key |
