@DR-09 @DR-10 @V3-11 @V3-12
Feature: The last message of a former chain comes late
  Double Ratchet 2.6: the header says how many messages the former chain had (PN), so that the receiver stores the keys
  of all of them. Who counts one too few loses the last one where it is late.

  Scenario: The last letter of a chain comes after the first of the next
    Given Ben has a device with 5 one-time prekeys
    And Ryan has a device with 5 one-time prekeys
    When Ben takes Ryan's bundle with a one-time prekey
    And Ben sends "hello"
    Then Ryan reads "hello"
    When Ryan sends "welcome"
    Then Ben reads "welcome"
    When Ben sends "first"
    Then Ryan reads "first"
    When Ryan sends "answer"
    And Ben sends "last"
    Then Ben reads "answer"
    When Ben sends "next"
    Then Ryan reads "next"
    And Ryan reads "last"
    When Ben and Ryan take 1 turn
