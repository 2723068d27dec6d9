@X3DH-07 @X3DH-13
Feature: Several messages before the first answer, the last one first
  Sesame 3.3: until it has an answer, a device attaches the opening to each message, so that whichever arrives first
  opens the session, and the others belong to the same one.

  Scenario: Ben writes three times, and Ryan reads them the other way round
    Given Ben has a device with 5 one-time prekeys
    And Ryan has a device with 5 one-time prekeys
    When Ben takes Ryan's bundle with a one-time prekey
    And Ben sends 3 letters called "hello"
    Then Ryan reads every "hello" the last first
    When Ryan sends "welcome"
    Then Ben reads "welcome"
    When Ben sends "thanks"
    Then Ryan reads "thanks"
