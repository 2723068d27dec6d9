@DR-10 @DR-11
Feature: A gap
  Double Ratchet 2.6: a receiver steps over missing messages, and reads them when they come. How many it allows is its
  own choice, which the specification wants high enough for routine loss; no library is known that allows fewer than
  1,000.

  Scenario Outline: <missing> letters are missing, and come after the next one
    Given Ben has a device with 5 one-time prekeys
    And Ryan has a device with 5 one-time prekeys
    When Ben takes Ryan's bundle with a one-time prekey
    And Ben sends "hello"
    Then Ryan reads "hello"
    When Ryan sends "welcome"
    Then Ben reads "welcome"
    When Ben sends <missing> letters called "missing"
    And Ben sends "behind the gap"
    Then Ryan reads "behind the gap"
    And Ryan reads the first and the last "missing"
    When Ryan sends "answer"
    Then Ben reads "answer"

    Examples:
      | missing |
      | 1       |
      | 50      |
      | 999     |
