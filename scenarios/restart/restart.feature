Feature: Everybody may stop at any point
  A wallet is closed, a phone runs out of power, a server is replaced. Whoever comes back from its saved
  state goes on where it was, and uses no message key twice.

  Background:
    Given Ben has a phone
    And Ryan has a phone

  @XFER-15 @MBX-18
  Scenario: Everybody restarts after every step of a car key
    When everybody restarts
    And Ben's phone goes offline
    And Ben's phone offers a car key to Ryan
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
    And Ben's phone offers a car key to Ryan
    And Ben's phone restarts
    And 1 minute passes
    Then Ryan's phone is in "R:Invited" with the car key

  @XFER-15
  Scenario: The receiver restarts between its request and the answer
    When Ben's phone offers a car key to Ryan
    And Ben's phone goes offline
    And Ryan's phone accepts the car key
    And Ryan's phone restarts
    And Ben's phone comes online
    Then Ryan's phone holds the car key

  @MBX-18
  Scenario: The intermediary restarts with messages waiting
    When Ryan's phone goes offline
    And Ben's phone offers a car key to Ryan
    Then 1 message waits for Ryan's phone
    When the intermediary restarts
    Then 1 message waits for Ryan's phone
    When Ryan's phone comes online
    Then Ryan's phone is in "R:Invited" with the car key
