Feature: A car key, the stateful flow
  A car key is made on the receiver's device and signed by the owner's. Several of the receiver's devices
  may see the offer; one of them gets the key. These scenarios show who that is, and that nobody else can
  take its place.

  Background:
    Given Ben has a phone
    And Ryan has a phone and a watch

  @XFER-01 @XFER-09 @XFER-13
  Scenario: The first of two devices wins
    When Ben's phone offers a car key to Ryan
    Then Ryan's phone is in "R:Invited" with the car key
    And Ryan's watch is in "R:Invited" with the car key
    When Ryan's watch accepts the car key
    Then Ryan's watch holds the car key
    And Ben's phone is in "S:Completed" with the car key
    When Ryan's phone accepts the car key
    Then Ryan's phone is in "R:Cancelled" with the car key
    And Ryan's watch holds the car key
    And Ben's phone is in "S:Completed" with the car key
    And the intermediary has seen no payload
    And nobody is told anything

  @XFER-08
  Scenario: Both ask before either is answered
    When Ben's phone offers a car key to Ryan
    And Ben's phone goes offline
    And Ryan's phone accepts the car key
    And Ryan's watch accepts the car key
    Then Ryan's phone is in "R:Requested" with the car key
    And Ryan's watch is in "R:Requested" with the car key
    When Ben's phone comes online
    Then Ryan's phone holds the car key
    And Ryan's watch is in "R:Cancelled" with the car key
    And Ben's phone is in "S:Completed" with the car key
    And nobody is told anything

  @SES-15
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

  @XFER-02
  Scenario: Two car keys do not touch each other
    When Ben's phone offers a car key called "the car" to Ryan
    And Ben's phone offers a car key called "the van" to Ryan
    And Ryan's phone accepts "the van"
    And Ben's phone cancels "the car"
    Then Ben's phone is in "S:Completed" with "the van"
    And Ben's phone is in "S:Cancelled" with "the car"
    And Ryan's watch is in "R:Cancelled" with "the car"
    And Ryan's phone is in "R:Cancelled" with "the car"
    And Ryan's phone is in "R:Provisioned" with "the van"
    And Ryan's watch is in "R:Invited" with "the van"

  @XFER-08 @XFER-14
  Scenario: A third device asks after the key is out
    When Ryan adds a tablet
    And Ben's phone offers a car key to Ryan
    And Ryan's phone accepts the car key
    And Ryan's watch accepts the car key
    And Ryan's tablet accepts the car key
    Then Ryan's phone holds the car key
    And Ryan's watch is in "R:Cancelled" with the car key
    And Ryan's tablet is in "R:Cancelled" with the car key
    And Ben's phone is in "S:Completed" with the car key
    And nobody is told anything

  @XFER-09
  Scenario: Until the user accepts, nothing is asked and nothing is signed
    When Ben's phone offers a car key to Ryan
    And 47 hours pass
    Then Ryan's phone is in "R:Invited" with the car key
    And Ryan's watch is in "R:Invited" with the car key
    And Ben's phone is in "S:Offered" with the car key
    And 0 messages wait for Ben's phone

  @XFER-06
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
  Scenario: An offer to oneself
    When Ben adds a watch
    And Ben's phone offers a car key to Ben
    Then Ben's phone is told "invalid-state"
    And Ben's watch knows nothing of the car key
    And 0 messages wait for Ben's watch
    And 20 one-time prekeys of Ben's watch are left
