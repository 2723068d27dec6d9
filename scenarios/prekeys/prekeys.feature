Feature: One-time prekeys run out
  A one-time prekey makes each first message fresh. Strangers can ask for them all. These scenarios show that
  no two senders get the same one, that a transfer works without one, that the owner publishes more, and that
  the intermediary does not let one stranger take them all.

  Background:
    Given Ben has a phone
    And Ryan has a phone

  @MBX-03 @MBX-04
  Scenario: Each first message takes one
    Then 20 one-time prekeys of Ryan's phone are left
    When Ben's phone offers a car key to Ryan's phone
    Then 19 one-time prekeys of Ryan's phone are left
    When Ben's phone offers a hotel key to Ryan's phone
    Then 19 one-time prekeys of Ryan's phone are left

  @X3DH-12 @MBX-04
  Scenario: None is left, and the transfer works all the same
    When strangers fetch 20 bundles of Ryan's phone
    Then 0 one-time prekeys of Ryan's phone are left
    When Ben's phone offers a car key to Ryan's phone
    And Ryan's phone accepts the car key
    Then Ryan's phone holds the car key
    And nobody is told anything

  @MBX-04
  Scenario: The owner sees that few are left, and publishes more
    When strangers fetch 15 bundles of Ryan's phone
    Then 5 one-time prekeys of Ryan's phone are left
    When 1 day passes
    Then 25 one-time prekeys of Ryan's phone are left

  @X3DH-14
  Scenario: A first message without one is replayed after it was read
    When strangers fetch 20 bundles of Ryan's phone
    And Ben's phone offers a car key to Ryan's phone
    And the intermediary replays the last message to Ryan's phone
    Then Ryan's phone is told "duplicate-message"

  @MBX-03 @MBX-13
  Scenario: A bundle request arrives twice, and takes one
    When the next bundle request of Ben's phone arrives twice
    And Ben's phone offers a car key to Ryan's phone
    Then 19 one-time prekeys of Ryan's phone are left
    And Ryan's phone is in "R:Invited" with the car key
