Feature: A peer that does not keep to the profile
  Whoever has a link, or was offered something, may write what a wallet would not. It can waste a message; it cannot have anything signed,
  provisioned or kept that the profile does not allow.

  Background:
    Given Ben has a phone
    And Ryan has a phone

  @XFER-01 @XFER-07 @WAL-04
  Scenario: The same signing request comes once more, in another message: it is signed once more, alike
    When Ben's phone offers a car key to Ryan's phone
    And Mallory copies the state of Ben's phone
    And Ryan's phone goes offline
    And Ryan's phone accepts the car key
    And the intermediary withholds the messages of Ryan's phone
    And Ryan's phone comes online
    Then Ben's phone is in "S:Signed" with the car key
    When Ryan's phone sends the last message to Ben's phone once more
    Then Ben's phone is in "S:Signed" with the car key
    And 2 messages wait for Ryan's phone
    When the intermediary withholds nothing any more
    And 1 minute passes
    Then Ryan's phone holds the car key
    And Ryan's phone is told "unexpected-message"
    And Ben's phone is in "S:Completed" with the car key
    And nobody is told anything

  @XFER-01 @XFER-13
  Scenario: The owner's signature does not hold: nothing is provisioned, and both are told
    When Ben's phone offers a car key to Ryan's phone
    And Ben's phone goes offline
    And Ryan's phone accepts the car key
    And Ben's phone signs "car key" wrongly for Ryan's phone
    Then Ryan's phone is in "R:Failed" with the car key
    And Ryan's phone is told "attestation-invalid"
    When Ben's phone comes online
    Then Ben's phone is in "S:Cancelled" with the car key
    And Ryan's phone is in "R:Failed" with the car key
    And nobody is told anything

  @XFER-01 @PAY-07
  Scenario: A key in a format that the receiver's wallet does not know is declined without asking
    When Ben's phone sends an offer in an unknown format called "the boat" to Ryan's phone
    Then Ryan's phone is in "R:Declined" with "the boat"
    And Ben's phone is told "unknown-transfer"
    And nobody is told anything

  @PAY-06 @PAY-11 @PAY-01
  Scenario Outline: The receiver is sent <payload>, which opens nothing
    When Ben's phone offers a car key to Ryan's phone
    And Ben's phone sends <payload> called "the boat" to Ryan's phone
    Then Ryan's phone is told "invalid-payload"
    And Ryan's phone knows nothing of "the boat"
    And 0 messages wait for Ben's phone
    When Ryan's phone accepts the car key
    Then Ben's phone is in "S:Completed" with the car key
    And nobody is told anything

    Examples:
      | payload                    |
      | an offer of another version |
      | an offer that is not padded |
      | something that is no offer  |
