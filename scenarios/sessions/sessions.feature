Feature: In which session a wallet writes
  Provisioning information goes into a session that the wallet opened itself, with a bundle that it has verified; everything else into the one in which was read last.
  These scenarios follow the sessions of two phones through new links, openings from the other side, restarts, refusals of the intermediary and clocks that are set back.

  Background:
    Given Ben has a phone
    And Ryan has a phone
    And Ben's phone has taken the invitation of Ryan's phone

  # A new link

  @SES-19
  Scenario Outline: A new link was taken<then>: the next offer opens another session
    When Ben's phone offers a car key called "the car" to Ryan's phone
    And Ryan's phone accepts "the car"
    And Ryan's phone makes an invitation called "the new link"
    And Ben's phone takes the invitation "the new link"
    And <step>
    And Ben's phone offers a car key called "the van" to Ryan's phone
    Then the last message to Ryan's phone is a prekey message
    And 18 one-time prekeys of Ryan's phone are left
    When Ryan's phone accepts "the van"
    Then Ben's phone is in "S:Completed" with "the van"
    And nobody is told anything

    Examples:
      | then                        | step                 |
      |                             | 1 minute passes      |
      | , and the phone restarts    | Ben's phone restarts |

  @SES-19
  Scenario: The same link was taken again: the session stays
    When Ryan's phone makes an invitation called "the link"
    And Ben's phone takes the invitation "the link"
    And Ben's phone offers a car key called "the car" to Ryan's phone
    And Ryan's phone accepts "the car"
    And Ben's phone takes the invitation "the link"
    And Ben's phone offers a car key called "the van" to Ryan's phone
    Then the last message to Ryan's phone is a ratchet message
    And 19 one-time prekeys of Ryan's phone are left
    And nobody is told anything

  @SES-19
  Scenario: A new link was taken in the middle of a transfer: what follows of it is said in the new session
    When Ben's phone offers a car key called "the car" to Ryan's phone
    And Ryan's phone makes an invitation called "the new link"
    And Ben's phone takes the invitation "the new link"
    And Ryan's phone accepts "the car"
    Then Ryan's phone holds "the car"
    And Ben's phone is in "S:Completed" with "the car"
    And 18 one-time prekeys of Ryan's phone are left
    And nobody is told anything

  # The other side opens one

  @SES-19
  Scenario Outline: The other side opens a session with an offer, <then>: nobody is told of it, and each side offers in its own
    When Ben's phone offers a car key called "the car" to Ryan's phone
    And Ryan's phone accepts "the car"
    And Ryan's phone has taken the invitation of Ben's phone
    And <then>
    And Ryan's phone offers a hotel key called "the room" to Ben's phone
    Then the last message to Ben's phone is a prekey message
    And nobody is told anything
    When Ben's phone accepts "the room"
    Then Ryan's phone is in "S:Completed" with "the room"
    When Ben's phone offers a car key called "the van" to Ryan's phone
    Then the last message to Ryan's phone is a ratchet message
    And Ryan's phone is in "R:Invited" with "the van"
    And 19 one-time prekeys of Ryan's phone are left
    And nobody is told anything

    Examples:
      | then                 |
      | 1 minute passes      |
      | Ben's phone restarts |

  @SES-19
  Scenario Outline: The other side opens a session with something else once it has answered, <then>: the user is told, and offers go into the own one
    When Ben's phone offers a car key called "the car" to Ryan's phone
    And Ryan's phone accepts "the car"
    And <then>
    And Ryan's phone opens a further session with Ben's phone
    Then Ben's phone is told "further-session"
    And Ben's phone is told "invalid-payload"
    When Ben's phone restarts
    And Ben's phone offers a car key called "the van" to Ryan's phone
    Then the last message to Ryan's phone is a ratchet message
    And 19 one-time prekeys of Ryan's phone are left
    And nobody is told anything

    Examples:
      | then                 |
      | 1 minute passes      |
      | Ben's phone restarts |

  @SES-19
  Scenario: The other side opens two sessions beside the own one, and the user is told of each
    When Ben's phone offers a car key called "the car" to Ryan's phone
    And Ryan's phone accepts "the car"
    And Ryan's phone opens 2 further sessions with Ben's phone
    Then Ben's phone is told "further-session" 2 times
    And Ben's phone is told "invalid-payload" 2 times
    And nobody is told anything

  @SES-19
  Scenario Outline: The other side opens a session before it has answered, <then>: it is what two devices do at once, and nobody is told
    When Ben's phone offers a car key called "the car" to Ryan's phone
    And <then>
    And Ryan's phone opens a further session with Ben's phone
    Then Ben's phone is told "invalid-payload"
    And nobody is told anything

    Examples:
      | then                 |
      | 1 minute passes      |
      | Ben's phone restarts |

  # Forty sessions

  @SES-04
  Scenario Outline: The other side opens a session, writes in it, and opens <more> more before that is read: it is <read>
    When Ben's phone offers a car key called "the car" to Ryan's phone
    And Ryan's phone opens a further session with Ben's phone
    And the next submission of Ryan's phone is held back
    And Ryan's phone declines "the car"
    And Ryan's phone opens <more> further sessions with Ben's phone
    And what was held back arrives
    Then Ben's phone is in "<state>" with "the car"

    Examples:
      | more | read     | state      |
      | 40   | read     | S:Declined |
      | 41   | not read | S:Offered  |

  # What the intermediary says of a registration

  @SES-14 @SES-10
  Scenario Outline: A registration id is said to be out of date <many> times: <what>
    When the intermediary answers <many> submissions of Ben's phone with "stale-registration"
    And Ben's phone offers a car key called "the car" to Ryan's phone
    Then <result>
    And 19 one-time prekeys of Ryan's phone are left
    When Ben's phone offers a car key called "the van" to Ryan's phone
    Then Ryan's phone is in "R:Invited" with "the van"
    And 19 one-time prekeys of Ryan's phone are left
    And nobody is told anything

    Examples:
      | many | what                          | result                                        |
      | 1    | the second is accepted        | Ryan's phone is in "R:Invited" with "the car" |
      | 4    | the fifth is accepted         | Ryan's phone is in "R:Invited" with "the car" |
      | 5    | with the fifth it is given up | Ben's phone is told "retry-limit"             |

  @SES-14 @XFER-15
  Scenario Outline: Rounds are counted through a restart: refused <many> times
    When nothing arrives by itself
    And the intermediary answers <many> submissions of Ben's phone with "stale-registration"
    And Ben's phone offers a car key called "the car" to Ryan's phone
    And the bundle request of Ben's phone arrives
    And the submission of Ben's phone arrives
    And the bundle request of Ben's phone arrives
    And the submission of Ben's phone arrives
    And the bundle request of Ben's phone arrives
    And Ben's phone restarts
    And the submission of Ben's phone arrives
    And the bundle request of Ben's phone arrives
    And the submission of Ben's phone arrives
    And Ben's phone restarts
    And the bundle request of Ben's phone arrives
    And the submission of Ben's phone arrives
    Then <result>
    And 0 requests wait with Ben's phone
    And nobody is told anything

    Examples:
      | many | result                            |
      | 4    | 1 message waits for Ryan's phone  |
      | 5    | Ben's phone is told "retry-limit" |

  @SES-14
  Scenario: Each message has its five rounds
    When the intermediary answers 4 submissions of Ben's phone with "stale-registration"
    And Ben's phone offers a car key called "the car" to Ryan's phone
    And the intermediary answers 4 submissions of Ben's phone with "stale-registration"
    And Ben's phone offers a car key called "the van" to Ryan's phone
    Then Ryan's phone is in "R:Invited" with "the car"
    And Ryan's phone is in "R:Invited" with "the van"
    And nobody is told anything

  @SES-10
  Scenario: The same bytes are submitted again once a statement was looked at
    When Ben's phone offers a car key called "the car" to Ryan's phone
    And Ryan's phone accepts "the car"
    And the intermediary answers the next submission of Ben's phone with "stale-registration"
    And Ben's phone offers a car key called "the van" to Ryan's phone
    Then Ryan's phone is in "R:Invited" with "the van"
    And the last message to Ryan's phone is a ratchet message
    And Ben's phone has used no message key twice
    And 19 one-time prekeys of Ryan's phone are left
    And nobody is told anything

  @SES-09 @SES-11
  Scenario: A phone whose key is pinned is said to be gone: that ends the message, and twenty-nine days later the next one is sent in the same session
    When Ryan's phone makes an invitation called "the link" for 30 days
    And Ben's phone takes the invitation "the link"
    And Ben's phone offers a car key called "the car" to Ryan's phone
    And Ryan's phone accepts "the car"
    And the intermediary answers the next submission of Ben's phone with "not-found"
    And Ben's phone offers a car key called "the van" to Ryan's phone
    Then Ben's phone is told "not-found"
    When Ben's phone restarts
    And 29 days pass
    And Ben's phone offers a car key called "the boat" to Ryan's phone
    Then Ryan's phone is in "R:Invited" with "the boat"
    And the last message to Ryan's phone is a ratchet message
    And nobody is told anything

  # A clock that is set back

  @KEY-10 @SES-13
  Scenario Outline: A session that is too old to be sent in stays so when the clock is set back by <days> days
    When Ben's phone offers a car key called "the car" to Ryan's phone
    And Ryan's phone accepts "the car"
    And 31 days pass
    And Ben's phone's clock is <days> days behind
    And Ben's phone restarts
    And Ben's phone offers a car key called "the van" to Ryan's phone
    Then the last message to Ryan's phone is a prekey message
    And 18 one-time prekeys of Ryan's phone are left
    And nobody is told anything

    Examples:
      | days |
      | 2    |
      | 20   |

  @KEY-10
  Scenario Outline: A statement is judged by the latest time that a phone has had, though its clock was set back by <days> days
    Given the state of Ryan's phone is saved as "the beginning"
    When 41 days pass
    And Ben's phone's clock is <days> days behind
    And the intermediary answers the next bundle request with a bundle as it was at "the beginning"
    And Ben's phone offers a car key called "the car" to Ryan's phone
    Then Ben's phone is told "stale-statement"
    And Ryan's phone knows nothing of "the car"

    Examples:
      | days |
      | 0    |
      | 3    |
      | 20   |
