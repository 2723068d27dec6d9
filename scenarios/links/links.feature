Feature: Links
  A link is what ties a person to a key, and what lets anybody reach a device at all. Its maker gives it to one person; it lives for a
  week, and serves ten transfers. These scenarios show what a link is good for and for how long, that a key which it named stays named, and
  what happens to a link that is in the wrong hands.

  Background:
    Given Ben has a phone
    And Ryan has a phone

  # What a link does

  @INV-01 @INV-03 @SES-18 @INV-06 @INV-09 @PAY-14 @PAY-15
  Scenario: Ryan makes a link, Ben takes it, and offers a key
    When Ryan's phone makes an invitation called "the link"
    And Ben's phone takes the invitation "the link"
    And Ben's phone offers a car key to Ryan's phone
    And Ryan's phone accepts the car key
    Then Ryan's phone holds the car key
    And Ben's phone is in "S:Completed" with the car key
    And nobody is told anything

  @INV-03
  Scenario: A link is taken twice by the same phone, and is one link
    When Ryan's phone makes an invitation called "the link"
    And Ben's phone takes the invitation "the link"
    And Ben's phone takes the invitation "the link"
    And Ben's phone offers a car key to Ryan's phone
    Then Ryan's phone is in "R:Invited" with the car key
    And nobody is told anything

  @INV-05
  Scenario: One link serves ten transfers, and no eleventh
    When Ryan's phone makes an invitation called "the link"
    And Ben's phone takes the invitation "the link"
    And Ben's phone offers a car key called "1" to Ryan's phone
    And Ben's phone offers a car key called "2" to Ryan's phone
    And Ben's phone offers a car key called "3" to Ryan's phone
    And Ben's phone offers a car key called "4" to Ryan's phone
    And Ben's phone offers a car key called "5" to Ryan's phone
    And Ryan's phone accepts "1"
    And Ryan's phone accepts "2"
    And Ryan's phone accepts "3"
    And Ryan's phone accepts "4"
    And Ryan's phone accepts "5"
    And Ben's phone offers a car key called "6" to Ryan's phone
    And Ben's phone offers a car key called "7" to Ryan's phone
    And Ben's phone offers a car key called "8" to Ryan's phone
    And Ben's phone offers a car key called "9" to Ryan's phone
    And Ben's phone offers a hotel key called "10" to Ryan's phone
    Then Ryan's phone is in "R:Invited" with "10"
    And nobody is told anything
    When Ben's phone offers a hotel key to Ryan's phone without a link
    Then it is refused with "invalid-invitation"
    And 5 transfers of Ryan's phone are in "R:Invited"

  # How long it lives

  @INV-05
  Scenario Outline: A link for <lifetime> is <made>
    When Ryan's phone makes an invitation called "the link" for <lifetime>
    Then <result>

    Examples:
      | lifetime        | made    | result                             |
      | 0 seconds       | refused | it is refused with "invalid-state" |
      | 1 second        | made    | nobody is told anything            |
      | 30 days         | made    | nobody is told anything            |
      | 2592001 seconds | refused | it is refused with "invalid-state" |

  @INV-05
  Scenario: A second before a link expires it can be taken
    When Ryan's phone makes an invitation called "the link"
    And 604799 seconds pass
    And Ben's phone takes the invitation "the link"
    And Ben's phone offers a car key to Ryan's phone
    Then Ryan's phone is in "R:Invited" with the car key
    And nobody is told anything

  @INV-05
  Scenario: From the second on at which it expires it cannot be taken
    When Ryan's phone makes an invitation called "the link"
    And 604800 seconds pass
    And Ben's phone takes the invitation "the link"
    Then it is refused with "invalid-invitation"
    And nobody is told anything

  @INV-05
  Scenario: An honest offer to a phone that was off arrives after the link has expired
    When Ryan's phone makes an invitation called "the link"
    And Ben's phone takes the invitation "the link"
    And Ryan's phone goes offline
    And Ben's phone offers a car key to Ryan's phone for 30 days
    And 29 days pass
    And Ryan's phone comes online
    Then Ryan's phone is in "R:Invited" with the car key
    When Ryan's phone accepts the car key
    Then Ben's phone is in "S:Completed" with the car key
    And nobody is told anything

  @INV-05 @KEY-08 @KEY-10
  Scenario: A phone goes off with a prekey that is six days old, and is on again after twenty-nine days
    Given Ben's phone has taken the invitation of Ryan's phone
    When 6 days pass
    And Ryan's phone goes offline
    And 29 days pass
    And Ben's phone offers a car key to Ryan's phone
    And Ryan's phone comes online
    Then Ryan's phone is in "R:Invited" with the car key
    When Ryan's phone accepts the car key
    Then Ben's phone is in "S:Completed" with the car key
    And nobody is told anything

  # Withdrawn, or in the wrong hands

  @INV-05 @INV-09 @MBX-21
  Scenario: A link that was withdrawn before anybody used it lets nobody in
    When Ryan's phone makes an invitation called "the link"
    And Ben's phone takes the invitation "the link"
    And Ryan's phone withdraws the invitation "the link"
    And Ben's phone offers a car key to Ryan's phone
    Then Ryan's phone knows nothing of the car key
    And 0 messages wait for Ryan's phone
    And Ben's phone is told "delayed"
    And 20 one-time prekeys of Ryan's phone are left
    When 48 hours pass
    Then Ben's phone is in "S:Expired" with the car key

  @INV-07 @INV-08
  Scenario: The limit: who has the link first may use it, and the one it was meant for is refused, and both users are told
    Given Mallory has a phone
    When Ryan's phone makes an invitation called "the link"
    And Mallory's phone takes the invitation "the link"
    And Mallory's phone offers a car key called "the trap" to Ryan's phone
    Then Ryan's phone is in "R:Invited" with "the trap"
    When Ben's phone takes the invitation "the link"
    And Ben's phone offers a car key to Ryan's phone
    Then Ryan's phone is told "invalid-invitation"
    And Ryan's phone knows nothing of the car key

  @INV-07 @SES-18
  Scenario: Who was only shown a link and has a fingerprint of its own in it gets nothing
    Given Mallory has a phone
    And Ben's phone has taken an invitation of Ryan's phone with the fingerprint of Mallory's phone
    When Ben's phone offers a hotel key to Ryan's phone without a link
    Then Ben's phone is told "untrusted-identity"
    And Ryan's phone knows nothing of the hotel key
    And 0 messages wait for Ryan's phone
    And nobody is told anything

  # Pins

  @X3DH-15 @INV-03 @WAL-06
  Scenario: A link that names another key than the one that is pinned is refused, until the user drops the pin
    Given Mallory has a phone
    And Ben's phone has taken the invitation of Ryan's phone
    And Ben's phone has taken an invitation of Ryan's phone with the fingerprint of Mallory's phone
    Then it is refused with "untrusted-identity"
    When Ben's phone offers a car key called "the car" to Ryan's phone
    And Ryan's phone accepts "the car"
    Then Ben's phone is in "S:Completed" with "the car"
    When Ben's phone drops the pin of Ryan's phone
    And Ben's phone offers a hotel key to Ryan's phone without a link
    Then it is refused with "untrusted-identity"
    And nobody is told anything

  @X3DH-16 @SES-18
  Scenario: Ryan was offered a key, compares fingerprints with Ben, and can offer one back without a link
    When Ben's phone offers a car key called "the car" to Ryan's phone
    And Ryan's phone accepts "the car"
    And Ryan's phone compares fingerprints with Ben's phone
    And Ryan's phone offers a hotel key to Ben's phone without a link
    Then Ben's phone is in "R:Invited" with the hotel key
    When Ben's phone accepts the hotel key
    Then Ryan's phone is in "S:Completed" with the hotel key
    And nobody is told anything

  @ID-04
  Scenario: A phone that was set up anew knows its old links no longer, and its user gives a new one
    When Ryan's phone makes an invitation called "the old link"
    And Ryan's phone is set up anew
    And Ben's phone takes the invitation "the old link"
    And Ben's phone offers a car key to Ryan's phone
    And Ryan's phone accepts the car key
    Then Ryan's phone holds the car key
    And Ben's phone is in "S:Completed" with the car key
    And nobody is told anything

  @INV-09 @MBX-21
  Scenario: A link is withdrawn by a phone that is off and restarts: who takes it later lets nothing in
    When Ryan's phone makes an invitation called "the link"
    And Ryan's phone goes offline
    And Ryan's phone withdraws the invitation "the link"
    And Ryan's phone restarts
    And Ryan's phone comes online
    And 1 minute passes
    And Ben's phone takes the invitation "the link"
    And Ben's phone offers a hotel key to Ryan's phone without a link
    Then Ben's phone is told "delayed"
    And 0 messages wait for Ryan's phone
    And nobody is told anything
