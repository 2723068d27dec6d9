Feature: A peer that does not keep to the profile
  Whoever has a link, or was offered something, may write what a wallet would not. It can waste a message; it cannot have anything signed,
  provisioned or kept that the profile does not allow.

  Background:
    Given Ben has a phone
    And Ryan has a phone

  @XFER-01 @XFER-07 @WAL-04
  Scenario: The same signing request comes once more, in another message: it is signed once more, alike
    When Ben's phone offers a car key to Ryan's phone
    And Mallory copies the state of Ben's phone
    And Ryan's phone goes offline
    And Ryan's phone accepts the car key
    And the intermediary withholds the messages of Ryan's phone
    And Ryan's phone comes online
    Then Ben's phone is in "S:Signed" with the car key
    When Ryan's phone sends the last message to Ben's phone once more
    Then Ben's phone is in "S:Signed" with the car key
    And 2 messages wait for Ryan's phone
    When the intermediary withholds nothing any more
    And 1 minute passes
    Then Ryan's phone holds the car key
    And Ryan's phone is told "unexpected-message"
    And Ben's phone is in "S:Completed" with the car key
    And nobody is told anything

  @XFER-01 @XFER-13
  Scenario: The owner's signature does not hold: nothing is provisioned, and both are told
    When Ben's phone offers a car key to Ryan's phone
    And Ben's phone goes offline
    And Ryan's phone accepts the car key
    And Ben's phone signs "car key" wrongly for Ryan's phone
    Then Ryan's phone is in "R:Failed" with the car key
    And Ryan's phone is told "attestation-invalid"
    When Ben's phone comes online
    Then Ben's phone is in "S:Cancelled" with the car key
    And Ryan's phone is in "R:Failed" with the car key
    And nobody is told anything

  @XFER-01 @PAY-07
  Scenario: A key in a format that the receiver's wallet does not know is declined without asking
    When Ben's phone sends an offer in an unknown format called "the boat" to Ryan's phone
    Then Ryan's phone is in "R:Declined" with "the boat"
    And Ben's phone is told "unknown-transfer"
    And nobody is told anything

  @PAY-11 @PRIV-03
  Scenario Outline: What is said of a long offer is as long as the offer: the receiver <answers> it
    When Ben's phone sends an offer of 4,096 bytes called "the boat" to Ryan's phone
    And Ryan's phone <answers> "the boat"
    Then Ryan's phone is in "<state>" with "the boat"
    And Ben's phone is told "unknown-transfer"
    And the intermediary has seen messages of "4155" bytes
    And nobody is told anything

    Examples:
      | answers  | state         |
      | accepts  | R:Provisioned |
      | declines | R:Declined    |

  @PAY-06 @PAY-11 @PAY-01
  Scenario Outline: The receiver is sent <payload>, which opens nothing
    When Ben's phone offers a car key to Ryan's phone
    And Ben's phone sends <payload> called "the boat" to Ryan's phone
    Then Ryan's phone is told "invalid-payload"
    And Ryan's phone knows nothing of "the boat"
    And 0 messages wait for Ben's phone
    When Ryan's phone accepts the car key
    Then Ben's phone is in "S:Completed" with the car key
    And nobody is told anything

    Examples:
      | payload                    |
      | an offer of another version |
      | an offer that is not padded |
      | something that is no offer  |

  # Under an id that is known

  @XFER-02
  Scenario Outline: An offer comes under the id of a transfer that the receiver <has>: the first stands
    When Ben's phone offers a car key called "the car" to Ryan's phone
    And <then>
    And Ben's phone sends an offer under the id of "the car" to Ryan's phone
    Then Ryan's phone is told "duplicate-transfer"
    And Ryan's phone is in "<state>" with "the car"
    And 0 messages wait for Ryan's phone

    Examples:
      | has               | then                            | state         |
      | was offered       | 1 minute passes                 | R:Invited     |
      | was offered       | Ryan's phone restarts           | R:Invited     |
      | has provisioned   | Ryan's phone accepts "the car"  | R:Provisioned |
      | has declined      | Ryan's phone declines "the car" | R:Declined    |
      | was told is over  | Ben's phone cancels "the car"   | R:Cancelled   |
      | has let expire    | 48 hours pass                   | R:Expired     |

  @XFER-02
  Scenario Outline: An offer comes under the id of an own offer that <has>: it stays what it is
    Given Ben's phone has taken the invitation of Ryan's phone
    When Ryan's phone offers a car key called "the car" to Ben's phone
    And <then>
    And Ben's phone sends an offer under the id of "the car" to Ryan's phone
    Then Ryan's phone is told "duplicate-transfer"
    And Ryan's phone is in "<state>" with "the car"
    And 0 messages wait for Ryan's phone

    Examples:
      | has            | then                           | state       |
      | is open        | 1 minute passes                | S:Offered   |
      | is completed   | Ben's phone accepts "the car"  | S:Completed |
      | was declined   | Ben's phone declines "the car" | S:Declined  |
      | was cancelled  | Ryan's phone cancels "the car" | S:Cancelled |
      | has expired    | 48 hours pass                  | S:Expired   |

  @XFER-02 @XFER-06
  Scenario Outline: Somebody else offers under the id of a transfer that <is>: it is known
    Given Mallory has a phone
    When Ben's phone offers a car key called "the car" to Ryan's phone
    And <then>
    And Mallory's phone sends an offer under the id of "the car" to Ryan's phone
    Then Ryan's phone is told "duplicate-transfer"
    And Ryan's phone is in "<state>" with "the car"
    And nobody is told anything

    Examples:
      | is        | then                            | state       |
      | open      | 1 minute passes                 | R:Invited   |
      | over      | Ryan's phone declines "the car" | R:Declined  |

  @XFER-19 @XFER-02
  Scenario Outline: <seconds> seconds after a transfer has ended its id is <known>
    When Ben's phone offers a car key called "the car" to Ryan's phone
    And Ryan's phone declines "the car"
    And Ryan's phone restarts
    And <seconds> seconds pass
    And Ben's phone sends an offer under the id of "the car" to Ryan's phone
    Then <result>
    And nobody is told anything

    Examples:
      | seconds | known     | result                                         |
      | 5183999 | known     | Ryan's phone is told "duplicate-transfer"      |
      | 5184000 | forgotten | Ryan's phone is in "R:Invited" with "the car"  |

  # Of a device that the transfer is not with

  @XFER-06
  Scenario Outline: Somebody whom the receiver knows says <words> about another's transfer, and nothing comes of it
    Given Mallory has a phone
    When Mallory's phone offers a hotel key called "the trap" to Ryan's phone
    And Ben's phone offers a car key called "the car" to Ryan's phone
    And Mallory's phone says <words> about "the car" to Ryan's phone
    Then Ryan's phone is told "not-bound"
    And Ryan's phone is in "R:Invited" with "the car"
    When Ryan's phone accepts "the car"
    Then Ben's phone is in "S:Completed" with "the car"
    And nobody is told anything

    Examples:
      | words                                   |
      | a cancel                                |
      | a decline                               |
      | another signing request                 |
      | a key import request that does not hold |
      | that it is provisioned                  |

  @XFER-06
  Scenario Outline: Somebody whom the sender knows says <words> about another's transfer, and nothing comes of it
    Given Mallory has a phone
    And Ben's phone has taken the invitation of Mallory's phone
    When Ben's phone offers a hotel key called "the trap" to Mallory's phone
    And Ben's phone offers a car key called "the car" to Ryan's phone
    And Mallory's phone says <words> about "the car" to Ben's phone
    Then Ben's phone is told "not-bound"
    And Ben's phone is in "S:Offered" with "the car"
    When Ryan's phone accepts "the car"
    Then Ben's phone is in "S:Completed" with "the car"
    And nobody is told anything

    Examples:
      | words                                   |
      | a cancel                                |
      | a decline                               |
      | another signing request                 |
      | that it is provisioned                  |

  @XFER-06 @XFER-08
  Scenario Outline: The watch of the user whose phone was offered a key says <words> about it, and nothing comes of it
    Given Ryan adds a watch
    When Ben's phone offers a car key called "the car" to Ryan's phone
    And Ben's phone offers a hotel key called "the room" to Ryan's watch
    And Ryan's watch says <words> about "the car" to Ben's phone
    Then Ben's phone is told "not-bound"
    And Ben's phone is in "S:Offered" with "the car"
    And 0 messages wait for Ryan's watch
    When Ryan's phone accepts "the car"
    Then Ben's phone is in "S:Completed" with "the car"
    And nobody is told anything

    Examples:
      | words                   |
      | another signing request |
      | a cancel                |
      | a decline               |

  @XFER-06
  Scenario Outline: Somebody says that a hotel key is provisioned whose transfer <has>, with another: nobody is told that it is out
    Given Mallory has a phone
    And Ben's phone has taken the invitation of Mallory's phone
    When Ben's phone offers a car key called "the trap" to Mallory's phone
    And Ben's phone offers a hotel key called "the room" to Ryan's phone
    And <end>
    Then Ben's phone is told "credential-may-be-out"
    When Mallory's phone says that it is provisioned about "the room" to Ben's phone
    Then Ben's phone is told "not-bound"
    And nobody is told anything

    Examples:
      | has           | end                            |
      | was cancelled | Ben's phone cancels "the room" |
      | has expired   | 48 hours pass                  |

  @XFER-03
  Scenario Outline: The receiver says <words> about a transfer that the sender knows nothing of
    When Ben's phone offers a car key called "the car" to Ryan's phone
    And Ryan's phone accepts "the car"
    And Ben's phone sends an offer called "the boat" to Ryan's phone
    And Ryan's phone says <words> about "the boat" to Ben's phone
    Then Ben's phone is told "unknown-transfer"
    And Ben's phone knows nothing of "the boat"
    And 0 messages wait for Ryan's phone
    And nobody is told anything

    Examples:
      | words                   |
      | a cancel                |
      | a decline               |
      | another signing request |
      | that it is provisioned  |

  # Out of turn

  @XFER-07
  Scenario Outline: A second signing request has another key, <then>: nothing is signed for it
    When Ben's phone offers a car key called "the car" to Ryan's phone
    And the intermediary withholds the messages of Ryan's phone
    And Ryan's phone accepts "the car"
    And <then>
    And Ryan's phone says another signing request about "the car" to Ben's phone
    Then Ben's phone is told "conflicting-request"
    And Ben's phone is in "S:Signed" with "the car"
    And 1 message waits for Ryan's phone
    When the intermediary withholds nothing any more
    And 1 minute passes
    Then Ryan's phone holds "the car"
    And nobody is told anything

    Examples:
      | then                 |
      | 1 minute passes      |
      | Ben's phone restarts |

  @XFER-07 @XFER-01
  Scenario Outline: The same signing request comes again, <then>, and is answered alike
    When Ben's phone offers a car key called "the car" to Ryan's phone
    And the intermediary withholds the messages of Ryan's phone
    And Ryan's phone accepts "the car"
    And <then>
    And Ryan's phone says the same again about "the car" to Ben's phone
    Then Ben's phone is in "S:Signed" with "the car"
    And 2 messages wait for Ryan's phone
    And nobody is told anything

    Examples:
      | then                 |
      | 1 minute passes      |
      | Ben's phone restarts |

  @XFER-01 @XFER-09
  Scenario Outline: The owner sends a key import request that nobody asked for, when the receiver <has>
    When Ben's phone offers a <credential> called "the key" to Ryan's phone
    And <then>
    And Ben's phone says a key import request that does not hold about "the key" to Ryan's phone
    Then Ryan's phone is told "unexpected-message"
    And Ryan's phone is in "<state>" with "the key"
    And 0 messages wait for Ben's phone

    Examples:
      | credential | has                | then                            | state         |
      | car key    | has not accepted   | 1 minute passes                 | R:Invited     |
      | hotel key  | has not accepted   | 1 minute passes                 | R:Invited     |
      | car key    | has provisioned    | Ryan's phone accepts "the key"  | R:Provisioned |
      | car key    | has declined       | Ryan's phone declines "the key" | R:Declined    |

  @XFER-01 @XFER-13
  Scenario Outline: The attestation of a key import request does not hold, <then>: the key does not come to be
    When Ben's phone offers a car key called "the car" to Ryan's phone
    And the intermediary withholds the messages of Ben's phone
    And Ryan's phone accepts "the car"
    And <then>
    And Ben's phone says a key import request that does not hold about "the car" to Ryan's phone
    Then Ryan's phone is told "attestation-invalid"
    And Ryan's phone is in "R:Failed" with "the car"
    When the intermediary withholds nothing any more
    And 1 minute passes
    Then Ben's phone is in "S:Cancelled" with "the car"

    Examples:
      | then                  |
      | 1 minute passes       |
      | Ryan's phone restarts |

  @XFER-12 @XFER-19
  Scenario Outline: The receiver says <seconds> seconds after a hotel key <ended> that it is provisioned: <what>
    When Ben's phone offers a hotel key called "the room" to Ryan's phone
    And <end>
    Then Ben's phone is told "credential-may-be-out"
    When Ben's phone restarts
    And <seconds> seconds pass
    And Ryan's phone says that it is provisioned about "the room" to Ben's phone
    Then Ben's phone is told "<code>"
    And nobody is told anything

    Examples:
      | ended         | end                            | seconds | what             | code                 |
      | was cancelled | Ben's phone cancels "the room" | 60      | it is told       | provisioned-after-end |
      | has expired   | 172800 seconds pass            | 60      | it is told       | provisioned-after-end |
      | was cancelled | Ben's phone cancels "the room" | 5183999 | it is told       | provisioned-after-end |
      | was cancelled | Ben's phone cancels "the room" | 5184000 | nobody knows it  | unknown-transfer     |
      | has expired   | 172800 seconds pass            | 5183999 | it is told       | provisioned-after-end |
      | has expired   | 172800 seconds pass            | 5184000 | nobody knows it  | unknown-transfer     |

  @XFER-01 @XFER-12
  Scenario: What the receiver has declined it cannot have provisioned
    When Ben's phone offers a car key called "the car" to Ryan's phone
    And Ryan's phone declines "the car"
    And Ryan's phone says that it is provisioned about "the car" to Ben's phone
    Then Ben's phone is told "unexpected-message"
    And Ben's phone is in "S:Declined" with "the car"
    And nobody is told anything

  # What one sender can make a receiver keep

  @XFER-20
  Scenario Outline: Ten transfers of one sender are under way, <then>: an eleventh is <outcome>
    When Ben's phone offers a hotel key called "1" to Ryan's phone
    And Ben's phone offers a hotel key called "2" to Ryan's phone
    And Ben's phone offers a hotel key called "3" to Ryan's phone
    And Ben's phone offers a hotel key called "4" to Ryan's phone
    And Ben's phone offers a hotel key called "5" to Ryan's phone
    And Ben's phone offers a hotel key called "6" to Ryan's phone
    And Ben's phone offers a hotel key called "7" to Ryan's phone
    And Ben's phone offers a hotel key called "8" to Ryan's phone
    And Ben's phone offers a hotel key called "9" to Ryan's phone
    And Ben's phone offers a hotel key called "10" to Ryan's phone
    Then Ryan's phone is in "R:Invited" with "10"
    When <then>
    And Ben's phone offers a hotel key called "11" to Ryan's phone
    Then <result>

    Examples:
      | then                        | outcome | result                                   |
      | Ryan's phone restarts       | refused | Ryan's phone is told "rate-limited"      |
      | Ryan's phone accepts "7"    | taken   | Ryan's phone is in "R:Invited" with "11" |
      | Ryan's phone declines "1"   | taken   | Ryan's phone is in "R:Invited" with "11" |
      | Ben's phone cancels "10"    | taken   | Ryan's phone is in "R:Invited" with "11" |
      | 172800 seconds pass         | taken   | Ryan's phone is in "R:Invited" with "11" |
      | 172799 seconds pass         | refused | Ryan's phone is told "rate-limited"      |

  @XFER-20
  Scenario: What the receiver itself offers to a sender does not count, nor what others offer
    Given Rhea has a phone
    And Ryan's phone has taken the invitation of Ben's phone
    When Ryan's phone offers a hotel key called "own 1" to Ben's phone
    And Ryan's phone offers a hotel key called "own 2" to Ben's phone
    And Ryan's phone offers a hotel key called "own 3" to Ben's phone
    And Rhea's phone offers a hotel key called "of Rhea 1" to Ryan's phone
    And Rhea's phone offers a hotel key called "of Rhea 2" to Ryan's phone
    And Rhea's phone offers a hotel key called "of Rhea 3" to Ryan's phone
    And Ben's phone offers a hotel key called "1" to Ryan's phone
    And Ben's phone offers a hotel key called "2" to Ryan's phone
    And Ben's phone offers a hotel key called "3" to Ryan's phone
    And Ben's phone offers a hotel key called "4" to Ryan's phone
    And Ben's phone offers a hotel key called "5" to Ryan's phone
    And Ben's phone offers a hotel key called "6" to Ryan's phone
    And Ben's phone offers a hotel key called "7" to Ryan's phone
    And Ben's phone offers a hotel key called "8" to Ryan's phone
    And Ben's phone offers a hotel key called "9" to Ryan's phone
    And Ben's phone offers a hotel key called "10" to Ryan's phone
    Then Ryan's phone is in "R:Invited" with "10"
    And nobody is told anything

  # One token, one transfer

  @XFER-18
  Scenario Outline: A token was offered, and <then>: offered again it is refused
    When Ben's phone offers a hotel key called "the room" to Ryan's phone
    And <then>
    And Ben's phone restarts
    And Ben's phone offers the token of "the room" called "again" to Ryan's phone
    Then it is refused with "already-offered"
    When Ben's phone insists on offering the token of "the room" called "once more" to Ryan's phone
    Then Ryan's phone is in "R:Invited" with "once more"

    Examples:
      | then                             |
      | 1 minute passes                  |
      | Ryan's phone accepts "the room"  |
      | Ryan's phone declines "the room" |
      | Ben's phone cancels "the room"   |
      | 5183999 seconds pass             |

  @XFER-18
  Scenario: After sixty days a token can be offered again
    When Ben's phone offers a hotel key called "the room" to Ryan's phone
    And 5184000 seconds pass
    And Ben's phone offers the token of "the room" called "again" to Ryan's phone
    Then Ryan's phone is in "R:Invited" with "again"

  @XFER-18
  Scenario Outline: Who insists begins the sixty days anew: <seconds> seconds later it is <outcome>
    When Ben's phone offers a hotel key called "the room" to Ryan's phone
    And 59 days pass
    And Ben's phone insists on offering the token of "the room" called "once more" to Ryan's phone
    And Ben's phone restarts
    And <seconds> seconds pass
    And Ben's phone offers the token of "the room" called "again" to Ryan's phone
    Then <result>

    Examples:
      | seconds | outcome | result                                    |
      | 172800  | refused | it is refused with "already-offered"      |
      | 5183999 | refused | it is refused with "already-offered"      |
      | 5184000 | taken   | Ryan's phone is in "R:Invited" with "again" |
