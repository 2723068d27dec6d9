Feature: A hotel key, the stateless flow
  A hotel key is a token that the receiver's wallet can provision by itself. It goes to one device, since
  whoever reads it has it. These scenarios show that the receiver's consent comes first, that both sides
  come to the same end, and that neither needs to be there when the other acts.

  Background:
    Given Ben has a phone
    And Ryan has a phone

  @XFER-01 @XFER-04 @XFER-09 @PRIV-01 @libraries
  Scenario: From phone to phone
    When Ben's phone offers a hotel key to Ryan's phone
    Then Ben's phone is in "S:Offered" with the hotel key
    And Ryan's phone is in "R:Invited" with the hotel key
    When Ryan's phone accepts the hotel key
    Then Ryan's phone holds the hotel key
    And Ben's phone is in "S:Completed" with the hotel key
    And the intermediary has seen no payload
    And nobody is told anything

  @XFER-16 @libraries
  Scenario: The two are never online at the same time
    When Ryan's phone goes offline
    And Ben's phone offers a hotel key to Ryan's phone
    And Ben's phone goes offline
    And Ryan's phone comes online
    And Ryan's phone accepts the hotel key
    Then Ryan's phone holds the hotel key
    When Ryan's phone goes offline
    And Ben's phone comes online
    Then Ben's phone is in "S:Completed" with the hotel key
    And Ryan's phone holds the hotel key
    And 0 messages wait for Ben's phone
    And nobody is told anything

  @XFER-04 @SES-15
  Scenario: The receiver has two devices, and one gets the hotel key
    When Ryan adds a watch
    And Ben's phone offers a hotel key to Ryan's watch
    Then Ryan's watch is in "R:Invited" with the hotel key
    And 20 one-time prekeys of Ryan's phone are left
    When Ryan's watch accepts the hotel key
    Then Ryan's watch holds the hotel key
    And Ryan's phone knows nothing of the hotel key
    And 0 messages wait for Ryan's phone
    When Ryan's phone accepts the hotel key
    Then it is refused with "unknown-transfer"
    And nobody is told anything

  @SES-15
  Scenario: A hotel key is offered to the owner's own watch
    When Ben adds a watch
    And Ben's watch makes an invitation called "mine"
    And Ben's phone takes the invitation "mine"
    Then it is refused with "invalid-state"
    When Ben's phone offers a hotel key to Ben's watch without a link
    Then it is refused with "untrusted-identity"
    And 0 messages wait for Ben's watch
    And 20 one-time prekeys of Ben's watch are left
    And nobody is told anything

  @XFER-01 @libraries
  Scenario: The receiver does not want it
    When Ben's phone offers a hotel key to Ryan's phone
    And Ryan's phone declines the hotel key
    Then Ryan's phone is in "R:Declined" with the hotel key
    And Ben's phone is in "S:Declined" with the hotel key
    When Ryan's phone accepts the hotel key
    Then it is refused with "invalid-state"
    And Ben's phone is told "credential-may-be-out"
    And nobody is told anything

  @X3DH-07 @libraries
  Scenario: The first message opens a session, the answer is already inside it
    When Ben's phone offers a hotel key to Ryan's phone
    Then the last message to Ryan's phone is a prekey message
    When Ryan's phone accepts the hotel key
    Then the last message to Ben's phone is a ratchet message
    And the active sessions of Ben's phone and Ryan's phone match
    When Ben's phone offers a car key to Ryan's phone
    Then the last message to Ryan's phone is a ratchet message
    And 19 one-time prekeys of Ryan's phone are left

  # A hotel and its guests

  @XFER-04 @XFER-16
  Scenario: A hotel offers a key to each of two hundred guests
    Given Rhea has a laptop
    When Rhea's laptop offers a hotel key to 200 guests
    Then 200 transfers of Rhea's laptop are in "S:Offered"
    When every guest accepts
    Then 200 guests hold a hotel key
    And 200 transfers of Rhea's laptop are in "S:Completed"
    And nobody is told anything
