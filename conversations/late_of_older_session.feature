@SES-05 @SES-06
Feature: A late message of an older session
  Sesame 3.4: a message that the active session cannot read is tried with the inactive ones. It must not harm the
  session that is in use.

  Scenario: Ben opens another session, and a letter of the former one comes late
    Given Ben has a device with 5 one-time prekeys
    And Ryan has a device with 5 one-time prekeys
    When Ben takes Ryan's bundle with a one-time prekey
    And Ben sends "hello"
    Then Ryan reads "hello"
    When Ryan sends "welcome"
    Then Ben reads "welcome"
    When Ben sends "late"
    And Ben takes Ryan's bundle with a one-time prekey
    And Ben sends "anew"
    Then Ryan reads "anew"
    And Ryan reads "late"
    When Ryan sends "answer"
    Then Ben reads "answer"
    When Ben sends "again"
    Then Ryan reads "again"
    When Ryan and Ben take 3 turns
