@SES-02 @SES-03
Feature: A device that has lost its sessions opens a new one
  Sesame 3.4: a message that opens a session is taken from a device that there is a session with already, and the new
  one is the active one.

  Scenario: Ben has lost his sessions with Ryan, and writes again
    Given Ben has a device with 5 one-time prekeys
    And Ryan has a device with 5 one-time prekeys
    When Ben takes Ryan's bundle with a one-time prekey
    And Ben sends "hello"
    Then Ryan reads "hello"
    When Ryan sends "welcome"
    Then Ben reads "welcome"
    When Ben drops the sessions with Ryan
    And Ben takes Ryan's bundle with a one-time prekey
    And Ben sends "anew"
    Then Ryan reads "anew"
    When Ryan sends "answer"
    Then Ben reads "answer"
    When Ben and Ryan take 3 turns
