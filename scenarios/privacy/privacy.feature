Feature: What the intermediary can know
  The intermediary sees addresses, public keys, sizes and times. It must not see what is transferred, and two
  transfers between people who use a fresh UserID and fresh keys for each must not be tied to one another. Here "Ben"
  and "Bert", "Ryan" and "Rhea" are two such identities of one person each.

  @PRIV-02 @ID-02
  Scenario: Two transfers under fresh identities share nothing that names anybody
    Given Ben has a phone
    And Bert has a phone
    And Ryan has a phone
    And Rhea has a phone
    When Ben's phone offers a car key called "the car" to Ryan's phone
    And Bert's phone offers a car key called "the van" to Rhea's phone
    And Ryan's phone accepts "the car"
    And Rhea's phone accepts "the van"
    Then Ben's phone is in "S:Completed" with "the car"
    And Bert's phone is in "S:Completed" with "the van"
    And nothing that the intermediary knows ties "the car" to "the van"

  @PRIV-02 @ID-02
  Scenario: A receiver who keeps its identity can be recognised
    Given Ben has a phone
    And Bert has a phone
    And Ryan has a phone
    When Ben's phone offers a car key called "the car" to Ryan's phone
    And Bert's phone offers a car key called "the van" to Ryan's phone
    Then something that the intermediary knows ties "the car" to "the van"

  @PRIV-01 @PRIV-03
  Scenario: The request for a key and its answer cannot be told apart by their sizes
    Given Ben has a phone
    And Ryan has a phone
    When Ben's phone offers a car key to Ryan's phone
    And Ryan's phone accepts the car key
    Then Ben's phone is in "S:Completed" with the car key
    # A prekey message with a payload of 512 bytes, two ratchet messages with one of 512, one with one of 256.
    And the intermediary has seen messages of "652, 571, 571, 315" bytes
    And the intermediary has seen no payload

  @PRIV-03
  Scenario: The end of a transfer tells nobody how it ended
    Given Ben has a phone
    And Ryan has a phone
    And Rhea has a phone
    When Ben's phone offers a car key called "the car" to Ryan's phone
    And Ben's phone offers a car key called "the van" to Rhea's phone
    And Ryan's phone declines "the car"
    And Rhea's phone cancels "the van"
    Then Ben's phone is in "S:Declined" with "the car"
    And Ben's phone is in "S:Cancelled" with "the van"
    And the intermediary has seen messages of "652, 652, 315, 315" bytes

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
