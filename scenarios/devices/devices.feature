Feature: Devices come and go during a transfer
  People get new phones and lose old ones. Each device stands for itself: it is reached by its own link, a new one needs a new
  link, and what was for one that is gone goes to nobody else.

  Background:
    Given Ben has a phone
    And Ryan has a phone

  @SES-15 @XFER-04
  Scenario: A watch is added between two offers, and gets what is offered to it alone
    When Ben's phone offers a car key called "the car" to Ryan's phone
    And Ryan adds a watch
    And Ben's phone offers a car key called "the van" to Ryan's phone
    Then Ryan's watch knows nothing of "the van"
    And 20 one-time prekeys of Ryan's watch are left
    When Ben's phone offers a car key called "the boat" to Ryan's watch
    And Ryan's watch accepts "the boat"
    Then Ben's phone is in "S:Completed" with "the boat"
    And Ryan's watch is in "R:Provisioned" with "the boat"
    And Ryan's phone knows nothing of "the boat"
    And nobody is told anything

  @SES-09 @SES-15 @MBX-15
  Scenario: A watch is removed between two offers, and what is for it goes to nobody else
    Given Ryan adds a watch
    And Bert has a phone
    And Bert's phone has taken the invitation of Ryan's watch
    When Ben's phone offers a car key called "the car" to Ryan's watch
    And the next submission of Bert's phone is held back
    And Bert's phone offers a car key called "the van" to Ryan's watch
    And Ryan's watch is removed
    And what was held back arrives
    Then Bert's phone is told "not-found"
    And Ryan's phone knows nothing of "the van"
    And 0 messages wait for Ryan's phone
    And nobody is told anything

  @SES-08 @libraries
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

  @ID-04 @MBX-15
  Scenario: The receiver's phone is set up anew between two offers: it is another device, and needs another link
    When Ben's phone offers a car key called "the car" to Ryan's phone
    And Ryan's phone is set up anew
    Then Ryan's phone knows nothing of "the car"
    When Ben's phone offers a car key called "the van" to Ryan's phone
    Then Ryan's phone is in "R:Invited" with "the van"
    When Ryan's phone accepts "the van"
    Then Ben's phone is in "S:Completed" with "the van"
    And Ryan's phone is in "R:Provisioned" with "the van"
    And nobody is told anything

  @ID-04 @XFER-10
  Scenario: The receiver's phone is set up anew, and what was on its way to it reaches nobody
    When Ryan's phone goes offline
    And Ben's phone offers a car key to Ryan's phone
    And Ryan's phone is set up anew
    And Ryan's phone comes online
    Then Ryan's phone knows nothing of the car key
    And 0 messages wait for Ryan's phone
    When 48 hours pass
    Then Ben's phone is in "S:Expired" with the car key

  @XFER-06
  Scenario: The sender's watch has no part in what the phone offers
    When Ben adds a watch
    And Ben's phone offers a car key to Ryan's phone
    And Ryan's phone accepts the car key
    Then Ben's phone is in "S:Completed" with the car key
    And Ryan's phone holds the car key
    And Ben's watch knows nothing of the car key
    And 0 messages wait for Ben's watch
    And nobody is told anything

  @SES-13 @SES-03 @libraries
  Scenario: A session that nobody answered for a month is not sent in any more
    When Ben's phone offers a car key called "the car" to Ryan's phone
    And 31 days pass
    And Ben's phone offers a car key called "the van" to Ryan's phone
    Then the last message to Ryan's phone is a prekey message
    And 18 one-time prekeys of Ryan's phone are left
    And Ryan's phone is in "R:Invited" with "the van"
    And nobody is told anything

  @SES-09 @MBX-16
  Scenario: The receiver's device is gone
    When Ben's phone has taken the invitation of Ryan's phone
    And the next bundle request of Ben's phone is held back
    And Ben's phone offers a car key to Ryan's phone
    And Ryan's phone is removed
    And what was held back arrives
    Then Ben's phone is told "not-found"
    When 48 hours pass
    Then Ben's phone is in "S:Expired" with the car key
    And nobody is told anything

  @KEY-08 @libraries
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

  @SES-08 @libraries
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

  @SES-08 @SES-06 @libraries
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

  @SES-08 @XFER-15 @libraries
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

  @SES-08 @MBX-13 @libraries
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

  @SES-08 @DR-15 @libraries
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
    And Ben's phone offers a car key called "to the phone" to Ryan's phone
    And Ben's phone offers a car key called "to the watch" to Ryan's watch
    And what was held back arrives
    Then Ryan's phone is in "R:Invited" with "to the phone"
    And Ryan's watch is in "R:Invited" with "to the watch"
    And Ben's phone is in "R:Invited" with "from the phone"
    And Ben's phone is in "R:Invited" with "from the watch"
    When Ben's phone accepts "from the watch"
    And Ben's phone accepts "from the phone"
    And Ryan's watch accepts "to the watch"
    And Ryan's phone accepts "to the phone"
    Then Ben's phone is in "S:Completed" with "to the phone"
    And Ben's phone is in "S:Completed" with "to the watch"
    And Ryan's phone is in "S:Completed" with "from the phone"
    And Ryan's watch is in "S:Completed" with "from the watch"
    And the active sessions of Ben's phone and Ryan's phone match
    And the active sessions of Ben's phone and Ryan's watch match
    And nobody is told anything

  # Devices come and go in the middle of one transfer

  @SES-09 @SES-15 @XFER-08
  Scenario: The watch asks and is removed: its answer goes to nobody else
    When Ryan adds a watch
    And Ben's phone offers a car key to Ryan's watch
    And Ben's phone goes offline
    And Ryan's watch accepts the car key
    And Ryan's watch is removed
    And Ben's phone comes online
    Then Ben's phone is told "not-found"
    And Ben's phone is in "S:Signed" with the car key
    And Ryan's phone knows nothing of the car key
    And 0 messages wait for Ryan's phone
    When 48 hours pass
    Then Ben's phone is in "S:Expired" with the car key

  @ID-04 @SES-09
  Scenario: The receiver's phone is set up anew after it asked: the answer reaches nobody
    When Ben's phone offers a car key to Ryan's phone
    And Ben's phone goes offline
    And Ryan's phone accepts the car key
    And Ryan's phone is set up anew
    And Ben's phone comes online
    Then Ben's phone is in "S:Signed" with the car key
    And Ryan's phone knows nothing of the car key
    And 0 messages wait for Ryan's phone
    When Ben's phone cancels the car key
    Then Ben's phone is in "S:Cancelled" with the car key
    And Ryan's phone knows nothing of the car key

  @ID-04 @XFER-14
  Scenario: The owner's phone is set up anew after the offer, and signs nothing
    When Ben's phone offers a car key to Ryan's phone
    And Ben's phone is set up anew
    And Ryan's phone accepts the car key
    Then Ben's phone knows nothing of the car key
    And 0 messages wait for Ben's phone
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
    And Ben's phone offers a car key called "the car" to Ryan's watch
    And the intermediary withholds the messages of Ben's phone
    And Ryan's watch cancels "the car"
    And Ryan's watch is removed
    And the intermediary withholds nothing any more
    And 1 minute passes
    Then Ben's phone is in "S:Cancelled" with "the car"
    And nobody is told anything


  @MBX-15 @MBX-12
  Scenario: A phone is told that it may not take its user's other device off: it keeps its own place
    When Ryan adds a watch
    And the intermediary answers the next removal of Ryan's phone with "unauthorized"
    And Ryan's phone takes Ryan's watch off the intermediary
    Then Ryan's phone is told "unauthorized"
    When Ryan's phone makes 1 invitation
    And Ben's phone offers a hotel key to Ryan's phone
    And Ryan's phone accepts the hotel key
    Then Ryan's phone holds the hotel key
    And Ben's phone is in "S:Completed" with the hotel key
