Feature: What a wallet does by itself
  A wallet asks its intermediary for many things, and others ask it for many. These scenarios show that what cannot
  leave yet waits without harm, that nothing is said twice, and that a link and a key are what they were taken for.

  Background:
    Given Ben has a phone
    And Ryan has a phone

  @INV-05 @INV-08
  Scenario: A sender who has forgotten how often it offered by a link has no eleventh transfer
    When Ryan's phone makes an invitation called "the link"
    And Ben's phone takes the invitation "the link"
    And Ben's phone offers a hotel key called "1" to Ryan's phone
    And Ben's phone offers a hotel key called "2" to Ryan's phone
    And Ben's phone offers a hotel key called "3" to Ryan's phone
    And Ben's phone offers a hotel key called "4" to Ryan's phone
    And Ben's phone offers a hotel key called "5" to Ryan's phone
    And Ben's phone offers a hotel key called "6" to Ryan's phone
    And Ben's phone offers a hotel key called "7" to Ryan's phone
    And Ben's phone offers a hotel key called "8" to Ryan's phone
    And Ben's phone offers a hotel key called "9" to Ryan's phone
    And Ben's phone offers a hotel key called "10" to Ryan's phone
    And Ryan's phone accepts "1"
    Then Ryan's phone holds "1"
    And Ben's phone is in "S:Completed" with "1"
    When Ben's phone drops the pin of Ryan's phone
    Then Ben's phone is told "credential-may-be-out"
    When Ben's phone takes the invitation "the link"
    And Ben's phone offers a hotel key to Ryan's phone without a link
    Then Ryan's phone is told "invalid-invitation"
    And Ryan's phone knows nothing of the hotel key

  @INV-09 @MBX-20
  Scenario: What opens the mailbox to the answer is published before the offer leaves
    When Ryan's phone makes an invitation called "the link"
    And the next publication of Ben's phone is held back
    And Ben's phone takes the invitation "the link"
    And Ben's phone offers a car key to Ryan's phone
    Then Ryan's phone knows nothing of the car key
    When what was held back arrives
    Then Ryan's phone is in "R:Invited" with the car key
    When Ryan's phone accepts the car key
    Then Ben's phone is in "S:Completed" with the car key
    And nobody is told anything

  @WAL-03 @MBX-11
  Scenario: A mailbox is full for a day: the sender is told once, and the offer arrives
    When the intermediary answers every submission to Ryan's phone with "mailbox-full"
    And Ben's phone offers a car key to Ryan's phone
    Then Ben's phone is told "delayed"
    When 12 hours pass
    And 12 hours pass
    Then nobody is told anything
    When the intermediary is honest again
    And 1 hour passes
    Then Ryan's phone is in "R:Invited" with the car key
    And nobody is told anything

  @WAL-03 @XFER-14
  Scenario: A mailbox is full until the offer has expired, and nothing is asked any more
    When the intermediary answers every submission to Ryan's phone with "mailbox-full"
    And Ben's phone offers a car key to Ryan's phone
    Then Ben's phone is told "delayed"
    When 49 hours pass
    Then Ben's phone is in "S:Expired" with the car key
    When the intermediary is honest again
    And 1 hour passes
    Then Ryan's phone knows nothing of the car key
    And nobody is told anything

  @WAL-03
  Scenario: The bundle is refused for a while, and then the mailbox is full: the user is told once that the offer waits
    When the intermediary answers the next bundle request of Ben's phone with "rate-limited"
    And the intermediary answers the next submission of Ben's phone with "mailbox-full"
    And Ben's phone offers a car key to Ryan's phone
    Then Ben's phone is told "delayed"
    When 1 minute passes
    And 1 minute passes
    Then Ryan's phone is in "R:Invited" with the car key
    And nobody is told anything

  @WAL-03
  Scenario: The bundle is refused, the phone restarts, and the mailbox is full: the user is told no second time
    When the intermediary answers the next bundle request of Ben's phone with "rate-limited"
    And the intermediary answers the next submission of Ben's phone with "rate-limited"
    And Ben's phone offers a car key to Ryan's phone
    Then Ben's phone is told "delayed"
    When Ben's phone restarts
    And 1 minute passes
    And the intermediary answers the next submission of Ben's phone with "mailbox-full"
    And 1 minute passes
    And 1 minute passes
    Then Ryan's phone is in "R:Invited" with the car key
    And nobody is told anything

  @WAL-03 @INV-09
  Scenario: A link whose access key was never kept holds nothing up once another one is taken
    When the intermediary answers the next publication of Ryan's phone with "done"
    And Ryan's phone makes an invitation called "the dead link"
    And Ben's phone takes the invitation "the dead link"
    And Ben's phone offers a car key called "the car" to Ryan's phone
    Then Ben's phone is told "delayed"
    And Ryan's phone knows nothing of "the car"
    When Ryan's phone makes an invitation called "the new link"
    And Ben's phone takes the invitation "the new link"
    Then Ryan's phone is in "R:Invited" with "the car"
    When Ryan's phone accepts "the car"
    Then Ben's phone is in "S:Completed" with "the car"
    And nobody is told anything

  @WAL-03 @INV-08
  Scenario: An answer that waits under a former access key of the sender leaves once an offer brings another
    When Ben's phone offers a car key called "the car" to Ryan's phone
    And the intermediary answers the next submission of Ryan's phone with "forbidden"
    And Ryan's phone accepts "the car"
    Then Ryan's phone is told "delayed"
    When Ben's phone drops the pin of Ryan's phone
    And Ryan's phone makes an invitation called "the new link"
    And Ben's phone takes the invitation "the new link"
    And Ben's phone offers a car key called "the van" to Ryan's phone
    And Ryan's phone accepts "the van"
    Then Ben's phone is in "S:Completed" with "the van"

  @WAL-04 @XFER-07
  Scenario: A signing request comes twice while its answer waits, and is answered once
    When Ben's phone offers a car key to Ryan's phone
    And Mallory copies the state of Ben's phone
    And the intermediary answers every submission to Ryan's phone with "mailbox-full"
    And Ryan's phone accepts the car key
    Then Ben's phone is told "delayed"
    When Ryan's phone sends the last message to Ben's phone once more
    And the intermediary is honest again
    And 1 hour passes
    Then Ryan's phone holds the car key
    And Ben's phone is in "S:Completed" with the car key
    And nobody is told anything

  @WAL-06 @XFER-06
  Scenario: The sender drops the receiver's pin: the transfer ends with it, and nobody is told of an end
    When Ben's phone offers a car key to Ryan's phone
    And Ben's phone drops the pin of Ryan's phone
    Then Ben's phone is in "S:Cancelled" with the car key
    And 0 messages wait for Ryan's phone
    When Ryan's phone accepts the car key
    Then Ryan's phone is told "delayed"
    And Ryan's phone is in "R:Requested" with the car key
    When 49 hours pass
    Then Ryan's phone is in "R:Expired" with the car key
    And nobody is told anything

  @WAL-02
  Scenario: An answer that comes twice is an answer to nothing the second time
    When Ryan's phone makes an invitation called "the link"
    And the next publication of Ben's phone arrives twice
    And Ben's phone takes the invitation "the link"
    And Ben's phone offers a car key to Ryan's phone
    And Ryan's phone accepts the car key
    Then Ben's phone is in "S:Completed" with the car key
    And nobody is told anything

  # What went out once counts as out, whatever is answered.

  @WAL-01 @XFER-17
  Scenario Outline: The submission of a hotel key is answered with "<lie>", and <ends>: it counts as out
    When the intermediary answers every submission to Ryan's phone with "<lie>"
    And Ben's phone offers a hotel key to Ryan's phone
    Then Ben's phone is told "<told>"
    When <ends>
    Then Ben's phone is told "credential-may-be-out"
    And Ryan's phone knows nothing of the hotel key

    Examples:
      | lie          | told         | ends                             |
      | mailbox-full | delayed      | Ben's phone cancels the hotel key |
      | mailbox-full | delayed      | 49 hours pass                    |
      | unauthorized | unauthorized | Ben's phone cancels the hotel key |
      | malformed    | malformed    | 49 hours pass                    |

  @WAL-01 @XFER-17
  Scenario: The bundle request is refused, and nothing has gone out: the owner cancels and is told nothing
    When the intermediary answers every bundle request for Ryan's phone with "rate-limited"
    And Ben's phone offers a hotel key to Ryan's phone
    Then Ben's phone is told "delayed"
    When Ben's phone restarts
    And Ben's phone cancels the hotel key
    Then Ben's phone is in "S:Cancelled" with the hotel key
    And nobody is told anything
