Feature: What the intermediary can know
  The intermediary sees addresses, public keys, sizes and times. It must not see what is transferred, and whoever
  uses a fresh UserID and fresh keys for each transfer must not be recognised. Here "Ben" and "Bert" are two
  such identities of one person.

  @PRIV-02 @ID-02
  Scenario: Two transfers under fresh identities share nothing that names anybody
    Given Ben has a phone
    And Bert has a phone
    And Ryan has a phone
    When Ben's phone offers a car key called "the car" to Ryan's phone
    And Bert's phone offers a car key called "the van" to Ryan's phone
    And Ryan's phone accepts "the car"
    And Ryan's phone accepts "the van"
    Then Ben's phone is in "S:Completed" with "the car"
    And Bert's phone is in "S:Completed" with "the van"
    And the intermediary cannot tie Ben to Bert

  @PRIV-01 @PRIV-03
  Scenario: Every message of a car key has one of two sizes
    Given Ben has a phone
    And Ryan has a phone
    When Ben's phone offers a car key to Ryan's phone
    And Ryan's phone accepts the car key
    Then Ben's phone is in "S:Completed" with the car key
    And every message that the intermediary holds or held has 1 bytes or 2 bytes
    And the intermediary has seen no payload

  @PRIV-04
  Scenario: No secret leaves a device, in no message, answer or report
    Given Ben has a phone
    And Ryan has a phone
    When Ben's phone offers a car key to Ryan's phone
    And Ryan's phone accepts the car key
    And Ryan's phone cancels the car key
    Then it is refused with "invalid-state"
    And no transcript line shows a private key of Ben's phone
    And no transcript line shows a private key of Ryan's phone
