Feature: A network that loses, repeats, damages and reorders
  Nothing that the network does may bring a transfer to a wrong end. What is lost is asked for again, what
  is repeated is not carried out twice, what is damaged is refused and changes nothing.

  Background:
    Given Ben has a phone
    And Ryan has a phone

  @MBX-13
  Scenario Outline: A <request> is lost, and asked again
    When the next <request> of Ben's phone is lost
    And Ben's phone offers a car key to Ryan's phone
    Then Ryan's phone knows nothing of the car key
    When 1 minute passes
    Then Ryan's phone is in "R:Invited" with the car key
    And 19 one-time prekeys of Ryan's phone are left
    And nobody is told anything

    Examples:
      | request        |
      | bundle request |
      | submission     |

  @MBX-13 @MBX-03 @libraries
  Scenario Outline: The answer to a <request> is lost: it is carried out once
    When the answer to the next <request> of Ben's phone is lost
    And Ben's phone offers a car key to Ryan's phone
    And 1 minute passes
    Then Ryan's phone is in "R:Invited" with the car key
    And 0 messages wait for Ryan's phone
    And 19 one-time prekeys of Ryan's phone are left
    And nobody is told anything

    Examples:
      | request        |
      | bundle request |
      | submission     |

  @MBX-08 @MBX-09
  Scenario: The answer to a reading is lost: the messages are read again
    When the answer to the next reading of Ryan's phone is lost
    And Ben's phone offers a car key to Ryan's phone
    Then Ryan's phone knows nothing of the car key
    And 1 message waits for Ryan's phone
    When 1 minute passes
    Then Ryan's phone is in "R:Invited" with the car key
    And nobody is told anything

  @MBX-08 @MBX-09 @WAL-05
  Scenario: An acknowledgement is lost: the message waits until it is acknowledged again
    When the next acknowledgement of Ryan's phone is lost
    And Ben's phone offers a car key to Ryan's phone
    Then Ryan's phone is in "R:Invited" with the car key
    And 1 message waits for Ryan's phone
    When 1 minute passes
    Then 0 messages wait for Ryan's phone
    And Ryan's phone is in "R:Invited" with the car key
    And nobody is told anything

  @MBX-13
  Scenario: A submission arrives twice, and is delivered once
    When the next submission of Ben's phone arrives twice
    And Ben's phone offers a car key to Ryan's phone
    Then Ryan's phone is in "R:Invited" with the car key
    And 0 messages wait for Ryan's phone
    And nobody is told anything

  @DR-15 @X3DH-11 @libraries
  Scenario: A message is damaged on its way to the mailbox
    When Ben's phone offers a car key called "the car" to Ryan's phone
    And Ryan's phone accepts "the car"
    And the next submission of Ben's phone is damaged
    And Ben's phone offers a car key called "the van" to Ryan's phone
    Then Ryan's phone is told "decrypt-failed"
    And Ben's phone is in "S:Offered" with "the van"
    And Ryan's phone is in "R:Provisioned" with "the car"
    And Ben's phone is in "S:Completed" with "the car"
    When Ben's phone offers a car key called "the boat" to Ryan's phone
    Then Ryan's phone is in "R:Invited" with "the boat"
    And nobody is told anything

  # A whole car key with one fault, at each hop. Of the offer only the hops back to the receiver are new here.

  @MBX-08 @MBX-09 @MBX-13 @libraries
  Scenario Outline: The <hop> of the <message> is lost, and the car key gets through
    When Ben's phone offers a car key to Ryan's phone
    And the next <hop> of <device> is lost
    And Ryan's phone accepts the car key
    Then <stuck> with the car key
    When 1 minute passes
    Then Ryan's phone holds the car key
    And Ben's phone is in "S:Completed" with the car key
    And 0 messages wait for Ben's phone
    And 0 messages wait for Ryan's phone
    And nobody is told anything

    Examples:
      | message         | hop             | device       | stuck                              |
      | signing request | submission      | Ryan's phone | Ben's phone is in "S:Offered"      |
      | signing request | reading         | Ben's phone  | Ben's phone is in "S:Offered"      |
      | signing request | acknowledgement | Ben's phone  | Ben's phone is in "S:Signed"       |
      | import request  | submission      | Ben's phone  | Ryan's phone is in "R:Requested"   |
      | import request  | reading         | Ryan's phone | Ryan's phone is in "R:Requested"   |
      | import request  | acknowledgement | Ryan's phone | Ryan's phone is in "R:Provisioned" |

  @MBX-13 @MBX-08 @MBX-09
  Scenario Outline: The answer to the <hop> of the <message> is lost, and it is carried out once
    When Ben's phone offers a car key to Ryan's phone
    And the answer to the next <hop> of <device> is lost
    And Ryan's phone accepts the car key
    And 1 minute passes
    Then Ryan's phone holds the car key
    And Ben's phone is in "S:Completed" with the car key
    And 0 messages wait for Ben's phone
    And 0 messages wait for Ryan's phone
    And nobody is told anything

    Examples:
      | message         | hop             | device       |
      | signing request | submission      | Ryan's phone |
      | signing request | reading         | Ben's phone  |
      | signing request | acknowledgement | Ben's phone  |
      | import request  | submission      | Ben's phone  |
      | import request  | reading         | Ryan's phone |
      | import request  | acknowledgement | Ryan's phone |

  @MBX-08 @MBX-09 @MBX-13
  Scenario Outline: At the end <fault>, and the owner learns of the key all the same
    When Ben's phone offers a car key to Ryan's phone
    And Ben's phone goes offline
    And Ryan's phone accepts the car key
    And Ryan's phone goes offline
    And Ben's phone comes online
    And Ben's phone goes offline
    And <fault>
    And Ryan's phone comes online
    Then Ryan's phone holds the car key
    And Ben's phone is in "S:Signed" with the car key
    When Ben's phone comes online
    And 1 minute passes
    Then Ryan's phone holds the car key
    And Ben's phone is in "S:Completed" with the car key
    And 0 messages wait for Ben's phone
    And nobody is told anything

    Examples:
      | fault                                                       |
      | the next submission of Ryan's phone is lost                 |
      | the answer to the next submission of Ryan's phone is lost   |
      | the next reading of Ben's phone is lost                     |
      | the answer to the next reading of Ben's phone is lost       |
      | the next acknowledgement of Ben's phone is lost             |
      | the answer to the next acknowledgement of Ben's phone is lost |

  @MBX-13 @MBX-09
  Scenario Outline: The <hop> of the <message> arrives twice, and counts once
    When Ben's phone offers a car key to Ryan's phone
    And the next <hop> of <device> arrives twice
    And Ryan's phone accepts the car key
    Then Ryan's phone holds the car key
    And Ben's phone is in "S:Completed" with the car key
    And 0 messages wait for Ben's phone
    And 0 messages wait for Ryan's phone
    And nobody is told anything

    Examples:
      | message         | hop             | device       |
      | signing request | submission      | Ryan's phone |
      | import request  | submission      | Ben's phone  |
      | import request  | acknowledgement | Ryan's phone |

  @MBX-13 @MBX-09 @libraries
  Scenario Outline: The <hop> of the <message> is late, and arrives after its repetition
    When Ben's phone offers a car key to Ryan's phone
    And the next <hop> of <device> is held back
    And Ryan's phone accepts the car key
    And 1 minute passes
    Then Ryan's phone holds the car key
    And Ben's phone is in "S:Completed" with the car key
    When what was held back arrives
    Then Ryan's phone holds the car key
    And Ben's phone is in "S:Completed" with the car key
    And 0 messages wait for Ben's phone
    And 0 messages wait for Ryan's phone
    And nobody is told anything

    Examples:
      | message         | hop             | device       |
      | signing request | submission      | Ryan's phone |
      | signing request | reading         | Ben's phone  |
      | import request  | submission      | Ben's phone  |
      | import request  | acknowledgement | Ryan's phone |

  @MBX-03 @MBX-13
  Scenario: A bundle request is late, arrives after its repetition, and takes no second prekey
    When the next bundle request of Ben's phone is held back
    And Ben's phone offers a car key to Ryan's phone
    And 1 minute passes
    Then 19 one-time prekeys of Ryan's phone are left
    When what was held back arrives
    Then 19 one-time prekeys of Ryan's phone are left
    And Ryan's phone is in "R:Invited" with the car key
    And 0 messages wait for Ryan's phone
    And nobody is told anything

  # Damage: the message is gone, the session is not

  @DR-15 @DR-17 @SES-16 @libraries
  Scenario Outline: The import request is damaged <where>: nobody asks for it, both give up in time, and the next car key works
    When Ben's phone offers a car key called "the car" to Ryan's phone
    And <fault>
    And Ryan's phone accepts "the car"
    Then Ryan's phone is told "decrypt-failed"
    And Ryan's phone is in "R:Requested" with "the car"
    And Ben's phone is in "S:Signed" with "the car"
    And 0 messages wait for Ben's phone
    When 48 hours pass
    Then Ryan's phone is in "R:Expired" with "the car"
    And Ben's phone is in "S:Expired" with "the car"
    When Ben's phone offers a car key called "the van" to Ryan's phone
    And Ryan's phone accepts "the van"
    Then Ryan's phone is in "R:Provisioned" with "the van"
    And Ben's phone is in "S:Completed" with "the van"
    And Ben's phone is told "credential-may-be-out"
    And nobody is told anything

    Examples:
      | where                   | fault                                                   |
      | on its way in           | the next submission of Ben's phone is damaged           |
      | on its way out          | the answer to the next reading of Ryan's phone is damaged |

  @DR-15 @DR-17 @SES-16
  Scenario Outline: The signing request is damaged <where>: nothing is signed
    When Ben's phone offers a car key called "the car" to Ryan's phone
    And <fault>
    And Ryan's phone accepts "the car"
    Then Ben's phone is told "decrypt-failed"
    And Ben's phone is in "S:Offered" with "the car"
    And Ryan's phone is in "R:Requested" with "the car"
    And 0 messages wait for Ryan's phone
    When Ryan's phone cancels "the car"
    Then Ryan's phone is in "R:Cancelled" with "the car"
    And Ben's phone is in "S:Cancelled" with "the car"
    And nobody is told anything

    Examples:
      | where          | fault                                                    |
      | on its way in  | the next submission of Ryan's phone is damaged           |
      | on its way out | the answer to the next reading of Ben's phone is damaged |

  @DR-15 @XFER-10
  Scenario: The last message is damaged: the receiver has the key, and the owner's side only expires
    When Ben's phone offers a car key to Ryan's phone
    And Ben's phone goes offline
    And Ryan's phone accepts the car key
    And Ryan's phone goes offline
    And Ben's phone comes online
    And the next submission of Ryan's phone is damaged
    And Ryan's phone comes online
    Then Ryan's phone holds the car key
    And Ben's phone is told "decrypt-failed"
    And Ben's phone is in "S:Signed" with the car key
    When 48 hours pass
    Then Ryan's phone holds the car key
    And Ben's phone is in "S:Expired" with the car key
    And Ben's phone is told "credential-may-be-out"
    And nobody is told anything

  @X3DH-11 @DR-15 @libraries
  Scenario: A first message is damaged, and the next one of the same session opens it
    When the next submission of Ben's phone is damaged
    And Ben's phone offers a car key to Ryan's phone
    Then Ryan's phone is told "decrypt-failed"
    And Ryan's phone knows nothing of the car key
    When Ben's phone offers a hotel key to Ryan's phone
    Then Ryan's phone is in "R:Invited" with the hotel key
    And 19 one-time prekeys of Ryan's phone are left
    And nobody is told anything

  # Order

  @MBX-07
  Scenario: An offer and its cancel are read in the order in which they were sent
    When Ryan's phone goes offline
    And Ben's phone offers a car key to Ryan's phone
    And Ben's phone cancels the car key
    Then 2 messages wait for Ryan's phone
    When Ryan's phone comes online
    Then Ryan's phone is in "R:Cancelled" with the car key
    And Ben's phone is in "S:Cancelled" with the car key
    And nobody is told anything

  @DR-10 @libraries
  Scenario: Two offers and a cancel are read the last first
    When Ben's phone offers a car key called "the car" to Ryan's phone
    And Ryan's phone accepts "the car"
    And Ryan's phone goes offline
    And Ben's phone offers a car key called "the van" to Ryan's phone
    And Ben's phone offers a car key called "the boat" to Ryan's phone
    And Ben's phone cancels "the boat"
    And the intermediary reverses its answers
    And Ryan's phone comes online
    Then Ryan's phone is told "unknown-transfer"
    And Ryan's phone is in "R:Invited" with "the van"
    And Ryan's phone is in "R:Invited" with "the boat"
    And Ben's phone is in "S:Cancelled" with "the boat"

  @DR-09 @DR-10 @libraries
  Scenario: A message of the former chain is read after one of the next chain
    When Ben's phone offers a car key called "the car" to Ryan's phone
    And Ryan's phone accepts "the car"
    And the intermediary withholds the messages of Ben's phone
    And Ryan's phone offers a car key called "the boat" to Ben's phone
    And Ryan's phone goes offline
    And Ben's phone offers a car key called "the van" to Ryan's phone
    And the intermediary withholds nothing any more
    And 1 minute passes
    And Ben's phone accepts "the boat"
    Then 2 messages wait for Ryan's phone
    When the intermediary reverses its answers
    And Ryan's phone comes online
    Then Ryan's phone is in "R:Invited" with "the van"
    And Ben's phone is in "R:Provisioned" with "the boat"
    And Ryan's phone is in "S:Completed" with "the boat"
    And nobody is told anything
