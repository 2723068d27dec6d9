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
    And the intermediary has seen no payload
    And nobody is told anything

  @PRIV-02 @ID-02
  Scenario: A receiver who keeps its identity can be recognised
    Given Ben has a phone
    And Bert has a phone
    And Ryan has a phone
    When Ben's phone offers a car key called "the car" to Ryan's phone
    And Bert's phone offers a car key called "the van" to Ryan's phone
    Then something that the intermediary knows ties "the car" to "the van"

  # A payload is padded to 1,024 bytes, which makes 1,083 bytes of a ratchet message and 1,164 of a prekey message

  @tigress-1 @PRIV-01 @PRIV-03 @MBX-14
  Scenario Outline: Of a <credential>, the answer "<answers>" cannot be told from another by its size
    Given Ben has a phone
    And Ryan has a phone
    When Ben's phone offers a <credential> to Ryan's phone
    And Ryan's phone <answers> the <credential>
    Then Ben's phone is in "<state>" with the <credential>
    And the intermediary has seen messages of "1164, 1083" bytes
    And the intermediary has seen no payload

    Examples:
      | credential | answers  | state       |
      | hotel key  | accepts  | S:Completed |
      | hotel key  | declines | S:Declined  |
      | hotel key  | cancels  | S:Cancelled |
      | car key    | declines | S:Declined  |

  @tigress-1 @PRIV-01 @PRIV-03 @MBX-14
  Scenario: A signing request and its answer have one size, and that of any other answer
    Given Ben has a phone
    And Ryan has a phone
    When Ben's phone offers a car key to Ryan's phone
    And Ben's phone goes offline
    And Ryan's phone accepts the car key
    And Ryan's phone goes offline
    And Ben's phone comes online
    Then Ben's phone is in "S:Signed" with the car key
    And 1 message waits for Ryan's phone
    And the intermediary has seen messages of "1164, 1083, 1083" bytes
    And the intermediary has seen no payload

  @tigress-1 @PRIV-01 @PRIV-03
  Scenario: An owner's cancel that follows its offer unanswered is a first message too, and as long
    Given Ben has a phone
    And Ryan has a phone
    When Ben's phone offers a car key to Ryan's phone
    And Ben's phone cancels the car key
    Then Ryan's phone is in "R:Cancelled" with the car key
    And the intermediary has seen messages of "1164, 1164" bytes
    And the intermediary has seen no payload

  @PRIV-01
  Scenario: A car key that is damaged, restarted and cancelled shows no payload
    Given Ben has a phone
    And Ryan has a phone
    When Ben's phone offers a car key to Ryan's phone
    And the answer to the next reading of Ben's phone is damaged
    And Ryan's phone accepts the car key
    Then Ben's phone is told "decrypt-failed"
    When everybody restarts
    And Ben's phone cancels the car key
    Then Ryan's phone is in "R:Cancelled" with the car key
    And the intermediary has seen no payload
    And no transcript line shows a private key of Ben's phone
    And no transcript line shows a private key of Ryan's phone

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

  @PRIV-04
  Scenario: No secret is in a report of a message that fails, of a link that is not the receiver's, or of time that passes
    Given Ben has a phone
    And Ryan has a phone
    And Mallory has a phone
    When the next submission of Ben's phone is damaged
    And Ben's phone offers a hotel key to Ryan's phone
    Then Ryan's phone is told "decrypt-failed"
    When Ben's phone has taken an invitation of Ryan's phone with the fingerprint of Mallory's phone
    And 31 days pass
    Then no transcript line shows a private key of Ben's phone
    And no transcript line shows a private key of Ryan's phone

  @PRIV-04
  Scenario: What a wallet prints of itself shows no key, whatever it is about to do
    Given Ben has a phone
    And Ryan has a phone
    When Ben's phone offers a car key to Ryan's phone
    And Ryan's phone goes offline
    And Ryan's phone accepts the car key
    Then no debug output of Ben's phone shows a secret
    And no debug output of Ryan's phone shows a secret

  @PRIV-04
  Scenario: What a wallet prints of itself shows no credential that it holds or has offered
    Given Ben has a phone
    And Ryan has a phone
    When Ben's phone offers a hotel key to Ryan's phone
    Then no debug output of Ben's phone shows a secret
    When Ryan's phone accepts the hotel key
    And everybody restarts
    Then Ryan's phone holds the hotel key
    And no debug output of Ben's phone shows a secret
    And no debug output of Ryan's phone shows a secret
