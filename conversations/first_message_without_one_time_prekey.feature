@X3DH-12
Feature: A first message without a one-time prekey
  X3DH 3.3: a server that has handed out all one-time prekeys gives a bundle without one, and the session is opened by
  three agreements in place of four. Who cannot do that cannot be written to by anybody as soon as somebody has fetched
  them all.

  Scenario: Ben writes to Ryan, whose one-time prekeys are used up
    Given Ben has a device with 5 one-time prekeys
    And Ryan has a device with 5 one-time prekeys
    When Ben takes Ryan's bundle without a one-time prekey
    And Ben sends "hello"
    Then Ryan reads "hello"
    When Ryan sends "welcome"
    Then Ben reads "welcome"
    When Ben sends "thanks"
    Then Ryan reads "thanks"
