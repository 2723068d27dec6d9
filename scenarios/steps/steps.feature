Feature: Step by step
  Nothing arrives by itself here: the script says which request arrives, when, and what becomes of its answer.
  So told, every order of events is a scenario, also those that no network makes often.

  Background:
    Given Ben has a phone
    And Ryan has a phone
    And Ben's phone has taken the invitation of Ryan's phone
    And nothing arrives by itself

  @XFER-09 @XFER-16 @WAL-05
  Scenario: A hotel key, one request after the other
    When Ben's phone offers a hotel key to Ryan's phone
    Then 1 request waits with Ben's phone
    When the bundle request of Ben's phone arrives
    And the submission of Ben's phone arrives
    Then 0 requests wait with Ben's phone
    And 1 message waits for Ryan's phone
    And Ryan's phone knows nothing of the hotel key
    When Ryan's phone looks for messages
    Then Ryan's phone is in "R:Invited" with the hotel key
    And 1 message waits for Ryan's phone
    When Ryan's phone looks for messages
    # It has an acknowledgement under way, and does not read the same again.
    Then 1 request waits with Ryan's phone
    When the acknowledgement of Ryan's phone arrives
    And Ryan's phone accepts the hotel key
    Then Ryan's phone holds the hotel key
    When the submission of Ryan's phone arrives
    And Ben's phone looks for messages
    And the acknowledgement of Ben's phone arrives
    Then Ben's phone is in "S:Completed" with the hotel key
    And a restart of Ben's phone changes nothing
    And a restart of Ryan's phone changes nothing
    And a restart of the intermediary changes nothing
    And nobody is told anything

  @MBX-13 @MBX-03 @WAL-03
  Scenario: Answers are lost, and the requests arrive again
    When Ben's phone offers a hotel key to Ryan's phone
    And the bundle request of Ben's phone arrives, and its answer is lost
    And the bundle request of Ben's phone arrives
    And the submission of Ben's phone arrives, and its answer is lost
    And the submission of Ben's phone arrives
    Then 1 message waits for Ryan's phone
    And 19 one-time prekeys of Ryan's phone are left
    When Ryan's phone looks for messages
    And everything arrives
    Then Ryan's phone is in "R:Invited" with the hotel key
    And nobody is told anything

  @MBX-13 @MBX-08 @MBX-09
  Scenario: A copy of a submission comes after the message was read
    When Ben's phone offers a hotel key to Ryan's phone
    And the bundle request of Ben's phone arrives
    And a copy of the submission of Ben's phone is held back
    And the submission of Ben's phone arrives
    And Ryan's phone looks for messages
    And the acknowledgement of Ryan's phone arrives
    Then 0 messages wait for Ryan's phone
    When the copy arrives
    Then 0 messages wait for Ryan's phone
    And nobody is told anything

  @MBX-13
  Scenario: Two copies, and their answers are lost
    When Ben's phone offers a hotel key to Ryan's phone
    And a copy of the bundle request of Ben's phone is held back
    And a copy of bundle request 1 of Ben's phone is held back
    And copy 2 arrives, and its answer is lost
    And the copy arrives, and its answer is lost
    Then 19 one-time prekeys of Ryan's phone are left
    And 1 request waits with Ben's phone
    When the bundle request of Ben's phone arrives
    Then 19 one-time prekeys of Ryan's phone are left

  @MBX-13 @WAL-02
  Scenario: An answer comes when nobody waits for it any more
    When Ben's phone offers a hotel key to Ryan's phone
    And the bundle request of Ben's phone arrives, and its answer is held back
    And the bundle request of Ben's phone arrives
    And the submission of Ben's phone arrives, and its answer is held back
    And submission 1 of Ben's phone arrives
    And answer 2 arrives
    And the answer arrives
    Then 0 requests wait with Ben's phone
    And 1 message waits for Ryan's phone
    When Ryan's phone looks for messages
    Then Ryan's phone is in "R:Invited" with the hotel key
    And nobody is told anything

  @MBX-13 @MBX-18
  Scenario: The intermediary stops between what it does and its answer
    When Ben's phone offers a hotel key to Ryan's phone
    And the bundle request of Ben's phone arrives, and the intermediary stops before it answers
    And bundle request 1 of Ben's phone arrives, and the intermediary stops before it answers
    And the bundle request of Ben's phone arrives
    And the submission of Ben's phone arrives, and the intermediary stops before it answers
    And everything arrives
    Then Ryan's phone is in "R:Invited" with the hotel key
    And 19 one-time prekeys of Ryan's phone are left
    And nobody is told anything

  @XFER-10 @XFER-17
  Scenario: The clock is beyond the expiry before anybody looks at it
    When Ben's phone offers a hotel key to Ryan's phone
    And everything arrives
    And nothing arrives by itself
    And the clock moves on by 48 hours
    Then Ryan's phone is in "R:Invited" with the hotel key
    When Ryan's phone accepts the hotel key
    Then it is refused with "invalid-state"
    When Ryan's phone looks at the clock
    Then Ryan's phone is in "R:Expired" with the hotel key
    When Ben's phone looks at the clock
    Then Ben's phone is in "S:Expired" with the hotel key
    And Ben's phone is told "credential-may-be-out"

  @XFER-06 @XFER-08
  Scenario: Both change their minds at once
    When Ben's phone offers a hotel key to Ryan's phone
    And everything arrives
    And nothing arrives by itself
    And Ben's phone cancels the hotel key
    And Ryan's phone accepts the hotel key
    Then 1 request waits with Ben's phone
    And 1 request waits with Ryan's phone
    When everything arrives
    Then Ben's phone is told "credential-may-be-out"

  @MBX-20 @INV-01
  Scenario: A link serves once its publication has arrived
    When Ryan's phone makes an invitation called "the first"
    And Ryan's phone makes an invitation called "the second"
    And publication 2 of Ryan's phone arrives
    And Ben's phone takes the invitation "the second"
    And the publication of Ben's phone arrives
    And the publication of Ryan's phone arrives
    And Ben's phone takes the invitation "the first"
    And Ben's phone offers a hotel key to Ryan's phone without a link
    And everything arrives
    Then Ryan's phone is in "R:Invited" with the hotel key

  @MBX-12 @MBX-15
  Scenario: A device asks for its messages and leaves
    When Ryan's phone asks for its messages
    Then 1 request waits with Ryan's phone
    When Ryan's phone leaves the intermediary
    And the removal of Ryan's phone arrives, and its answer is lost
    And the reading of Ryan's phone arrives
    Then Ryan's phone is told "unauthorized"

  @MBX-13 @MBX-01
  Scenario: A phone learns two days later that it has joined
    Given Rhea has a phone
    When the registration of Rhea's phone arrives, and its answer is lost
    And the clock moves on by 2 days
    And Rhea's phone looks at the clock
    And the registration of Rhea's phone arrives
    Then 0 requests wait with Rhea's phone
    And nobody is told anything
    When everything arrives
    And Rhea's phone offers a hotel key to Ryan's phone
    Then Ryan's phone is in "R:Invited" with the hotel key

  @MBX-13 @MBX-01 @MBX-18
  Scenario: A copy of a watch's registration comes two days late, and takes nothing from the watch
    Given Ben adds a watch
    When a copy of the registration of Ben's watch is held back
    And everything arrives
    And Ryan's phone offers a hotel key called "the room" to Ben's watch
    And Ben's watch accepts "the room"
    And Ben's watch goes offline
    And 2 days pass
    And Ryan's phone offers a hotel key called "the suite" to Ben's watch
    Then 1 message waits for Ben's watch
    When the copy arrives, and its answer is lost
    Then 1 message waits for Ben's watch
    When Ben's watch comes online
    Then Ben's watch is in "R:Invited" with "the suite"

  @KEY-10
  Scenario: A bundle is judged by the clock as it is when it comes
    Given the state of Ryan's phone is saved as "the beginning"
    When the clock moves on by 2 days
    And Ben's phone offers a hotel key called "the room" to Ryan's phone
    And the clock moves on by 39 days
    And the intermediary answers the next bundle request with a bundle as it was at "the beginning"
    And the bundle request of Ben's phone arrives
    Then Ben's phone is told "stale-statement"
    And nobody is told anything
