Feature: Cancel and expiry, and the races between them
  Either side can end a transfer before it is provisioned, and time ends it for both. What matters is what
  happens when messages cross: nothing may be signed or provisioned once the end is known, and an owner
  must learn of a credential that is out all the same.

  Background:
    Given Ben has a phone
    And Ryan has a phone

  @XFER-11
  Scenario: The owner changes their mind before the receiver answers
    When Ben's phone offers a car key to Ryan's phone
    And Ben's phone cancels the car key
    Then Ryan's phone is in "R:Cancelled" with the car key
    And Ben's phone is in "S:Cancelled" with the car key
    When Ryan's phone accepts the car key
    Then it is refused with "invalid-state"
    And 0 messages wait for Ben's phone
    And nobody is told anything

  @XFER-11
  Scenario: The receiver changes their mind after asking
    When Ben's phone offers a car key to Ryan's phone
    And Ben's phone goes offline
    And Ryan's phone accepts the car key
    And Ryan's phone cancels the car key
    And Ben's phone comes online
    Then Ryan's phone is in "R:Cancelled" with the car key
    And Ben's phone is in "S:Cancelled" with the car key
    And nobody is told anything

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
    And Ben's phone is told "credential-may-be-out"
    And nobody is told anything

  @XFER-10
  Scenario: An offer that nobody answers ends after two days
    When Ben's phone offers a car key to Ryan's phone
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
    And Ben's phone is told "credential-may-be-out"
    And nobody is told anything

  @XFER-11
  Scenario: What is provisioned can no longer be cancelled
    When Ben's phone offers a hotel key to Ryan's phone
    And Ryan's phone accepts the hotel key
    And Ryan's phone cancels the hotel key
    Then it is refused with "invalid-state"
    When Ben's phone cancels the hotel key
    Then it is refused with "invalid-state"
    And Ryan's phone holds the hotel key
    And Ben's phone is in "S:Completed" with the hotel key
    And nobody is told anything

  @XFER-11
  Scenario: Both cancel at once
    When Ben's phone offers a car key to Ryan's phone
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
    When Ben's phone offers a car key to Ryan's phone
    And Ben's phone goes offline
    And Ryan's phone accepts the car key
    And Ben's phone cancels the car key
    And Ben's phone comes online
    Then Ben's phone is in "S:Cancelled" with the car key
    And Ryan's phone is in "R:Cancelled" with the car key
    And Ben's phone is told "unexpected-message"

  @XFER-11
  Scenario: The receiver declines while the owner cancels
    When Ben's phone offers a car key to Ryan's phone
    And Ben's phone goes offline
    And Ryan's phone declines the car key
    And Ben's phone cancels the car key
    And Ben's phone comes online
    Then Ryan's phone is in "R:Declined" with the car key
    And Ben's phone is in "S:Cancelled" with the car key
    And Ben's phone is told "unexpected-message"
    And Ryan's phone is told "unexpected-message"
    And nobody is told anything

  @XFER-10
  Scenario: The receiver's request leaves a minute before the end, and is signed
    When Ben's phone offers a car key to Ryan's phone for 1 hour
    And Ryan's phone goes offline
    And Ryan's phone accepts the car key
    And 59 minutes pass
    And Ryan's phone comes online
    Then Ryan's phone holds the car key
    And Ben's phone is in "S:Completed" with the car key
    And nobody is told anything

  @XFER-10
  Scenario: An offer asks for more than thirty days
    When Ben's phone offers a car key to Ryan's phone for 31 days
    Then it is refused with "invalid-state"
    When Ben's phone offers a car key to Ryan's phone for 30 days
    Then Ben's phone is in "S:Offered" with the car key

  @XFER-03 @XFER-14
  Scenario: What has ended stays ended
    When Ben's phone offers a car key to Ryan's phone
    And Ryan's phone declines the car key
    And everybody restarts
    And Ben's phone cancels the car key
    Then it is refused with "invalid-state"
    When Ryan's phone accepts the car key
    Then it is refused with "invalid-state"

  # What each side may do at each stage: the rows of the table that end a transfer

  @XFER-01 @XFER-11
  Scenario Outline: Of a car key that nobody has answered, <ends>
    When Ben's phone offers a car key to Ryan's phone
    And <ends> the car key
    Then Ben's phone is in "<sender>" with the car key
    And Ryan's phone is in "<receiver>" with the car key
    And 0 messages wait for Ben's phone
    And 0 messages wait for Ryan's phone
    And nobody is told anything

    Examples:
      | ends                  | sender      | receiver    |
      | Ben's phone cancels   | S:Cancelled | R:Cancelled |
      | Ryan's phone cancels  | S:Cancelled | R:Cancelled |
      | Ryan's phone declines | S:Declined  | R:Declined  |

  @XFER-01 @XFER-11 @XFER-17
  Scenario Outline: Of a hotel key that nobody has answered, <ends>, and the owner is told that it may be out
    When Ben's phone offers a hotel key to Ryan's phone
    And <ends> the hotel key
    Then Ben's phone is in "<sender>" with the hotel key
    And Ryan's phone is in "<receiver>" with the hotel key
    And 0 messages wait for Ben's phone
    And 0 messages wait for Ryan's phone
    And Ben's phone is told "credential-may-be-out"
    And nobody is told anything

    Examples:
      | ends                  | sender      | receiver    |
      | Ben's phone cancels   | S:Cancelled | R:Cancelled |
      | Ryan's phone cancels  | S:Cancelled | R:Cancelled |

  @XFER-01
  Scenario Outline: While an offer is open, the owner's <wish> is refused
    When Ben's phone offers a car key to Ryan's phone
    And Ben's phone <wish> the car key
    Then it is refused with "invalid-state"
    And Ben's phone is in "S:Offered" with the car key
    When Ryan's phone accepts the car key
    Then Ryan's phone holds the car key

    Examples:
      | wish     |
      | accepts  |
      | declines |

  @XFER-01
  Scenario Outline: Once the receiver has asked, <wish> is refused
    When Ben's phone offers a car key to Ryan's phone
    And Ben's phone goes offline
    And Ryan's phone accepts the car key
    And Ryan's phone <does> the car key
    Then it is refused with "invalid-state"
    And Ryan's phone is in "R:Requested" with the car key
    And 1 message waits for Ben's phone
    When Ben's phone comes online
    Then Ryan's phone holds the car key
    And Ben's phone is in "S:Completed" with the car key
    And nobody is told anything

    Examples:
      | wish             | does     |
      | accepting again  | accepts  |
      | declining        | declines |

  @XFER-01 @XFER-11
  Scenario Outline: After a car key has come to its end, it stays <state>, whatever <device> does
    When Ben's phone offers a car key to Ryan's phone
    And Ryan's phone <answer> the car key
    And <device> accepts the car key
    Then it is refused with "invalid-state"
    When <device> declines the car key
    Then it is refused with "invalid-state"
    When <device> cancels the car key
    Then it is refused with "invalid-state"
    When 48 hours pass
    Then <device> is in "<state>" with the car key
    And 0 messages wait for Ben's phone
    And 0 messages wait for Ryan's phone
    And nobody is told anything

    Examples:
      | answer   | device       | state         |
      | accepts  | Ryan's phone | R:Provisioned |
      | accepts  | Ben's phone  | S:Completed   |
      | declines | Ryan's phone | R:Declined    |
      | declines | Ben's phone  | S:Declined    |
      | cancels  | Ryan's phone | R:Cancelled   |
      | cancels  | Ben's phone  | S:Cancelled   |

  # Races at the moment of signing

  @XFER-11 @XFER-12
  Scenario: The owner has signed and cancels, and the signature is read first: the key is out, and the owner is told
    When Ben's phone offers a car key to Ryan's phone
    And Ben's phone goes offline
    And Ryan's phone accepts the car key
    And Ryan's phone goes offline
    And Ben's phone comes online
    And Ben's phone cancels the car key
    Then Ben's phone is in "S:Cancelled" with the car key
    And 2 messages wait for Ryan's phone
    When Ryan's phone comes online
    Then Ryan's phone holds the car key
    And Ryan's phone is told "unexpected-message"
    And Ben's phone is told "provisioned-after-end"
    And Ben's phone is in "S:Cancelled" with the car key
    And Ben's phone is told "credential-may-be-out"
    And nobody is told anything

  @XFER-11 @XFER-14
  Scenario: The owner has signed and cancels, and the cancel is read first: the key does not come to be
    When Ben's phone offers a car key to Ryan's phone
    And Ben's phone goes offline
    And Ryan's phone accepts the car key
    And Ryan's phone goes offline
    And Ben's phone comes online
    And Ben's phone cancels the car key
    And the intermediary reverses its answers
    And Ryan's phone comes online
    Then Ryan's phone is in "R:Cancelled" with the car key
    And Ryan's phone is told "unexpected-message"
    And Ben's phone is in "S:Cancelled" with the car key
    And 0 messages wait for Ben's phone
    And Ben's phone is told "credential-may-be-out"
    And nobody is told anything

  @XFER-11
  Scenario: The receiver cancels while the owner's signature is on its way
    When Ben's phone offers a car key to Ryan's phone
    And the next submission of Ben's phone is held back
    And Ryan's phone accepts the car key
    Then Ben's phone is in "S:Signed" with the car key
    When Ryan's phone cancels the car key
    Then Ben's phone is in "S:Cancelled" with the car key
    When what was held back arrives
    Then Ryan's phone is told "unexpected-message"
    And Ryan's phone is in "R:Cancelled" with the car key
    And Ben's phone is in "S:Cancelled" with the car key
    And Ben's phone is told "credential-may-be-out"
    And nobody is told anything

  @XFER-10
  Scenario: The owner's signature comes after the end
    When Ben's phone offers a car key to Ryan's phone for 1 hour
    And Ben's phone goes offline
    And Ryan's phone accepts the car key
    And Ryan's phone goes offline
    And Ben's phone comes online
    Then Ben's phone is in "S:Signed" with the car key
    When 1 hour passes
    Then Ben's phone is in "S:Expired" with the car key
    And Ryan's phone is in "R:Expired" with the car key
    When Ryan's phone comes online
    Then Ryan's phone is told "unexpected-message"
    And Ryan's phone is in "R:Expired" with the car key
    And 0 messages wait for Ben's phone
    And Ben's phone is told "credential-may-be-out"
    And nobody is told anything

  @XFER-10 @XFER-12
  Scenario: A car key is provisioned in time, and the owner hears of it too late
    When Ben's phone offers a car key to Ryan's phone for 1 hour
    And Ben's phone goes offline
    And Ryan's phone accepts the car key
    And Ryan's phone goes offline
    And Ben's phone comes online
    And Ben's phone goes offline
    And Ryan's phone comes online
    Then Ryan's phone holds the car key
    And Ben's phone is in "S:Signed" with the car key
    When 1 hour passes
    Then Ben's phone is in "S:Expired" with the car key
    And Ryan's phone holds the car key
    When Ben's phone comes online
    Then Ben's phone is told "provisioned-after-end"
    And Ben's phone is in "S:Expired" with the car key
    And Ben's phone is told "credential-may-be-out"
    And nobody is told anything

  @XFER-11 @XFER-12
  Scenario: The owner cancels after the receiver has provisioned, and before hearing of it
    When Ben's phone offers a car key to Ryan's phone
    And Ben's phone goes offline
    And Ryan's phone accepts the car key
    And Ryan's phone goes offline
    And Ben's phone comes online
    And Ben's phone goes offline
    And Ryan's phone comes online
    And Ben's phone cancels the car key
    And Ben's phone comes online
    Then Ryan's phone holds the car key
    And Ben's phone is in "S:Cancelled" with the car key
    And Ben's phone is told "provisioned-after-end"
    And Ryan's phone is told "unexpected-message"
    And Ben's phone is told "credential-may-be-out"
    And nobody is told anything

  # A cancel that overtakes its offer

  @XFER-03 @XFER-11 @libraries
  Scenario: A cancel overtakes its offer: the receiver asks, and nothing is signed
    When Ryan's phone goes offline
    And Ben's phone offers a car key to Ryan's phone
    And Ben's phone cancels the car key
    And the intermediary reverses its answers
    And Ryan's phone comes online
    Then Ryan's phone is told "untrusted-identity"
    And Ryan's phone is in "R:Invited" with the car key
    When Ryan's phone accepts the car key
    Then Ben's phone is told "unexpected-message"
    And Ben's phone is in "S:Cancelled" with the car key
    And Ryan's phone is in "R:Requested" with the car key
    When 48 hours pass
    Then Ryan's phone is in "R:Expired" with the car key
    And nobody is told anything

  @XFER-03 @XFER-12
  Scenario: A cancel overtakes its offer: the receiver provisions the hotel key, and the owner is told
    When Ryan's phone goes offline
    And Ben's phone offers a hotel key to Ryan's phone
    And Ben's phone cancels the hotel key
    And the intermediary reverses its answers
    And Ryan's phone comes online
    Then Ryan's phone is told "untrusted-identity"
    When Ryan's phone accepts the hotel key
    Then Ryan's phone holds the hotel key
    And Ben's phone is told "provisioned-after-end"
    And Ben's phone is in "S:Cancelled" with the hotel key
    And Ben's phone is told "credential-may-be-out"
    And nobody is told anything

  @XFER-15
  Scenario: A cancel is lost, and asked again
    When Ben's phone offers a hotel key to Ryan's phone
    And the next submission of Ben's phone is lost
    And Ben's phone cancels the hotel key
    Then Ryan's phone is in "R:Invited" with the hotel key
    When everybody restarts
    And 1 minute passes
    Then Ryan's phone is in "R:Cancelled" with the hotel key
    When Ryan's phone accepts the hotel key
    Then it is refused with "invalid-state"
    And Ben's phone is in "S:Cancelled" with the hotel key
    And Ben's phone is told "credential-may-be-out"
    And nobody is told anything

  # Another device of the receiver

  @XFER-04 @XFER-06
  Scenario Outline: The receiver's watch <does> what its phone was offered: it knows nothing of it
    When Ryan adds a watch
    And Ben's phone offers a car key to Ryan's phone
    And Ryan's watch <does> the car key
    Then it is refused with "unknown-transfer"
    And Ryan's phone is in "R:Invited" with the car key
    And Ben's phone is in "S:Offered" with the car key
    And 0 messages wait for Ben's phone
    And nobody is told anything

    Examples:
      | does     |
      | accepts  |
      | declines |
      | cancels  |
