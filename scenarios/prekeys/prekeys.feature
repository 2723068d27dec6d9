Feature: One-time prekeys run out
  A one-time prekey makes each first message fresh. These scenarios show that no two senders get the same one, that a transfer works
  without one, that the owner publishes more, and that only a link gets any.

  Background:
    Given Ben has a phone
    And Ryan has a phone

  @MBX-03 @MBX-04 @SES-02
  Scenario: Each first message takes one
    Then 20 one-time prekeys of Ryan's phone are left
    When Ben's phone offers a car key to Ryan's phone
    Then 19 one-time prekeys of Ryan's phone are left
    When Ben's phone offers a hotel key to Ryan's phone
    Then 19 one-time prekeys of Ryan's phone are left

  @X3DH-12 @MBX-04 @libraries
  Scenario: None is left, and the transfer works all the same
    Given Ryan's phone makes an invitation called "one"
    And Ryan's phone makes an invitation called "two"
    When strangers with the invitation "one" fetch 10 bundles
    And strangers with the invitation "two" fetch 10 bundles
    Then 0 one-time prekeys of Ryan's phone are left
    When Ben's phone offers a car key to Ryan's phone
    And Ryan's phone accepts the car key
    Then Ryan's phone holds the car key
    And Ben's phone is in "S:Completed" with the car key
    And the active sessions of Ben's phone and Ryan's phone match
    And nobody is told anything

  @MBX-17
  Scenario: One link gets ten, and strangers without a link get none
    Given Ryan's phone makes an invitation called "one"
    When strangers with the invitation "one" fetch 30 bundles
    Then 10 one-time prekeys of Ryan's phone are left
    When strangers fetch 200 bundles of Ryan's phone
    Then 10 one-time prekeys of Ryan's phone are left
    And nobody is told anything

  @MBX-04
  Scenario: The owner sees that few are left, and publishes more
    Given Ryan's phone makes an invitation called "one"
    And Ryan's phone makes an invitation called "two"
    When strangers with the invitation "one" fetch 10 bundles
    And strangers with the invitation "two" fetch 5 bundles
    Then 5 one-time prekeys of Ryan's phone are left
    When 1 day passes
    Then 25 one-time prekeys of Ryan's phone are left

  @MBX-04 @X3DH-12
  Scenario: The intermediary keeps them back and says that a hundred are left: the transfer works all the same
    Given the intermediary keeps the one-time prekeys of Ryan's phone back, and says that 100 are left
    When 1 day passes
    And Ben's phone offers a car key to Ryan's phone
    And Ryan's phone accepts the car key
    Then Ryan's phone holds the car key
    And Ben's phone is in "S:Completed" with the car key
    And nobody is told anything

  @X3DH-14 @libraries
  Scenario: A first message without one is replayed after it was read
    Given the intermediary keeps the one-time prekeys of Ryan's phone back, and says that 100 are left
    When Ben's phone offers a car key to Ryan's phone
    And the intermediary replays the last message to Ryan's phone
    Then Ryan's phone is told "duplicate-message"
    And Ryan's phone is in "R:Invited" with the car key
    And nobody is told anything

  @MBX-03 @MBX-13
  Scenario: A bundle request arrives twice, and takes one
    When the next bundle request of Ben's phone arrives twice
    And Ben's phone offers a car key to Ryan's phone
    Then 19 one-time prekeys of Ryan's phone are left
    And Ryan's phone is in "R:Invited" with the car key
    And nobody is told anything

  @MBX-03
  Scenario: Two senders get two of them
    Given Bert has a phone
    When Ryan's phone goes offline
    And Ben's phone offers a car key called "from Ben" to Ryan's phone
    And Bert's phone offers a car key called "from Bert" to Ryan's phone
    Then 18 one-time prekeys of Ryan's phone are left
    When Ryan's phone comes online
    Then Ryan's phone is in "R:Invited" with "from Ben"
    And Ryan's phone is in "R:Invited" with "from Bert"
    And nobody is told anything

  @MBX-03 @MBX-18
  Scenario: The intermediary restarts between two senders, and hands none out again
    Given Bert has a phone
    When Ben's phone offers a car key called "from Ben" to Ryan's phone
    And the intermediary restarts
    And Bert's phone offers a car key called "from Bert" to Ryan's phone
    Then 18 one-time prekeys of Ryan's phone are left
    And Ryan's phone is in "R:Invited" with "from Bert"
    And nobody is told anything

  @MBX-15 @ID-04
  Scenario: A phone that is set up anew has new ones
    Given Ryan's phone makes an invitation called "one"
    When strangers with the invitation "one" fetch 5 bundles
    Then 15 one-time prekeys of Ryan's phone are left
    When Ryan's phone is set up anew
    Then 20 one-time prekeys of Ryan's phone are left
    When Ben's phone offers a car key to Ryan's phone
    Then 19 one-time prekeys of Ryan's phone are left
    And Ryan's phone is in "R:Invited" with the car key
    And nobody is told anything

  # How many are left is asked once a day

  @MBX-04
  Scenario Outline: The intermediary says that <said> are left: <what> published
    Given the intermediary keeps the one-time prekeys of Ryan's phone back, and says that <said> are left
    When 1 day passes
    Then <left> one-time prekeys of Ryan's phone are left
    And nobody is told anything

    Examples:
      | said | what           | left |
      | 0    | twenty more are | 40   |
      | 9    | twenty more are | 40   |
      | 10   | none is         | 20   |
      | 11   | none is         | 20   |

  @MBX-04
  Scenario Outline: It is asked once a day, and not more often: <then>
    When nothing arrives by itself
    And the clock moves on by 86399 seconds
    And Ryan's phone looks at the clock
    Then 0 counts of Ryan's phone wait
    When <then>
    And the clock moves on by 1 second
    And Ryan's phone looks at the clock
    Then 1 count of Ryan's phone waits
    When the count of Ryan's phone arrives
    And <then>
    And the clock moves on by 86399 seconds
    And Ryan's phone looks at the clock
    Then 0 counts of Ryan's phone wait
    When the clock moves on by 1 second
    And Ryan's phone looks at the clock
    Then 1 count of Ryan's phone waits

    Examples:
      | then                            |
      | Ryan's phone looks at the clock |
      | Ryan's phone restarts           |

  @MBX-04
  Scenario: On the first day, on the second and on the third twenty more are published
    Given the intermediary keeps the one-time prekeys of Ryan's phone back, and says that 9 are left
    When 1 day passes
    Then 40 one-time prekeys of Ryan's phone are left
    When 23 hours pass
    Then 40 one-time prekeys of Ryan's phone are left
    When 1 hour passes
    Then 60 one-time prekeys of Ryan's phone are left
    When Ryan's phone restarts
    And 1 day passes
    Then 80 one-time prekeys of Ryan's phone are left
    And nobody is told anything

  @MBX-04
  Scenario Outline: <left> are left after a day: <what> published
    Given Ryan's phone makes an invitation called "one"
    And Ryan's phone makes an invitation called "two"
    When strangers with the invitation "one" fetch 9 bundles
    And strangers with the invitation "two" fetch <more> bundles
    Then <left> one-time prekeys of Ryan's phone are left
    When 1 day passes
    Then <then> one-time prekeys of Ryan's phone are left

    Examples:
      | more | left | what            | then |
      | 1    | 10   | none is         | 10   |
      | 2    | 9    | twenty more are | 29   |

  @MBX-04 @ID-06
  Scenario: What is published later is handed out later, and opens sessions too
    Given Ryan's phone makes an invitation called "one"
    And Ryan's phone makes an invitation called "two"
    When strangers with the invitation "one" fetch 10 bundles
    And strangers with the invitation "two" fetch 1 bundles
    And 1 day passes
    Then 29 one-time prekeys of Ryan's phone are left
    When strangers with the invitation "two" fetch 9 bundles
    And Ryan's phone restarts
    And Ben's phone offers a car key to Ryan's phone
    And Ryan's phone accepts the car key
    Then Ben's phone is in "S:Completed" with the car key
    And 19 one-time prekeys of Ryan's phone are left
    And nobody is told anything

  @ID-06 @KEY-12 @MBX-04
  Scenario Outline: A phone was off for <days> days and has erased its one-time prekeys: it publishes twenty others, whose ids come behind those, <then>
    When the clock moves on by <days> days
    And <then>
    And Ryan's phone looks at the clock
    Then 20 one-time prekeys of Ryan's phone are left
    When Ben's phone looks at the clock
    And Ben's phone offers a car key to Ryan's phone
    And Ryan's phone accepts the car key
    Then Ben's phone is in "S:Completed" with the car key
    And 19 one-time prekeys of Ryan's phone are left
    And nobody is told anything

    Examples:
      | days | then                            |
      | 90   | Ryan's phone looks at the clock |
      | 120  | Ryan's phone restarts           |

  # A signed prekey is replaced

  @KEY-08
  Scenario Outline: A signed prekey is <age> seconds old, <then>: a new one is <published>
    When nothing arrives by itself
    And <then>
    And the clock moves on by <age> seconds
    And Ryan's phone looks at the clock
    Then <publications> publications of Ryan's phone wait

    Examples:
      | age    | then                            | published     | publications |
      | 604799 | Ryan's phone looks at the clock | not published | 0            |
      | 604799 | Ryan's phone restarts           | not published | 0            |
      | 604800 | Ryan's phone looks at the clock | published     | 1            |
      | 604800 | Ryan's phone restarts           | published     | 1            |

  @KEY-08
  Scenario: A signed prekey that was replaced is not replaced again before its seven days are over
    When 604800 seconds pass
    And nothing arrives by itself
    And Ryan's phone restarts
    And the clock moves on by 604799 seconds
    And Ryan's phone looks at the clock
    Then 0 publications of Ryan's phone wait
    When the clock moves on by 1 second
    And Ryan's phone looks at the clock
    Then 1 publication of Ryan's phone waits

  @KEY-08 @MBX-01
  Scenario Outline: A signed prekey is <age> seconds old when the phone joins again, <then>: it is registered as it is, and <published>
    When nothing arrives by itself
    And Ryan's phone leaves the intermediary
    And the removal of Ryan's phone arrives
    And the clock moves on by <age> seconds
    And Ryan's phone joins the intermediary again
    And the registration of Ryan's phone arrives
    And <then>
    And Ryan's phone looks at the clock
    Then <publications> publications of Ryan's phone wait

    Examples:
      | age    | then                            | published              | publications |
      | 604799 | Ryan's phone restarts           | no other one follows   | 0            |
      | 604800 | Ryan's phone restarts           | another one follows it | 1            |
      | 604800 | Ryan's phone looks at the clock | another one follows it | 1            |

  # Leaving

  @MBX-12 @MBX-15
  Scenario: A user has lost a watch, and takes it off with the phone
    Given Ryan adds a watch
    And Ben's phone has taken the invitation of Ryan's watch
    When Ryan's phone takes Ryan's watch off the intermediary
    And Ben's phone offers a hotel key to Ryan's phone
    Then Ryan's phone is in "R:Invited" with the hotel key
    And 19 one-time prekeys of Ryan's phone are left
    And nobody is told anything

  @MBX-12 @MBX-15
  Scenario Outline: The answer to a removal is lost, and it is asked again: the phone has left, and nobody is told
    When nothing arrives by itself
    And Ryan's phone leaves the intermediary
    And the removal of Ryan's phone arrives, and its answer is lost
    And <then>
    And Ryan's phone looks at the clock
    Then 1 removal of Ryan's phone waits
    When the removal of Ryan's phone arrives
    Then 0 requests wait with Ryan's phone
    And nobody is told anything
    When Ryan's phone joins the intermediary again
    And everything arrives
    And Ben's phone offers a hotel key to Ryan's phone
    Then Ryan's phone is in "R:Invited" with the hotel key
    And nobody is told anything

    Examples:
      | then                  |
      | Ryan's phone restarts |
      | Ryan's phone looks at the clock |

  @KEY-10
  Scenario: A bundle that was made after the sender's last look at the clock is none of the future
    When the clock moves on by 3 days
    And Ryan's phone is set up anew
    And Ben's phone offers a hotel key to Ryan's phone
    Then Ryan's phone is in "R:Invited" with the hotel key
    And nobody is told anything
