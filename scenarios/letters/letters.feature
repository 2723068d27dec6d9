Feature: Letters between devices
  A letter is any message from one device to another, whatever it is about. These scenarios go past wallets and the intermediary: a script
  says which letter comes when, and each step of a device is held to the profile, so that a script need not say what must not happen.

  @SES-08 @X3DH-07
  Scenario: Two devices that write at once come to one session
    Given Ben writes letters with a phone
    And Ryan writes letters with a phone
    When Ben's phone writes "hello" to Ryan's phone
    And Ryan's phone writes "good day" to Ben's phone
    And "hello" reaches Ryan's phone
    And "good day" reaches Ben's phone
    Then Ryan's phone has read "hello"
    And Ben's phone has read "good day"
    And letters find their way to one session

  @DR-09 @DR-10 @DR-13 @DR-14
  Scenario: Letters come late, twice and out of order
    Given Ben writes letters with a phone
    And Ryan writes letters with a phone
    When Ben's phone writes "first" to Ryan's phone
    And Ben's phone writes "second" to Ryan's phone
    And "second" reaches Ryan's phone
    And Ryan's phone writes "answer" to Ben's phone
    And "answer" reaches Ben's phone
    And Ben's phone writes "third" to Ryan's phone
    And "third" reaches Ryan's phone
    And a copy of "first" reaches Ryan's phone
    And "first" reaches Ryan's phone
    Then Ryan's phone has read "first"
    And the active sessions of Ben's phone and Ryan's phone match

  @DR-11 @DR-12 @DR-16
  Scenario: A session keeps no more keys and chains than it may
    Given a session skips 1 key and keeps 2
    And a session remembers 2 chains
    And Ben writes letters with a phone
    And Ryan writes letters with a phone
    When Ben's phone writes "1" to Ryan's phone
    And Ben's phone writes "2" to Ryan's phone
    And Ben's phone writes "3" to Ryan's phone
    And a copy of "3" reaches Ryan's phone
    Then Ryan's phone has not read "3"
    When "2" reaches Ryan's phone
    And "3" reaches Ryan's phone
    Then Ryan's phone has read "3"
    When Ryan's phone writes "4" to Ben's phone
    And "4" reaches Ben's phone
    And Ben's phone writes "5" to Ryan's phone
    And "5" reaches Ryan's phone
    And Ryan's phone writes "6" to Ben's phone
    And "6" reaches Ben's phone
    And Ben's phone writes "7" to Ryan's phone
    And "7" reaches Ryan's phone
    And "1" reaches Ryan's phone
    Then Ryan's phone has not read "1"

  @SES-04 @X3DH-14
  Scenario: An opening whose session was dropped is no opening again
    Given a device keeps 1 inactive session
    And a device takes 3 openings without a one-time prekey
    And a device has 0 one-time prekeys
    And Ben writes letters with a phone
    And Ryan writes letters with a phone
    When Ben's phone writes "1" to Ryan's phone
    And a copy of "1" reaches Ryan's phone
    And Ben's phone opens a session with Ryan's phone
    And Ben's phone writes "2" to Ryan's phone
    And "2" reaches Ryan's phone
    And Ben's phone opens a session with Ryan's phone
    And Ben's phone writes "3" to Ryan's phone
    And "3" reaches Ryan's phone
    And "1" reaches Ryan's phone
    Then Ryan's phone has read "3"

  @SES-18 @SES-19
  Scenario: What lets somebody have a credential goes into the own session
    Given Ben writes letters with a phone
    And Ryan writes letters with a phone
    And Ben's phone has named the key of Ryan's phone
    When Ben's phone confides "1" to Ryan's phone
    And "1" reaches Ryan's phone
    And Ryan's phone writes "2" to Ben's phone
    And "2" reaches Ben's phone
    And Ryan's phone opens a session with Ben's phone
    And Ryan's phone writes "3" to Ben's phone
    And "3" reaches Ben's phone
    And Ben's phone confides "4" to Ryan's phone
    And "4" reaches Ryan's phone
    Then Ryan's phone has read "4"

  @SES-09 @SES-11
  Scenario: A letter to a user goes to the devices that are there
    Given Ben writes letters with a phone
    And Ryan writes letters with a phone and a watch
    When Ben's phone writes "1" to Ryan
    And "1" reaches Ryan's phone
    And "1" reaches Ryan's watch
    And Ryan's watch leaves the directory
    And Ben's phone writes "2" to Ryan
    And "2" reaches Ryan's phone
    Then Ryan's phone has read "2"
    And Ryan's watch has not read "2"
    When Ryan's watch comes back to the directory
    And Ben's phone writes "3" to Ryan
    And "3" reaches Ryan's watch
    Then Ryan's watch has read "3"

  @SES-10 @SES-12
  Scenario: A device that was made anew gets its letters in a new session
    Given Ben writes letters with a phone
    And Ryan writes letters with a phone
    When Ben's phone writes "1" to Ryan's phone
    And "1" reaches Ryan's phone
    And Ryan's phone is made anew at its address
    And Ben's phone begins to write "2" to Ryan's phone
    And Ben's phone is answered
    And Ben's phone is answered
    And Ben's phone is answered
    And "2" reaches Ryan's phone
    Then Ryan's phone has read "2"

  @KEY-08 @SES-13
  Scenario: A replaced signed prekey serves for thirty days, and an unanswered session is sent in for thirty
    Given Ben writes letters with a phone
    And Ryan writes letters with a phone
    When Ben's phone writes "1" to Ryan's phone
    And the clock moves on by 8 days
    And Ryan's phone looks at the clock
    And "1" reaches Ryan's phone
    Then Ryan's phone has read "1"
    When the clock moves on by 23 days
    And Ben's phone looks at the clock
    And Ryan's phone looks at the clock
    And Ben's phone writes "2" to Ryan's phone
    And "2" reaches Ryan's phone
    Then Ryan's phone has read "2"

  @SES-14
  Scenario: A send that is refused again and again is given up
    Given a send has 2 rounds
    And Ben writes letters with a phone
    And Ryan writes letters with a phone
    When Ben's phone begins to write "1" to Ryan's phone
    And Ben's phone is answered
    And Ben's phone is answered that the registrations are outdated
    And Ben's phone is answered
    And Ben's phone is answered that a device is missing
    Then Ryan's phone has not read "1"

  @SES-04 @SES-06 @SES-19
  Scenario: The own session comes to be read in again, and the one that was active counts
    Given a device keeps 1 inactive session
    And a device has 0 one-time prekeys
    And Ben writes letters with a phone
    And Ryan writes letters with a phone
    When Ben's phone writes "1" to Ryan's phone
    And "1" reaches Ryan's phone
    And Ryan's phone writes "2" to Ben's phone
    And Ryan's phone opens a session with Ben's phone
    And Ryan's phone writes "3" to Ben's phone
    And Ryan's phone opens a session with Ben's phone
    And Ryan's phone writes "4" to Ben's phone
    And "3" reaches Ben's phone
    And "4" reaches Ben's phone
    And "2" reaches Ben's phone
    Then Ben's phone has read "2"
