Feature: Cancel and expiry, and the races between them
  Either side can end a transfer before it is provisioned, and time ends it for both. What matters is what
  happens when messages cross: nothing may be signed or provisioned once the end is known, and an owner
  must learn of a credential that is out all the same.

  Background:
    Given Ben has a phone
    And Ryan has a phone

  @XFER-11
  Scenario: The owner changes their mind before the receiver answers
    When Ben's phone offers a car key to Ryan
    And Ben's phone cancels the car key
    Then Ryan's phone is in "R:Cancelled" with the car key
    When Ryan's phone accepts the car key
    Then it is refused with "invalid-state"

  @XFER-11
  Scenario: The receiver changes their mind after asking
    When Ben's phone offers a car key to Ryan
    And Ben's phone goes offline
    And Ryan's phone accepts the car key
    And Ryan's phone cancels the car key
    And Ben's phone comes online
    Then Ryan's phone is in "R:Cancelled" with the car key
    And Ben's phone is in "S:Cancelled" with the car key

  @XFER-12
  Scenario: The receiver has provisioned while the owner cancels
    When Ben's phone offers a hotel key to Ryan's phone
    And Ben's phone goes offline
    And Ryan's phone accepts the hotel key
    And Ben's phone cancels the hotel key
    And Ben's phone comes online
    Then Ryan's phone holds the hotel key
    And Ben's phone is in "S:Cancelled" with the hotel key
    And Ben's phone is told "provisioned-after-end"
    And Ryan's phone is told "unexpected-message"

  @XFER-10
  Scenario: An offer that nobody answers ends after two days
    When Ben's phone offers a car key to Ryan
    And 47 hours pass
    Then Ben's phone is in "S:Offered" with the car key
    When 1 hour passes
    Then Ben's phone is in "S:Expired" with the car key
    And Ryan's phone is in "R:Expired" with the car key
    When Ryan's phone accepts the car key
    Then it is refused with "invalid-state"

  @XFER-10
  Scenario: A request that comes too late is not signed
    When Ben's phone offers a car key to Ryan's phone for 1 hour
    And Ben's phone goes offline
    And 59 minutes pass
    And Ryan's phone accepts the car key
    And 2 minutes pass
    And Ben's phone comes online
    Then Ben's phone is in "S:Expired" with the car key
    And Ryan's phone is in "R:Expired" with the car key
    And Ben's phone is told "unexpected-message"

  @XFER-10 @XFER-12
  Scenario: A hotel key is provisioned in time, and the owner hears of it too late
    When Ben's phone offers a hotel key to Ryan's phone for 1 hour
    And Ben's phone goes offline
    And Ryan's phone accepts the hotel key
    And 2 hours pass
    And Ben's phone comes online
    Then Ryan's phone holds the hotel key
    And Ben's phone is in "S:Expired" with the hotel key
    And Ben's phone is told "provisioned-after-end"

  @XFER-11
  Scenario: What is provisioned can no longer be cancelled
    When Ben's phone offers a hotel key to Ryan's phone
    And Ryan's phone accepts the hotel key
    And Ryan's phone cancels the hotel key
    Then it is refused with "invalid-state"
    When Ben's phone cancels the hotel key
    Then it is refused with "invalid-state"

  @XFER-11
  Scenario: Both cancel at once
    When Ben's phone offers a car key to Ryan
    And Ben's phone goes offline
    And Ryan's phone goes offline
    And Ben's phone cancels the car key
    And Ryan's phone cancels the car key
    And Ben's phone comes online
    And Ryan's phone comes online
    Then Ben's phone is in "S:Cancelled" with the car key
    And Ryan's phone is in "R:Cancelled" with the car key

  @XFER-11
  Scenario: The owner cancels while the receiver asks
    When Ben's phone offers a car key to Ryan
    And Ben's phone goes offline
    And Ryan's phone accepts the car key
    And Ben's phone cancels the car key
    And Ben's phone comes online
    Then Ben's phone is in "S:Cancelled" with the car key
    And Ryan's phone is in "R:Cancelled" with the car key
    And Ben's phone is told "unexpected-message"

  @XFER-11
  Scenario: The receiver declines while the owner cancels
    When Ben's phone offers a car key to Ryan
    And Ben's phone goes offline
    And Ryan's phone declines the car key
    And Ben's phone cancels the car key
    And Ben's phone comes online
    Then Ryan's phone is in "R:Declined" with the car key
    And Ben's phone is in "S:Cancelled" with the car key

  @XFER-10
  Scenario: The receiver's request was signed in time, and the answer comes too late
    When Ben's phone offers a car key to Ryan's phone for 1 hour
    And Ryan's phone goes offline
    And Ryan's phone accepts the car key
    And 59 minutes pass
    And Ryan's phone comes online
    Then Ryan's phone holds the car key

  @XFER-10
  Scenario: An offer asks for more than thirty days
    When Ben's phone offers a car key to Ryan's phone for 31 days
    Then it is refused with "invalid-state"
    When Ben's phone offers a car key to Ryan's phone for 30 days
    Then Ben's phone is in "S:Offered" with the car key

  @XFER-03 @XFER-14
  Scenario: What has ended stays ended
    When Ben's phone offers a car key to Ryan
    And Ryan's phone declines the car key
    And everybody restarts
    And Ben's phone cancels the car key
    Then it is refused with "invalid-state"
    When Ryan's phone accepts the car key
    Then it is refused with "invalid-state"
