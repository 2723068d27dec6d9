@DR-22
Feature: Plaintexts of any length
  Double Ratchet 3.1: a plaintext is a byte string, and comes out as it went in, whatever its length and bytes. Blocks
  of 16 bytes are padded: one more where it is full.

  Scenario Outline: A letter of <bytes> bytes
    Given Ben has a device with 5 one-time prekeys
    And Ryan has a device with 5 one-time prekeys
    When Ben takes Ryan's bundle with a one-time prekey
    And Ben sends "hello"
    Then Ryan reads "hello"
    When Ryan sends "welcome"
    Then Ben reads "welcome"
    When Ben sends "bytes" of <bytes> bytes
    Then Ryan reads "bytes"
    When Ryan sends "bytes too" of <bytes> bytes
    Then Ben reads "bytes too"

    Examples:
      | bytes |
      | 0     |
      | 1     |
      | 15    |
      | 16    |
      | 17    |
      | 65000 |
