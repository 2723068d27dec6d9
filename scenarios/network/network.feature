Feature: A network that loses, repeats, damages and reorders
  Nothing that the network does may bring a transfer to a wrong end. What is lost is asked for again, what
  is repeated is not carried out twice, what is damaged is refused and changes nothing.

  Background:
    Given Ben has a phone
    And Ryan has a phone

  @MBX-13
  Scenario Outline: A <request> is lost, and asked again
    When the next <request> of Ben's phone is lost
    And Ben's phone offers a car key to Ryan
    Then Ryan's phone knows nothing of the car key
    When 1 minute passes
    Then Ryan's phone is in "R:Invited" with the car key

    Examples:
      | request        |
      | bundle request |
      | submission     |

  @MBX-13 @MBX-03
  Scenario Outline: The answer to a <request> is lost: it is carried out once
    When the answer to the next <request> of Ben's phone is lost
    And Ben's phone offers a car key to Ryan
    And 1 minute passes
    Then Ryan's phone is in "R:Invited" with the car key
    And 0 messages wait for Ryan's phone
    And nobody is told anything

    Examples:
      | request        |
      | bundle request |
      | submission     |

  @MBX-08 @MBX-09
  Scenario: The answer to a reading is lost: the messages are read again
    When the answer to the next reading of Ryan's phone is lost
    And Ben's phone offers a car key to Ryan
    Then Ryan's phone knows nothing of the car key
    And 1 message waits for Ryan's phone
    When 1 minute passes
    Then Ryan's phone is in "R:Invited" with the car key
    And nobody is told anything

  @MBX-09 @DR-14
  Scenario: An acknowledgement is lost: the message comes again and is a duplicate
    When the next acknowledgement of Ryan's phone is lost
    And Ben's phone offers a car key to Ryan
    Then Ryan's phone is in "R:Invited" with the car key
    When 1 minute passes
    Then 0 messages wait for Ryan's phone
    And Ryan's phone is in "R:Invited" with the car key

  @MBX-13
  Scenario: A submission arrives twice, and is delivered once
    When the next submission of Ben's phone arrives twice
    And Ben's phone offers a car key to Ryan
    Then Ryan's phone is in "R:Invited" with the car key
    And nobody is told anything

  @DR-15 @X3DH-11
  Scenario: A message is damaged on its way to the mailbox
    When Ben's phone offers a car key called "the car" to Ryan's phone
    And Ryan's phone accepts "the car"
    And the next submission of Ben's phone is damaged
    And Ben's phone offers a car key called "the van" to Ryan's phone
    Then Ryan's phone is told "decrypt-failed"
    And Ben's phone is in "S:Offered" with "the van"
