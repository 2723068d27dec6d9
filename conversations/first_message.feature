@X3DH-03
Feature: A first message with a one-time prekey
  X3DH 3.3: whoever has the bundle of another device can write to it at once, while that one is away. It is what every
  conversation begins with: where this fails, the two speak different formats.

  Scenario: Ben writes to Ryan, who answers
    Given Ben has a device with 5 one-time prekeys
    And Ryan has a device with 5 one-time prekeys
    When Ben takes Ryan's bundle with a one-time prekey
    And Ben sends "hello"
    Then Ryan reads "hello"
    When Ryan sends "welcome"
    Then Ben reads "welcome"
    When Ben sends "thanks"
    Then Ryan reads "thanks"
