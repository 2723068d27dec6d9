Feature: Devices come and go during a transfer
  People get new phones and lose old ones. A sender does not ask who is there: the intermediary's refusal
  tells it. These scenarios show that new devices get what is sent from then on, and that devices that are
  gone get nothing.

  Background:
    Given Ben has a phone
    And Ryan has a phone

  @SES-09 @MBX-05
  Scenario: A watch is added between two offers
    When Ben's phone offers a car key called "the car" to Ryan
    And Ryan adds a watch
    And Ben's phone offers a car key called "the van" to Ryan
    Then Ryan's watch is in "R:Invited" with "the van"
    When Ryan's watch accepts "the van"
    Then Ben's phone is in "S:Completed" with "the van"
    And Ryan's watch is in "R:Provisioned" with "the van"
    And Ryan's phone is in "R:Invited" with "the van"
    And nobody is told anything

  @SES-09 @SES-11 @MBX-15
  Scenario: A watch is removed between two offers
    When Ryan adds a watch
    And Ben's phone offers a car key called "the car" to Ryan
    And Ryan's watch is removed
    And Ben's phone offers a car key called "the van" to Ryan
    Then Ryan's phone is in "R:Invited" with "the van"
    And nobody is told anything

  @SES-08
  Scenario: Both sides open a session at once
    When the next submission of Ben's phone is held back
    And Ben's phone offers a car key called "from Ben" to Ryan's phone
    And the next submission of Ryan's phone is held back
    And Ryan's phone offers a car key called "from Ryan" to Ben's phone
    And what was held back arrives
    Then Ryan's phone is in "R:Invited" with "from Ben"
    And Ben's phone is in "R:Invited" with "from Ryan"
    When Ben's phone accepts "from Ryan"
    And Ryan's phone accepts "from Ben"
    Then Ben's phone is in "S:Completed" with "from Ben"
    And Ryan's phone is in "S:Completed" with "from Ryan"
    And the active sessions of Ben's phone and Ryan's phone match
    And nobody is told anything

  @SES-10 @SES-12 @MBX-06
  Scenario: The receiver's phone is set up anew between two offers
    When Ben's phone offers a car key called "the car" to Ryan's phone
    And Ryan's phone is set up anew
    And Ben's phone offers a car key called "the van" to Ryan's phone
    Then Ben's phone is told "identity-changed"
    And Ryan's phone is in "R:Invited" with "the van"
    When Ryan's phone accepts "the van"
    Then Ben's phone is in "S:Completed" with "the van"
    And Ryan's phone is in "R:Provisioned" with "the van"
    And nobody is told anything

  @X3DH-15 @SES-12 @INV-03
  Scenario: The receiver's phone is set up anew, and its key was pinned
    Given Ben's phone has taken the invitation of Ryan's phone
    When Ben's phone offers a car key called "the car" to Ryan's phone
    And Ryan's phone is set up anew
    And Ben's phone offers a car key called "the van" to Ryan's phone
    Then Ben's phone is told "untrusted-identity"
    And 0 messages wait for Ryan's phone
    And Ben's phone is in "S:Offered" with "the car"
    When Ryan's phone accepts "the van"
    Then it is refused with "unknown-transfer"

  @SES-12
  Scenario: The sender's phone is set up anew
    When Ben's phone offers a car key called "the car" to Ryan's phone
    And Ben's phone is set up anew
    And Ben's phone offers a car key called "the van" to Ryan's phone
    Then Ryan's phone is told "identity-changed"
    And Ryan's phone is in "R:Invited" with "the van"

  @XFER-06
  Scenario: The sender's watch answers for the phone
    When Ben adds a watch
    And Ben's phone offers a car key to Ryan's phone
    And Ryan's phone accepts the car key
    Then Ben's phone is in "S:Completed" with the car key
    And Ryan's phone holds the car key
    And Ben's watch knows nothing of the car key
    And 0 messages wait for Ben's watch
    And nobody is told anything

  @SES-13 @SES-03
  Scenario: A session that nobody answered for a month is not sent in any more
    When Ben's phone offers a car key called "the car" to Ryan's phone
    And 31 days pass
    And Ben's phone offers a car key called "the van" to Ryan's phone
    Then the last message to Ryan's phone is a prekey message
    And 18 one-time prekeys of Ryan's phone are left
    And Ryan's phone is in "R:Invited" with "the van"
    And nobody is told anything

  @SES-09 @MBX-16
  Scenario: The receiver's only device is gone
    When Ben's phone offers a car key called "the car" to Ryan
    And Ryan's phone is removed
    And Ben's phone offers a car key called "the van" to Ryan
    Then Ben's phone is told "not-found"
    When 48 hours pass
    Then Ben's phone is in "S:Expired" with "the van"
    And nobody is told anything

  @KEY-08
  Scenario: Two months pass, and both phones have replaced their prekeys many times
    When 7 days pass
    And 7 days pass
    And 7 days pass
    And 31 days pass
    And Ben's phone offers a car key to Ryan's phone
    And Ryan's phone accepts the car key
    Then Ryan's phone holds the car key
    And Ben's phone is in "S:Completed" with the car key
    And nobody is told anything

  # Both sides open sessions at once

  @SES-08
  Scenario: Both sides open a session at once, and the second message crosses first
    When the next submission of Ben's phone is held back
    And Ben's phone offers a car key called "from Ben" to Ryan's phone
    And the next submission of Ryan's phone is held back
    And Ryan's phone offers a car key called "from Ryan" to Ben's phone
    And what was held back arrives in reverse
    And Ryan's phone accepts "from Ben"
    And Ben's phone accepts "from Ryan"
    Then Ben's phone is in "S:Completed" with "from Ben"
    And Ryan's phone is in "S:Completed" with "from Ryan"
    And the active sessions of Ben's phone and Ryan's phone match
    And nobody is told anything

  @SES-08 @SES-06
  Scenario: Both sides open a session at once, and their answers cross too
    When the next submission of Ben's phone is held back
    And Ben's phone offers a car key called "from Ben" to Ryan's phone
    And the next submission of Ryan's phone is held back
    And Ryan's phone offers a car key called "from Ryan" to Ben's phone
    And what was held back arrives
    And the next submission of Ben's phone is held back
    And Ben's phone accepts "from Ryan"
    And the next submission of Ryan's phone is held back
    And Ryan's phone accepts "from Ben"
    And what was held back arrives
    Then Ben's phone is in "S:Completed" with "from Ben"
    And Ryan's phone is in "S:Completed" with "from Ryan"
    And the active sessions of Ben's phone and Ryan's phone match
    And nobody is told anything

  @SES-08 @XFER-15
  Scenario: Both sides open a session at once, and everybody restarts before anything arrives
    When the next submission of Ben's phone is held back
    And Ben's phone offers a car key called "from Ben" to Ryan's phone
    And the next submission of Ryan's phone is held back
    And Ryan's phone offers a car key called "from Ryan" to Ben's phone
    And everybody restarts
    And what was held back arrives
    And everybody restarts
    And Ben's phone accepts "from Ryan"
    And Ryan's phone accepts "from Ben"
    Then Ben's phone is in "S:Completed" with "from Ben"
    And Ryan's phone is in "S:Completed" with "from Ryan"
    And the active sessions of Ben's phone and Ryan's phone match
    And nobody is told anything

  @SES-08 @MBX-13
  Scenario: Both sides open a session at once, one offer is lost, and the other is answered before it is sent again
    When the next submission of Ben's phone is lost
    And Ben's phone offers a car key called "from Ben" to Ryan's phone
    And Ryan's phone offers a car key called "from Ryan" to Ben's phone
    Then Ben's phone is in "R:Invited" with "from Ryan"
    When Ben's phone accepts "from Ryan"
    And 1 minute passes
    And Ryan's phone accepts "from Ben"
    Then Ben's phone is in "S:Completed" with "from Ben"
    And Ryan's phone is in "S:Completed" with "from Ryan"
    And the active sessions of Ben's phone and Ryan's phone match
    And nobody is told anything

  @SES-08 @DR-15
  Scenario: Both sides open a session at once, and one offer is damaged: the other session is used
    When the next submission of Ben's phone is damaged
    And Ben's phone goes offline
    And Ben's phone offers a car key called "from Ben" to Ryan's phone
    And the next submission of Ryan's phone is held back
    And Ryan's phone offers a car key called "from Ryan" to Ben's phone
    And Ben's phone comes online
    Then Ryan's phone is told "decrypt-failed"
    When what was held back arrives
    And Ben's phone accepts "from Ryan"
    Then Ryan's phone is in "S:Completed" with "from Ryan"
    And Ben's phone is in "R:Provisioned" with "from Ryan"
    And Ben's phone is in "S:Offered" with "from Ben"
    And the active sessions of Ben's phone and Ryan's phone match
    And nobody is told anything

  @SES-08 @SES-01
  Scenario: Three devices open sessions with one another at once
    When Ryan adds a watch
    And the next submission of Ryan's watch is held back
    And Ryan's watch offers a car key called "from the watch" to Ben's phone
    And the next submission of Ryan's phone is held back
    And Ryan's phone offers a car key called "from the phone" to Ben's phone
    And Ben's phone offers a car key called "from Ben" to Ryan
    And what was held back arrives
    Then Ryan's phone is in "R:Invited" with "from Ben"
    And Ryan's watch is in "R:Invited" with "from Ben"
    And Ben's phone is in "R:Invited" with "from the phone"
    And Ben's phone is in "R:Invited" with "from the watch"
    When Ben's phone accepts "from the watch"
    And Ben's phone accepts "from the phone"
    And Ryan's watch accepts "from Ben"
    Then Ben's phone is in "S:Completed" with "from Ben"
    And Ryan's phone is in "S:Completed" with "from the phone"
    And Ryan's watch is in "S:Completed" with "from the watch"
    And the active sessions of Ben's phone and Ryan's phone match
    And the active sessions of Ben's phone and Ryan's watch match
    And nobody is told anything

  # Devices come and go in the middle of one transfer

  @SES-15
  Scenario: A watch that is added after the offer gets nothing of it
    When Ben's phone offers a car key to Ryan
    And Ryan adds a watch
    And Ryan's phone accepts the car key
    Then Ryan's phone holds the car key
    And Ben's phone is in "S:Completed" with the car key
    And Ryan's watch knows nothing of the car key
    And 0 messages wait for Ryan's watch
    And nobody is told anything

  @SES-09 @XFER-03
  Scenario: The owner cancels for everybody, and a watch that came after the offer has nothing to cancel
    When Ben's phone offers a car key to Ryan
    And Ryan adds a watch
    And Ben's phone cancels the car key
    Then Ryan's phone is in "R:Cancelled" with the car key
    And Ben's phone is in "S:Cancelled" with the car key
    And Ryan's watch is told "unknown-transfer"
    And Ryan's watch knows nothing of the car key

  @SES-09 @MBX-15
  Scenario: The watch is removed before anybody accepted, and the phone takes the key
    When Ryan adds a watch
    And Ben's phone offers a car key to Ryan
    And Ryan's watch is removed
    And Ryan's phone accepts the car key
    Then Ryan's phone holds the car key
    And Ben's phone is in "S:Completed" with the car key
    And nobody is told anything

  @SES-09 @SES-15 @XFER-08
  Scenario: The watch asks and is removed: its answer goes to nobody else, and the phone cannot take its place
    When Ryan adds a watch
    And Ben's phone offers a car key to Ryan
    And Ben's phone goes offline
    And Ryan's watch accepts the car key
    And Ryan's watch is removed
    And Ben's phone comes online
    Then Ben's phone is told "not-found"
    And Ben's phone is in "S:Signed" with the car key
    When Ryan's phone accepts the car key
    Then Ryan's phone is in "R:Cancelled" with the car key
    And Ben's phone is in "S:Signed" with the car key
    When 48 hours pass
    Then Ben's phone is in "S:Expired" with the car key
    And nobody is told anything

  @SES-10 @SES-12 @XFER-03
  Scenario: The receiver's phone is set up anew after it asked, and no longer knows what it asked for
    When Ben's phone offers a car key to Ryan's phone
    And Ben's phone goes offline
    And Ryan's phone accepts the car key
    And Ryan's phone is set up anew
    And Ben's phone comes online
    Then Ben's phone is told "identity-changed"
    And Ryan's phone is told "unknown-transfer"
    And Ryan's phone knows nothing of the car key
    And Ben's phone is in "S:Signed" with the car key
    When Ben's phone cancels the car key
    Then Ben's phone is in "S:Cancelled" with the car key
    And Ryan's phone is told "unknown-transfer"
    And nobody is told anything

  @SES-12 @XFER-03 @XFER-14
  Scenario: The owner's phone is set up anew after the offer, and signs nothing
    When Ben's phone offers a car key to Ryan's phone
    And Ben's phone is set up anew
    And Ryan's phone accepts the car key
    Then Ryan's phone is told "identity-changed"
    And Ben's phone is told "unknown-transfer"
    And Ben's phone knows nothing of the car key
    And Ryan's phone is in "R:Requested" with the car key
    When 48 hours pass
    Then Ryan's phone is in "R:Expired" with the car key

  @SES-09 @MBX-16
  Scenario: The owner's phone is removed after the offer, and the receiver is told
    When Ben's phone offers a car key to Ryan's phone
    And Ben's phone is removed
    And Ryan's phone accepts the car key
    Then Ryan's phone is told "not-found"
    And Ryan's phone is in "R:Requested" with the car key
    When Ryan's phone cancels the car key
    Then Ryan's phone is in "R:Cancelled" with the car key

  @SES-11
  Scenario: A message of a watch that is gone by now is still read
    When Ryan adds a watch
    And Ben's phone offers a car key called "the car" to Ryan
    And the intermediary withholds the messages of Ben's phone
    And Ryan's watch cancels "the car"
    And Ryan's watch is removed
    And Ben's phone offers a car key called "the van" to Ryan
    And the intermediary withholds nothing any more
    And 1 minute passes
    Then Ben's phone is in "S:Cancelled" with "the car"
    And nobody is told anything

  # A send that the intermediary refuses again and again: Ryan adds a device each time before it is tried again

  @SES-14 @SES-09 @MBX-05
  Scenario: At the fifth attempt everybody gets the offer
    When the next bundle request of Ben's phone is held back
    And Ben's phone offers a car key to Ryan
    And Ryan adds a watch
    And the next bundle request of Ben's phone is held back
    And what was held back arrives
    And Ryan adds a tablet
    And the next bundle request of Ben's phone is held back
    And what was held back arrives
    And Ryan adds a laptop
    And the next bundle request of Ben's phone is held back
    And what was held back arrives
    Then 0 messages wait for Ryan's phone
    And Ryan's phone knows nothing of the car key
    When what was held back arrives
    Then Ryan's phone is in "R:Invited" with the car key
    And Ryan's watch is in "R:Invited" with the car key
    And Ryan's tablet is in "R:Invited" with the car key
    And Ryan's laptop is in "R:Invited" with the car key
    And 19 one-time prekeys of Ryan's phone are left
    And nobody is told anything

  @SES-14 @SES-09 @MBX-05
  Scenario: After the fifth attempt the sender gives up, and nobody has got anything
    When the next bundle request of Ben's phone is held back
    And Ben's phone offers a car key to Ryan
    And Ryan adds a watch
    And the next bundle request of Ben's phone is held back
    And what was held back arrives
    And Ryan adds a tablet
    And the next bundle request of Ben's phone is held back
    And what was held back arrives
    And Ryan adds a laptop
    And the next bundle request of Ben's phone is held back
    And what was held back arrives
    And Ryan adds a ring
    And what was held back arrives
    Then Ben's phone is told "retry-limit"
    And Ryan's phone knows nothing of the car key
    And Ryan's ring knows nothing of the car key
    And 20 one-time prekeys of Ryan's ring are left
    And nobody is told anything
