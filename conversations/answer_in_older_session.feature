@SES-05 @SES-06
Feature: An answer in an older session
  Sesame 3.4: whoever has not heard of a new session answers in the old one. Who has opened the new one still reads
  that.

  Scenario: Ryan answers in the session that Ben has left
    Given Ben has a device with 5 one-time prekeys
    And Ryan has a device with 5 one-time prekeys
    When Ben takes Ryan's bundle with a one-time prekey
    And Ben sends "hello"
    Then Ryan reads "hello"
    When Ryan sends "welcome"
    Then Ben reads "welcome"
    When Ben takes Ryan's bundle with a one-time prekey
    And Ben sends "anew"
    And Ryan sends "in the old one"
    Then Ben reads "in the old one"
    And Ryan reads "anew"
    When Ben and Ryan take 3 turns
