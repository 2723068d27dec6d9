Feature: A car key, the stateful flow
  A car key is made on the receiver's device and signed by the owner's. It goes to the one device whose link the owner took: a
  second device of the same user takes a link of its own, and a key of its own. These scenarios show that nobody else can
  take that device's place, and that nothing is asked or signed before the user's consent.

  Background:
    Given Ben has a phone
    And Ryan has a phone and a watch

  @XFER-01 @XFER-04 @XFER-09 @XFER-13 @libraries
  Scenario: A car key goes from one phone to another
    When Ben's phone offers a car key to Ryan's phone
    Then Ryan's phone is in "R:Invited" with the car key
    And Ben's phone is in "S:Offered" with the car key
    When Ryan's phone accepts the car key
    Then Ryan's phone holds the car key
    And Ben's phone is in "S:Completed" with the car key
    And the intermediary has seen no payload
    And nobody is told anything

  @SES-15 @XFER-04 @XFER-06
  Scenario: Offered to one device, the other knows nothing
    When Ben's phone offers a car key to Ryan's watch
    And Ryan's watch accepts the car key
    Then Ryan's watch holds the car key
    And Ryan's phone knows nothing of the car key
    And Ben's phone is in "S:Completed" with the car key
    And 0 messages wait for Ryan's phone
    And 20 one-time prekeys of Ryan's phone are left
    When Ryan's phone accepts the car key
    Then it is refused with "unknown-transfer"
    And nobody is told anything

  @XFER-04 @XFER-08 @libraries
  Scenario: Two devices of one user get a key each, and each is a transfer of its own
    When Ben's phone offers a car key called "for the phone" to Ryan's phone
    And Ben's phone offers a car key called "for the watch" to Ryan's watch
    And Ryan's watch accepts "for the watch"
    And Ryan's phone declines "for the phone"
    Then Ben's phone is in "S:Completed" with "for the watch"
    And Ben's phone is in "S:Declined" with "for the phone"
    And Ryan's watch holds "for the watch"
    And Ryan's phone does not hold "for the watch"
    And nobody is told anything

  @XFER-02
  Scenario: Two car keys do not touch each other
    When Ben's phone offers a car key called "the car" to Ryan's phone
    And Ben's phone offers a car key called "the van" to Ryan's phone
    And Ryan's phone accepts "the van"
    And Ben's phone cancels "the car"
    Then Ben's phone is in "S:Completed" with "the van"
    And Ben's phone is in "S:Cancelled" with "the car"
    And Ryan's phone is in "R:Cancelled" with "the car"
    And Ryan's phone is in "R:Provisioned" with "the van"
    And nobody is told anything

  @XFER-09
  Scenario: Until the user accepts, nothing is asked and nothing is signed
    When Ben's phone offers a car key to Ryan's phone
    And 47 hours pass
    Then Ryan's phone is in "R:Invited" with the car key
    And Ben's phone is in "S:Offered" with the car key
    And 0 messages wait for Ben's phone

  @XFER-06 @libraries
  Scenario: The same phones exchange keys both ways at once
    When Ben's phone offers a car key called "the car" to Ryan's phone
    And Ryan's phone offers a car key called "the van" to Ben's phone
    And Ryan's phone accepts "the van"
    Then it is refused with "invalid-state"
    When Ryan's phone accepts "the car"
    And Ben's phone accepts "the van"
    Then Ryan's phone is in "R:Provisioned" with "the car"
    And Ben's phone is in "S:Completed" with "the car"
    And Ben's phone is in "R:Provisioned" with "the van"
    And Ryan's phone is in "S:Completed" with "the van"
    And nobody is told anything

  @SES-15
  Scenario: An offer to the owner's own watch
    When Ben adds a watch
    And Ben's watch makes an invitation called "mine"
    And Ben's phone takes the invitation "mine"
    Then it is refused with "invalid-state"
    When Ben's phone offers a car key to Ben's watch without a link
    Then it is refused with "untrusted-identity"
    And 0 messages wait for Ben's watch
    And 20 one-time prekeys of Ben's watch are left
    And nobody is told anything
