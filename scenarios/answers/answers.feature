Feature: Answers that are none
  An answer belongs to its request. What is answered with something else is asked again, under a new request id, and with the fifth such answer it is given
  up, which the user is told. These scenarios answer every kind of request with what is no answer to it, four times and five.

  Background:
    Given Ben has a phone
    And Ryan has a phone
    And Ben's phone has taken the invitation of Ryan's phone

  # A reading

  @WAL-02
  Scenario Outline: A reading is answered with <lie> four times, and then truly
    When Ryan's phone goes offline
    And Ben's phone offers a car key to Ryan's phone
    And the intermediary answers 4 readings of Ryan's phone with "<lie>"
    And Ryan's phone comes online
    And 1 minute passes
    Then Ryan's phone is in "R:Invited" with the car key
    And 0 messages wait for Ryan's phone
    And nobody is told anything

    Examples:
      | lie                                    |
      | done                                   |
      | another kind of answer                 |
      | more messages than it asked for        |
      | messages of another device of its user |
      | messages of another user               |

  @WAL-02
  Scenario Outline: A reading is answered with <lie> five times, and is given up
    When Ryan's phone goes offline
    And Ben's phone offers a car key to Ryan's phone
    And nothing arrives by itself
    And the intermediary answers 5 readings of Ryan's phone with "<lie>"
    And Ryan's phone comes online
    And Ryan's phone asks for its messages
    And the reading of Ryan's phone arrives
    And the reading of Ryan's phone arrives
    And the reading of Ryan's phone arrives
    And the reading of Ryan's phone arrives
    Then 1 reading of Ryan's phone waits
    And nobody is told anything
    When the reading of Ryan's phone arrives
    Then Ryan's phone is told "unexpected-message"
    And 0 requests wait with Ryan's phone
    And Ryan's phone knows nothing of the car key
    When Ryan's phone looks for messages
    Then Ryan's phone is in "R:Invited" with the car key
    And nobody is told anything

    Examples:
      | lie                                    |
      | done                                   |
      | another kind of answer                 |
      | more messages than it asked for        |
      | messages of another device of its user |
      | messages of another user               |

  @WAL-02 @WAL-05
  Scenario: As many messages come as were asked for, and it is an answer
    When the intermediary answers the next reading of Ryan's phone with "as many messages as it asked for"
    And Ben's phone offers a car key to Ryan's phone
    Then Ryan's phone is told "no-session" 100 times
    And Ryan's phone is in "R:Invited" with the car key
    And 0 messages wait for Ryan's phone
    And nobody is told anything

  # All others, by what they are answered with

  @WAL-02
  Scenario Outline: A <request> is answered with <lie> four times, and then truly: the key is offered and accepted
    When the intermediary answers 4 <request>s of Ben's phone with "<lie>"
    And Ben's phone offers a car key to Ryan's phone
    And Ryan's phone accepts the car key
    And 1 minute passes
    Then Ryan's phone holds the car key
    And Ben's phone is in "S:Completed" with the car key
    And 0 messages wait for Ben's phone
    And 0 messages wait for Ryan's phone
    And nobody is told anything

    Examples:
      | request         | lie                    |
      | bundle request  | done                   |
      | bundle request  | no messages            |
      | bundle request  | another kind of answer |
      | submission      | no messages            |
      | submission      | another kind of answer |
      | acknowledgement | no messages            |
      | acknowledgement | another kind of answer |

  @WAL-02
  Scenario Outline: A <request> is answered with <lie> five times: the offer is given up, and the user is told
    When the intermediary answers 5 <request>s of Ben's phone with "<lie>"
    And Ben's phone offers a car key called "the car" to Ryan's phone
    Then Ben's phone is told "unexpected-message"
    And Ryan's phone knows nothing of "the car"
    When 1 minute passes
    Then Ryan's phone knows nothing of "the car"
    When Ben's phone offers a hotel key called "the room" to Ryan's phone
    Then Ryan's phone is in "R:Invited" with "the room"
    And nobody is told anything

    Examples:
      | request        | lie                    |
      | bundle request | done                   |
      | bundle request | no messages            |
      | bundle request | another kind of answer |
      | submission     | no messages            |
      | submission     | another kind of answer |

  @WAL-02 @SES-02
  Scenario: A bundle request is answered with another device's bundle, and asked again
    Given Ryan adds a watch
    When the intermediary answers the next bundle request with the bundle of Ryan's watch
    And Ben's phone offers a car key to Ryan's phone
    And Ryan's phone accepts the car key
    Then Ben's phone is in "S:Completed" with the car key
    And Ryan's watch knows nothing of the car key
    And nobody is told anything

  @WAL-02 @INV-09
  Scenario Outline: A publication is answered with <lie> <times>: the link is <outcome>
    When the intermediary answers <many> publications of Ryan's phone with "<lie>"
    And Ryan's phone makes 1 invitation
    Then <result>
    And nobody is told anything

    Examples:
      | lie                    | many | times      | outcome  | result                                         |
      | no messages            | 4    | four times | made     | 20 one-time prekeys of Ryan's phone are left   |
      | another kind of answer | 4    | four times | made     | 20 one-time prekeys of Ryan's phone are left   |
      | no messages            | 5    | five times | given up | Ryan's phone is told "unexpected-message"      |
      | another kind of answer | 5    | five times | given up | Ryan's phone is told "unexpected-message"      |

  @WAL-02 @INV-09
  Scenario: The publication of the access key for the answers is answered with nonsense five times: nothing is offered, and it is asked again
    When Ryan's phone makes an invitation called "another link"
    And the intermediary answers 5 publications of Ben's phone with "no messages"
    And Ben's phone drops the pin of Ryan's phone
    Then Ben's phone is told "unexpected-message"
    And the intermediary answers 5 publications of Ben's phone with "no messages"
    When Ben's phone takes the invitation "another link"
    And Ben's phone offers a car key to Ryan's phone without a link
    Then Ben's phone is told "unexpected-message"
    And Ryan's phone knows nothing of the car key
    And nobody is told anything

  @WAL-02 @MBX-04
  Scenario Outline: The daily count is answered with <lie> <times>: <outcome>
    When the intermediary keeps the one-time prekeys of Ryan's phone back, and says that 9 are left
    And the intermediary answers <many> counts of Ryan's phone with "<lie>"
    And 1 day passes
    Then <told>
    And <left> one-time prekeys of Ryan's phone are left
    And nobody is told anything

    Examples:
      | lie         | many | times      | outcome                | told                                      | left |
      | done        | 4    | four times | the fifth is the truth | nobody is told anything                   | 40   |
      | no messages | 4    | four times | the fifth is the truth | nobody is told anything                   | 40   |
      | done        | 5    | five times | it is given up         | Ryan's phone is told "unexpected-message" | 20   |
      | no messages | 5    | five times | it is given up         | Ryan's phone is told "unexpected-message" | 20   |

  @WAL-02 @MBX-01
  Scenario Outline: A registration is answered with nonsense <times>: the phone <outcome>
    When Ryan's phone leaves the intermediary
    And the intermediary answers <many> registrations of Ryan's phone with "no messages"
    And Ryan's phone joins the intermediary again
    And Ryan's phone makes 1 invitation
    Then <result>

    Examples:
      | many | times      | outcome         | result                                    |
      | 4    | four times | joins           | nobody is told anything                   |
      | 5    | five times | has not joined  | it is refused with "invalid-state"        |
      | 5    | five times | tells its user  | Ryan's phone is told "unexpected-message" |

  @WAL-02 @MBX-01
  Scenario Outline: A registration is <refused>: the phone registers once more, and joins
    When Ryan's phone leaves the intermediary
    And the intermediary answers <many> of Ryan's phone with "<lie>"
    And Ryan's phone joins the intermediary again
    Then Ryan's phone is told "<told>"
    When Ryan's phone joins the intermediary again
    And Ben's phone offers a car key to Ryan's phone
    And Ryan's phone accepts the car key
    Then Ben's phone is in "S:Completed" with the car key
    And nobody is told anything

    Examples:
      | refused                            | many                  | lie          | told               |
      | answered with nonsense five times  | 5 registrations       | no messages  | unexpected-message |
      | refused                            | the next registration | unauthorized | unauthorized       |

  @WAL-02 @MBX-12
  Scenario Outline: The registration of a further phone is answered with <lie> <times>: it joins all the same, by the token of the first
    When nothing arrives by itself
    And Ryan adds a tablet
    And the intermediary answers <many> registrations of Ryan's tablet with "<lie>"
    And everything arrives
    And Ben's phone has taken the invitation of Ryan's tablet
    And Ben's phone offers a hotel key to Ryan's tablet
    Then Ryan's tablet is in "R:Invited" with the hotel key
    And nobody is told anything

    Examples:
      | lie                    | many | times      |
      | no messages            | 1    | once       |
      | another kind of answer | 4    | four times |

  @WAL-02 @MBX-15
  Scenario Outline: A removal is answered with nonsense <times>: the phone <outcome>
    When the intermediary answers <many> removals of Ryan's phone with "no messages"
    And Ryan's phone leaves the intermediary
    Then <told>
    When Ryan's phone makes 1 invitation
    Then <result>

    Examples:
      | many | times      | outcome       | told                                      | result                             |
      | 4    | four times | is gone       | nobody is told anything                   | it is refused with "invalid-state" |
      | 5    | five times | is still there | Ryan's phone is told "unexpected-message" | nobody is told anything            |

  # What is counted

  @WAL-02 @XFER-15
  Scenario: Wrong answers are counted through a restart
    When Ben's phone offers a car key to Ryan's phone
    And nothing arrives by itself
    And the intermediary answers 5 readings of Ryan's phone with "done"
    And Ryan's phone asks for its messages
    And the reading of Ryan's phone arrives
    And the reading of Ryan's phone arrives
    And the reading of Ryan's phone arrives
    And Ryan's phone restarts
    And the reading of Ryan's phone arrives
    Then 1 reading of Ryan's phone waits
    And nobody is told anything
    When the reading of Ryan's phone arrives
    Then Ryan's phone is told "unexpected-message"
    And 0 requests wait with Ryan's phone

  @WAL-02 @XFER-15
  Scenario: Wrong answers to a submission are counted through a restart
    When nothing arrives by itself
    And Ben's phone offers a car key to Ryan's phone
    And the bundle request of Ben's phone arrives
    And the intermediary answers 5 submissions of Ben's phone with "no messages"
    And the submission of Ben's phone arrives
    And the submission of Ben's phone arrives
    And Ben's phone restarts
    And the submission of Ben's phone arrives
    And the submission of Ben's phone arrives
    Then 1 submission of Ben's phone waits
    And nobody is told anything
    When Ben's phone restarts
    And the submission of Ben's phone arrives
    Then Ben's phone is told "unexpected-message"
    And 0 requests wait with Ben's phone
    And 0 messages wait for Ryan's phone

  @WAL-02
  Scenario: Each request has a count of its own
    When the intermediary answers 4 bundle requests of Ben's phone with "done"
    And the intermediary answers 4 submissions of Ben's phone with "no messages"
    And Ben's phone offers a car key called "the car" to Ryan's phone
    Then Ryan's phone is in "R:Invited" with "the car"
    When the intermediary answers 4 submissions of Ben's phone with "another kind of answer"
    And Ben's phone offers a car key called "the van" to Ryan's phone
    Then Ryan's phone is in "R:Invited" with "the van"
    And nobody is told anything

  @WAL-02 @WAL-03
  Scenario: What is answered to nobody's question about one recipient ends that message alone
    Given Rhea has a phone
    And Ben's phone has taken the invitation of Rhea's phone
    When the intermediary answers 5 bundle requests of Ben's phone with "done"
    And Ben's phone offers a car key called "the car" to Ryan's phone
    And Ben's phone offers a hotel key called "the room" to Rhea's phone
    Then Rhea's phone is in "R:Invited" with "the room"
    And Ben's phone is told "unexpected-message"
    When Ben's phone offers a car key called "the van" to Ryan's phone
    Then Ryan's phone is in "R:Invited" with "the van"
    And nobody is told anything

  @WAL-02 @WAL-03
  Scenario Outline: A message is given up after five wrong answers to its <request>, and the one behind it leaves
    When nothing arrives by itself
    And Ben's phone offers a car key called "the car" to Ryan's phone
    And Ben's phone offers a hotel key called "the room" to Ryan's phone
    And the intermediary answers 5 <request>s of Ben's phone with "another kind of answer"
    And everything arrives
    Then Ben's phone is told "unexpected-message"
    And Ryan's phone knows nothing of "the car"
    And Ryan's phone is in "R:Invited" with "the room"
    And nobody is told anything

    Examples:
      | request        |
      | bundle request |
      | submission     |

  @WAL-02
  Scenario: An answer that comes for the second time is an answer to nothing
    When nothing arrives by itself
    And Ben's phone offers a hotel key to Ryan's phone
    And the bundle request of Ben's phone arrives, and its answer is held back
    And the bundle request of Ben's phone arrives, and its answer is held back
    And the answer arrives
    Then 1 submission of Ben's phone waits
    When the answer arrives
    Then 1 submission of Ben's phone waits
    And 1 request waits with Ben's phone
    When everything arrives
    Then Ryan's phone is in "R:Invited" with the hotel key
    And 19 one-time prekeys of Ryan's phone are left
    And nobody is told anything

  # What a silent intermediary is asked

  @WAL-02 @MBX-04 @KEY-08
  Scenario: An intermediary is silent for three weeks, and is asked one question and handed one prekey
    When nothing arrives by itself
    And 8 days pass
    Then 2 requests wait with Ryan's phone
    When 8 days pass
    And 8 days pass
    Then 2 requests wait with Ryan's phone
    And 2 requests wait with Ben's phone
    When everything arrives
    Then 0 requests wait with Ryan's phone
    And nobody is told anything

  @WAL-02 @MBX-04
  Scenario: While a question how many are left waits, no second one is asked
    When nothing arrives by itself
    And 1 day passes
    Then 1 request waits with Ryan's phone
    When 1 day passes
    And 1 day passes
    Then 1 request waits with Ryan's phone
    When everything arrives
    Then 0 requests wait with Ryan's phone
    And nobody is told anything

  @WAL-02 @KEY-08 @MBX-24
  Scenario: A prekey is replaced twice before the intermediary hears of it: it takes the second, and nobody is told of the first
    When nothing arrives by itself
    And Ryan's phone restarts
    And 8 days pass
    And Ryan's phone restarts
    And 31 days pass
    And Ryan's phone restarts
    And everything arrives
    Then 0 requests wait with Ryan's phone
    And nobody is told anything

  # A prekey's age is looked at when time is told

  @KEY-08
  Scenario: A clock that has gone on replaces no prekey before the phone is told so
    When nothing arrives by itself
    And the clock moves on by 8 days
    And Ryan's phone asks for its messages
    Then 1 request waits with Ryan's phone
    When 1 second passes
    Then 3 requests wait with Ryan's phone
