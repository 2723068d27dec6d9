Feature: Everybody may stop at any point
  A wallet is closed, a phone runs out of power, a server is replaced. Whoever comes back from its saved
  state goes on where it was, and uses no message key twice.

  Background:
    Given Ben has a phone
    And Ryan has a phone

  @XFER-15 @MBX-18 @libraries
  Scenario: Everybody restarts after every step of a car key
    When everybody restarts
    And Ben's phone goes offline
    And Ben's phone offers a car key to Ryan's phone
    And everybody restarts
    And Ben's phone comes online
    And everybody restarts
    And Ryan's phone accepts the car key
    And everybody restarts
    Then Ryan's phone holds the car key
    And Ben's phone is in "S:Completed" with the car key
    And nobody is told anything

  @XFER-15
  Scenario: The sender restarts with a message on its way
    When the next submission of Ben's phone is lost
    And Ben's phone offers a car key to Ryan's phone
    And Ben's phone restarts
    And 1 minute passes
    Then Ryan's phone is in "R:Invited" with the car key
    And Ben's phone is in "S:Offered" with the car key
    And nobody is told anything

  @XFER-15 @libraries
  Scenario: The receiver restarts between its request and the answer
    When Ben's phone offers a car key to Ryan's phone
    And Ben's phone goes offline
    And Ryan's phone accepts the car key
    And Ryan's phone restarts
    Then Ryan's phone is in "R:Requested" with the car key
    When Ben's phone comes online
    Then Ryan's phone holds the car key
    And Ben's phone is in "S:Completed" with the car key
    And nobody is told anything

  @MBX-18
  Scenario: The intermediary restarts with messages waiting
    When Ryan's phone goes offline
    And Ben's phone offers a car key to Ryan's phone
    Then 1 message waits for Ryan's phone
    When the intermediary restarts
    Then 1 message waits for Ryan's phone
    When Ryan's phone comes online
    Then Ryan's phone is in "R:Invited" with the car key
    And 0 messages wait for Ryan's phone
    And nobody is told anything

  # One party restarts while one message is on its way. The sender of it asks again; what was on its way arrives even later.

  @XFER-15 @MBX-18 @MBX-13
  Scenario Outline: While the <request> of a <credential>'s offer is on its way, <party> restarts
    When the next <request> of Ben's phone is held back
    And Ben's phone offers a <credential> to Ryan's phone
    Then Ryan's phone knows nothing of the <credential>
    When <party> restarts
    And 1 minute passes
    And what was held back arrives
    Then Ryan's phone is in "R:Invited" with the <credential>
    And 19 one-time prekeys of Ryan's phone are left
    When Ryan's phone accepts the <credential>
    Then Ryan's phone holds the <credential>
    And Ben's phone is in "S:Completed" with the <credential>
    And 0 messages wait for Ben's phone
    And 0 messages wait for Ryan's phone
    And nobody is told anything

    Examples:
      | request        | credential | party            |
      | bundle request | car key    | Ben's phone      |
      | bundle request | car key    | the intermediary |
      | submission     | car key    | Ben's phone      |
      | submission     | car key    | Ryan's phone     |
      | submission     | hotel key  | Ben's phone      |
      | submission     | hotel key  | the intermediary |

  @XFER-15 @MBX-18 @MBX-13
  Scenario Outline: While the <message> of a <credential> is on its way, <party> restarts
    When Ben's phone offers a <credential> to Ryan's phone
    And the next submission of <writer> is held back
    And Ryan's phone accepts the <credential>
    Then Ben's phone is in "<state>" with the <credential>
    When <party> restarts
    And 1 minute passes
    And what was held back arrives
    Then Ryan's phone holds the <credential>
    And Ben's phone is in "S:Completed" with the <credential>
    And 0 messages wait for Ben's phone
    And 0 messages wait for Ryan's phone
    And nobody is told anything

    Examples:
      | message         | credential | writer       | state     | party            |
      | signing request | car key    | Ryan's phone | S:Offered | Ben's phone      |
      | signing request | car key    | Ryan's phone | S:Offered | Ryan's phone     |
      | signing request | car key    | Ryan's phone | S:Offered | the intermediary |
      | import request  | car key    | Ben's phone  | S:Signed  | Ben's phone      |
      | import request  | car key    | Ben's phone  | S:Signed  | Ryan's phone     |
      | import request  | car key    | Ben's phone  | S:Signed  | the intermediary |
      | last message    | hotel key  | Ryan's phone | S:Offered | Ben's phone      |
      | last message    | hotel key  | Ryan's phone | S:Offered | Ryan's phone     |
      | last message    | hotel key  | Ryan's phone | S:Offered | the intermediary |

  @XFER-15 @MBX-18 @MBX-13
  Scenario Outline: While the last message of a car key is on its way, <party> restarts
    When Ben's phone offers a car key to Ryan's phone
    And Ben's phone goes offline
    And Ryan's phone accepts the car key
    And the next submission of Ryan's phone is held back
    And Ben's phone comes online
    Then Ryan's phone holds the car key
    And Ben's phone is in "S:Signed" with the car key
    When <party> restarts
    And 1 minute passes
    And what was held back arrives
    Then Ryan's phone holds the car key
    And Ben's phone is in "S:Completed" with the car key
    And 0 messages wait for Ben's phone
    And nobody is told anything

    Examples:
      | party            |
      | Ben's phone      |
      | Ryan's phone     |
      | the intermediary |

  # Between an answer and its arrival

  @MBX-13 @MBX-18 @MBX-03
  Scenario Outline: The intermediary restarts after its answer to a <request> was lost, and remembers it
    When the answer to the next <request> of Ben's phone is lost
    And Ben's phone offers a car key to Ryan's phone
    And the intermediary restarts
    And 1 minute passes
    Then Ryan's phone is in "R:Invited" with the car key
    And 19 one-time prekeys of Ryan's phone are left
    And 0 messages wait for Ryan's phone
    And nobody is told anything

    Examples:
      | request        |
      | bundle request |
      | submission     |

  @XFER-15 @MBX-09
  Scenario: The receiver restarts with an acknowledgement lost, and reads nothing twice
    When the next acknowledgement of Ryan's phone is lost
    And Ben's phone offers a car key to Ryan's phone
    And Ryan's phone restarts
    Then 1 message waits for Ryan's phone
    And Ryan's phone is in "R:Invited" with the car key
    When 1 minute passes
    Then 0 messages wait for Ryan's phone
    And Ryan's phone is in "R:Invited" with the car key
    And nobody is told anything

  @XFER-15 @X3DH-14 @DR-14 @libraries
  Scenario: A phone that has restarted still knows what it has read
    When Ben's phone offers a car key to Ryan's phone
    And everybody restarts
    And the intermediary replays the last message to Ryan's phone
    Then Ryan's phone is told "duplicate-message"
    And Ryan's phone is in "R:Invited" with the car key

  @XFER-15 @DR-19 @libraries
  Scenario: After a restart no message key is used again, in a second message of the same chain
    When Ben's phone offers a hotel key to Ryan's phone
    And Ben's phone restarts
    And Ben's phone cancels the hotel key
    Then Ryan's phone is in "R:Cancelled" with the hotel key
    And Ben's phone is told "credential-may-be-out"
    And nobody is told anything

  @XFER-15 @DR-19 @libraries
  Scenario: After a restart no message key is used again, once the other side has answered
    When Ben's phone offers a car key to Ryan's phone
    And Ryan's phone goes offline
    And Ryan's phone accepts the car key
    And Ryan's phone restarts
    And Ryan's phone comes online
    Then Ryan's phone holds the car key
    When Ryan's phone restarts
    And Ben's phone offers a hotel key to Ryan's phone
    And Ryan's phone declines the hotel key
    Then Ben's phone is in "S:Declined" with the hotel key
    And Ben's phone is told "credential-may-be-out"
    And nobody is told anything
