@KEY-07 @X3DH-02 @V3-06
Feature: A bundle whose signature does not hold
  X3DH 3.3: the initiator verifies the signature of the signed prekey, and aborts where it fails. Else a server can put
  a prekey of its own in its place (4.5), and whoever gets hold of identity keys later reads the first messages.

  Scenario Outline: Ryan's bundle has <defect> signature
    Given Ben has a device with 5 one-time prekeys
    And Ryan has a device with 5 one-time prekeys
    Then Ben refuses Ryan's bundle with <defect> signature
    When Ben takes Ryan's bundle with a one-time prekey
    And Ben sends "hello"
    Then Ryan reads "hello"
    When Ryan sends "welcome"
    Then Ben reads "welcome"

    Examples:
      | defect    |
      | a damaged |
      | a foreign |
      | an empty  |
