Feature: Messages that wait, and messages that are read
  A wallet has a queue for each device that it writes to, and reads its own mailbox one batch after the other. These scenarios show what waits, for how long, what
  ends it, and that nothing of it is lost in a restart.

  Background:
    Given Ben has a phone
    And Ryan has a phone
    And Ben's phone has taken the invitation of Ryan's phone

  # One message to each device is under way

  @WAL-03
  Scenario: Of two offers to one phone the second waits until the first is answered
    When nothing arrives by itself
    And Ben's phone offers a hotel key called "the room" to Ryan's phone
    And Ben's phone offers a hotel key called "the suite" to Ryan's phone
    Then 1 request waits with Ben's phone
    When the bundle request of Ben's phone arrives
    Then 1 request waits with Ben's phone
    And 1 submission of Ben's phone waits
    When Ben's phone restarts
    And the submission of Ben's phone arrives, and its answer is lost
    Then 1 submission of Ben's phone waits
    When the submission of Ben's phone arrives
    Then 1 submission of Ben's phone waits
    And 1 message waits for Ryan's phone
    When the submission of Ben's phone arrives
    Then 0 requests wait with Ben's phone
    And 2 messages wait for Ryan's phone
    When everything arrives
    Then Ryan's phone is in "R:Invited" with "the room"
    And Ryan's phone is in "R:Invited" with "the suite"
    And nobody is told anything

  @WAL-03
  Scenario: Each device has a queue of its own
    Given Rhea has a phone
    And Ben's phone has taken the invitation of Rhea's phone
    When nothing arrives by itself
    And Ben's phone offers a hotel key called "the room" to Ryan's phone
    And Ben's phone offers a hotel key called "the suite" to Ryan's phone
    And Ben's phone offers a hotel key called "the hut" to Rhea's phone
    Then 2 bundle requests of Ben's phone wait
    When bundle request 2 of Ben's phone arrives
    And the submission of Ben's phone arrives
    Then 1 message waits for Rhea's phone
    And 1 request waits with Ben's phone

  @WAL-03
  Scenario Outline: The <request> for one recipient is lost, and nobody else waits
    Given Rhea has a phone
    And Ben's phone has taken the invitation of Rhea's phone
    When the next <request> of Ben's phone is lost
    And Ben's phone offers a car key called "the car" to Ryan's phone
    And Ben's phone offers a hotel key called "the room" to Rhea's phone
    Then Rhea's phone is in "R:Invited" with "the room"
    And Ryan's phone knows nothing of "the car"
    When Rhea's phone accepts "the room"
    Then Ben's phone is in "S:Completed" with "the room"
    When 1 minute passes
    Then Ryan's phone is in "R:Invited" with "the car"
    And nobody is told anything

    Examples:
      | request        |
      | bundle request |
      | submission     |

  # What waits

  @WAL-03
  Scenario Outline: A submission is answered with "<code>": the user is told once that it waits, also after a restart
    When the intermediary answers every submission to Ryan's phone with "<code>"
    And Ben's phone offers a car key to Ryan's phone
    Then Ben's phone is told "delayed"
    When Ben's phone restarts
    And 1 minute passes
    And Ben's phone restarts
    And 1 hour passes
    Then nobody is told anything
    When the intermediary is honest again
    And 1 minute passes
    Then Ryan's phone is in "R:Invited" with the car key
    And nobody is told anything

    Examples:
      | code         |
      | mailbox-full |
      | rate-limited |
      | forbidden    |

  @WAL-03
  Scenario Outline: A bundle request is answered with "<code>": the user is told once that the message waits
    When the intermediary answers every bundle request for Ryan's phone with "<code>"
    And Ben's phone offers a car key to Ryan's phone
    Then Ben's phone is told "delayed"
    When Ben's phone restarts
    And 1 minute passes
    Then nobody is told anything
    When the intermediary is honest again
    And 1 minute passes
    Then Ryan's phone is in "R:Invited" with the car key
    And nobody is told anything

    Examples:
      | code         |
      | mailbox-full |
      | rate-limited |

  @WAL-03
  Scenario: The first of two messages ends, and the user is told of the second that it waits
    When the intermediary answers every submission to Ryan's phone with "mailbox-full"
    And Ben's phone offers a car key called "the car" to Ryan's phone
    And Ben's phone offers a car key called "the van" to Ryan's phone
    Then Ben's phone is told "delayed"
    And nobody is told anything
    When Ben's phone restarts
    And Ben's phone cancels "the car"
    Then Ben's phone is told "delayed"
    When the intermediary is honest again
    And 1 minute passes
    Then Ryan's phone is in "R:Invited" with "the van"
    And Ryan's phone is told "unknown-transfer"
    And Ryan's phone knows nothing of "the car"
    And nobody is told anything

  @WAL-03
  Scenario Outline: A <request> is answered with "<code>": that ends the message, the user is told, and the next one leaves
    When the intermediary answers the next <request> of Ben's phone with "<code>"
    And Ben's phone offers a car key called "the car" to Ryan's phone
    Then Ben's phone is told "<code>"
    When 1 minute passes
    Then Ryan's phone knows nothing of "the car"
    When Ben's phone offers a car key called "the van" to Ryan's phone
    Then Ryan's phone is in "R:Invited" with "the van"
    And nobody is told anything

    Examples:
      | request        | code                |
      | bundle request | forbidden           |
      | bundle request | unauthorized        |
      | bundle request | malformed           |
      | submission     | unauthorized        |
      | submission     | malformed           |
      | submission     | too-large           |
      | submission     | conflicting-request |

  # For how long

  @WAL-03 @XFER-16
  Scenario Outline: <word> waits for thirty days and not a second longer
    When Ben's phone offers a hotel key to Ryan's phone for 30 days
    And the intermediary answers every submission to Ben's phone with "mailbox-full"
    And Ryan's phone <does> the hotel key
    Then Ryan's phone is told "delayed"
    When 20 days pass
    And Ryan's phone restarts
    And 863999 seconds pass
    Then nobody is told anything
    When 1 second passes
    Then Ryan's phone is told "retry-limit"
    And Ben's phone is in "S:Expired" with the hotel key
    When the intermediary is honest again
    And 1 minute passes
    Then 0 messages wait for Ben's phone
    And Ben's phone is told "credential-may-be-out"
    And nobody is told anything

    Examples:
      | word           | does     |
      | A last message | accepts  |
      | A decline      | declines |
      | A cancel       | cancels  |

  @WAL-03 @XFER-12
  Scenario: The news that a key is provisioned leaves in the last second of thirty days
    When Ben's phone offers a hotel key to Ryan's phone
    And the intermediary answers every submission to Ben's phone with "mailbox-full"
    And Ryan's phone accepts the hotel key
    Then Ryan's phone is told "delayed"
    When 2591998 seconds pass
    Then Ben's phone is told "credential-may-be-out"
    When the intermediary is honest again
    And 1 second passes
    Then Ben's phone is told "provisioned-after-end"
    And nobody is told anything

  @WAL-03 @XFER-14
  Scenario: An offer waits until its transfer's expiry, and leaves in the last second
    When the intermediary answers every submission to Ryan's phone with "mailbox-full"
    And Ben's phone offers a car key called "the car" to Ryan's phone for 1 hour
    Then Ben's phone is told "delayed"
    When 3598 seconds pass
    And the intermediary is honest again
    And 1 second passes
    Then Ryan's phone is in "R:Invited" with "the car"
    And nobody is told anything

  @WAL-03 @XFER-14 @XFER-17
  Scenario: An import request waits until its transfer's expiry and not longer, and the user is told that the key may be out
    When Ben's phone offers a car key called "the car" to Ryan's phone for 1 hour
    And the intermediary answers every submission to Ryan's phone with "mailbox-full"
    And Ryan's phone accepts "the car"
    Then Ben's phone is in "S:Signed" with "the car"
    And Ben's phone is told "delayed"
    When 3599 seconds pass
    And Ben's phone restarts
    Then nobody is told anything
    When 1 second passes
    Then Ben's phone is told "credential-may-be-out"
    When the intermediary is honest again
    And 1 minute passes
    Then Ryan's phone is in "R:Expired" with "the car"
    And 0 messages wait for Ryan's phone
    And nobody is told anything

  # Another access key

  @WAL-03
  Scenario Outline: Of two access keys that of a link that was taken comes before one that an offer brought, <then>
    When the intermediary answers the next publication of Ben's phone with "done"
    And Ben's phone makes an invitation called "the dead link"
    And Ryan's phone takes the invitation "the dead link"
    And Ben's phone offers a car key to Ryan's phone
    And <then>
    And Ryan's phone accepts the car key
    Then Ryan's phone is told "delayed"
    And Ben's phone is in "S:Offered" with the car key
    When Ben's phone makes an invitation called "the new link"
    And Ryan's phone takes the invitation "the new link"
    Then Ben's phone is in "S:Completed" with the car key
    And Ryan's phone holds the car key
    And nobody is told anything

    Examples:
      | then                  |
      | 1 minute passes       |
      | Ryan's phone restarts |

  @WAL-03
  Scenario Outline: A new link opens the mailbox: what has no answer is asked anew at once, <then>
    When the intermediary answers the next publication of Ryan's phone with "done"
    And Ryan's phone makes an invitation called "the dead link"
    And Ben's phone takes the invitation "the dead link"
    And Ben's phone offers a car key called "the car" to Ryan's phone
    And Ben's phone offers a car key called "the van" to Ryan's phone
    Then Ben's phone is told "delayed"
    When <then>
    And Ryan's phone makes an invitation called "the new link"
    And Ben's phone takes the invitation "the new link"
    Then Ryan's phone is in "R:Invited" with "the car"
    And Ryan's phone is in "R:Invited" with "the van"
    And nobody is told anything

    Examples:
      | then                 |
      | 1 minute passes      |
      | Ben's phone restarts |

  @WAL-03 @WAL-02
  Scenario Outline: A new link of <whose> is taken: what waits for the other device of that user is asked as it was, <then>
    Given Ryan adds a watch
    And Ben's phone has taken the invitation of Ryan's watch
    When <whose> makes an invitation called "the new link"
    And the intermediary answers every submission to Ryan's phone with "mailbox-full"
    And the intermediary answers every submission to Ryan's watch with "mailbox-full"
    And Ben's phone offers a hotel key called "the room" to Ryan's phone
    And Ben's phone offers a hotel key called "the suite" to Ryan's watch
    Then Ben's phone is told "delayed" 2 times
    When <then>
    And Ben's phone takes the invitation "the new link"
    And the intermediary is honest again
    And 1 minute passes
    Then Ryan's phone is in "R:Invited" with "the room"
    And Ryan's watch is in "R:Invited" with "the suite"
    And nobody is told anything

    Examples:
      | whose        | then                 |
      | Ryan's watch | 1 minute passes      |
      | Ryan's phone | Ben's phone restarts |

  # Of each transfer one message of a type

  @WAL-04 @XFER-07
  Scenario Outline: The same signing request comes three times while its answer waits, <then>, and is answered once
    When Ben's phone offers a car key called "the car" to Ryan's phone
    And the intermediary answers every submission to Ryan's phone with "mailbox-full"
    And Ryan's phone accepts "the car"
    Then Ben's phone is told "delayed"
    When Ryan's phone says the same again about "the car" to Ben's phone
    And <then>
    And Ryan's phone says the same again about "the car" to Ben's phone
    Then Ben's phone is in "S:Signed" with "the car"
    When the intermediary is honest again
    And 1 hour passes
    Then Ryan's phone holds "the car"
    And Ben's phone is in "S:Completed" with "the car"
    And nobody is told anything

    Examples:
      | then                 |
      | 1 minute passes      |
      | Ben's phone restarts |

  @WAL-04
  Scenario Outline: The answer to an offer was lost and its signing request comes, <then>: both messages of the transfer wait, and both leave
    When the answer to the next submission of Ben's phone is lost
    And Ben's phone offers a car key called "the car" to Ryan's phone
    And Ryan's phone accepts "the car"
    Then Ben's phone is in "S:Signed" with "the car"
    And Ryan's phone is in "R:Requested" with "the car"
    When <then>
    And 1 minute passes
    Then Ryan's phone holds "the car"
    And Ben's phone is in "S:Completed" with "the car"
    And nobody is told anything

    Examples:
      | then                 |
      | 1 minute passes      |
      | Ben's phone restarts |

  @WAL-04
  Scenario: Of two transfers an answer each waits, and both leave
    When Ben's phone offers a car key called "the car" to Ryan's phone
    And Ben's phone offers a car key called "the van" to Ryan's phone
    And the intermediary answers every submission to Ryan's phone with "mailbox-full"
    And Ryan's phone accepts "the car"
    And Ryan's phone accepts "the van"
    Then Ben's phone is told "delayed"
    When the intermediary is honest again
    And Ben's phone restarts
    And 1 minute passes
    Then Ryan's phone holds "the car"
    And Ryan's phone holds "the van"
    And Ben's phone is in "S:Completed" with "the car"
    And Ben's phone is in "S:Completed" with "the van"

  @WAL-04 @XFER-07
  Scenario Outline: Of two transfers an answer each waits, and the signing request of the second comes again, <then>: it is answered once
    When Ben's phone offers a car key called "the car" to Ryan's phone
    And Ben's phone offers a car key called "the van" to Ryan's phone
    And the intermediary answers every submission to Ryan's phone with "mailbox-full"
    And Ryan's phone accepts "the car"
    And Ryan's phone accepts "the van"
    Then Ben's phone is told "delayed"
    When <then>
    And Ryan's phone says the same again about "the van" to Ben's phone
    And the intermediary is honest again
    And 1 minute passes
    Then Ryan's phone holds "the car"
    And Ryan's phone holds "the van"
    And Ben's phone is in "S:Completed" with "the van"
    And nobody is told anything

    Examples:
      | then                 |
      | 1 minute passes      |
      | Ben's phone restarts |

  @WAL-04
  Scenario: Of two transfers a decline each waits, and both leave
    When Ben's phone offers a hotel key called "the room" to Ryan's phone
    And Ben's phone offers a hotel key called "the suite" to Ryan's phone
    And the intermediary answers every submission to Ben's phone with "mailbox-full"
    And Ryan's phone declines "the room"
    And Ryan's phone declines "the suite"
    Then Ryan's phone is told "delayed"
    When the intermediary is honest again
    And 1 minute passes
    Then Ben's phone is in "S:Declined" with "the room"
    And Ben's phone is in "S:Declined" with "the suite"

  # Reading

  @WAL-05
  Scenario Outline: While a reading or an acknowledgement has no answer, nothing is read, <then>
    When Ben's phone offers a car key to Ryan's phone
    And nothing arrives by itself
    And Ryan's phone asks for its messages
    And <then>
    And Ryan's phone asks for its messages
    Then 1 reading of Ryan's phone waits
    And 1 request waits with Ryan's phone
    When Ben's phone offers a hotel key to Ryan's phone
    And the submission of Ben's phone arrives
    And the reading of Ryan's phone arrives
    Then Ryan's phone is in "R:Invited" with the hotel key
    And 1 acknowledgement of Ryan's phone waits
    And 0 readings of Ryan's phone wait
    When <then>
    And Ryan's phone asks for its messages
    Then 1 acknowledgement of Ryan's phone waits
    And 0 readings of Ryan's phone wait
    When the acknowledgement of Ryan's phone arrives, and its answer is lost
    And Ryan's phone asks for its messages
    Then 0 readings of Ryan's phone wait
    When the acknowledgement of Ryan's phone arrives
    And Ryan's phone asks for its messages
    Then 1 reading of Ryan's phone waits
    And nobody is told anything

    Examples:
      | then                            |
      | Ryan's phone looks at the clock |
      | Ryan's phone restarts           |

  @WAL-05
  Scenario Outline: A message that <fault> is acknowledged too
    When Ben's phone offers a car key called "the car" to Ryan's phone
    And <damage>
    And Ben's phone offers a car key called "the van" to Ryan's phone
    Then Ryan's phone is told "<code>"
    And 0 messages wait for Ryan's phone
    When 1 minute passes
    Then nobody is told anything

    Examples:
      | fault             | damage                                                    | code           |
      | cannot be read    | the next submission of Ben's phone is damaged             | decrypt-failed |

  @WAL-05 @XFER-20
  Scenario: A message whose offer is refused is acknowledged too
    When Ben's phone offers a car key called "1" to Ryan's phone
    And Ben's phone offers a car key called "2" to Ryan's phone
    And Ben's phone offers a car key called "3" to Ryan's phone
    And Ben's phone offers a car key called "4" to Ryan's phone
    And Ben's phone offers a car key called "5" to Ryan's phone
    And Ben's phone offers a car key called "6" to Ryan's phone
    And Ben's phone offers a car key called "7" to Ryan's phone
    And Ben's phone offers a car key called "8" to Ryan's phone
    And Ben's phone offers a car key called "9" to Ryan's phone
    And Ben's phone offers a car key called "10" to Ryan's phone
    And Ben's phone offers a car key called "11" to Ryan's phone
    Then Ryan's phone is told "rate-limited"
    And 0 messages wait for Ryan's phone
    When 1 minute passes
    Then nobody is told anything

  @WAL-05 @INV-08
  Scenario: A message of nobody that is known is acknowledged too
    When Ryan's phone makes an invitation called "on a poster"
    And Ben's phone sends an offer called "mine" to Ryan's phone by the invitation "on a poster"
    And 2 strangers with the invitation "on a poster" offer a hotel key to Ryan's phone
    Then Ryan's phone is told "invalid-invitation" 2 times
    And 0 messages wait for Ryan's phone
    When 1 minute passes
    Then nobody is told anything

  # A pin is dropped

  @WAL-06
  Scenario Outline: A pin is dropped while <message> waits: it never leaves, though a new link is taken
    When Ben's phone offers a hotel key called "the room" to Ryan's phone
    And the intermediary answers every submission to <other> with "mailbox-full"
    And <wish>
    Then <writer> is told "delayed"
    When <then>
    And <writer> drops the pin of <other>
    And the intermediary is honest again
    And <other> makes an invitation called "the new link"
    And <writer> takes the invitation "the new link"
    And 1 minute passes
    Then 0 messages wait for <other>
    And <still>

    Examples:
      | message        | other        | writer       | wish                              | then                  | still                                        |
      | a last message | Ben's phone  | Ryan's phone | Ryan's phone accepts "the room"   | 1 minute passes       | Ben's phone is in "S:Offered" with "the room"  |
      | a last message | Ben's phone  | Ryan's phone | Ryan's phone accepts "the room"   | Ryan's phone restarts | Ben's phone is in "S:Offered" with "the room"  |
      | a decline      | Ben's phone  | Ryan's phone | Ryan's phone declines "the room"  | 1 minute passes       | Ben's phone is in "S:Offered" with "the room"  |
      | a cancel       | Ryan's phone | Ben's phone  | Ben's phone cancels "the room"    | 1 minute passes       | Ryan's phone is in "R:Invited" with "the room" |
      | a cancel       | Ryan's phone | Ben's phone  | Ben's phone cancels "the room"    | Ben's phone restarts  | Ryan's phone is in "R:Invited" with "the room" |

  @WAL-06
  Scenario: An offer waits, the pin is dropped, and a new link is taken: nothing is told of it any more, and it never leaves
    When the intermediary answers every submission to Ryan's phone with "mailbox-full"
    And Ben's phone offers a car key called "the car" to Ryan's phone
    Then Ben's phone is told "delayed"
    When Ben's phone drops the pin of Ryan's phone
    Then Ben's phone is in "S:Cancelled" with "the car"
    When Ryan's phone makes an invitation called "the new link"
    And Ben's phone takes the invitation "the new link"
    And 1 minute passes
    Then nobody is told anything
    When the intermediary is honest again
    And 1 minute passes
    Then Ryan's phone knows nothing of "the car"
    And 0 messages wait for Ryan's phone
    When Ben's phone offers a car key called "the van" to Ryan's phone
    Then Ryan's phone is in "R:Invited" with "the van"
    And nobody is told anything

  @WAL-06
  Scenario: The transfers with the other device end as if cancelled, and those with others go on
    Given Rhea has a phone
    And Ben's phone has taken the invitation of Rhea's phone
    When Ben's phone offers a hotel key called "the room" to Ryan's phone
    And Ben's phone offers a car key called "the car" to Ryan's phone
    And Ben's phone offers a hotel key called "the hut" to Rhea's phone
    And Ben's phone drops the pin of Ryan's phone
    Then Ben's phone is in "S:Cancelled" with "the room"
    And Ben's phone is in "S:Cancelled" with "the car"
    And Ben's phone is told "credential-may-be-out"
    And Ben's phone is in "S:Offered" with "the hut"
    And Ryan's phone is in "R:Invited" with "the room"
    When Rhea's phone accepts "the hut"
    Then Ben's phone is in "S:Completed" with "the hut"
    And nobody is told anything

  @WAL-06
  Scenario: The pin of a user's phone is dropped, and the transfers with the same user's watch go on
    Given Ryan adds a watch
    When Ben's phone offers a car key called "the car" to Ryan's phone
    And Ben's phone offers a car key called "the van" to Ryan's watch
    And Ben's phone drops the pin of Ryan's phone
    Then Ben's phone is in "S:Cancelled" with "the car"
    And Ben's phone is in "S:Offered" with "the van"
    When Ryan's watch accepts "the van"
    Then Ben's phone is in "S:Completed" with "the van"
    And nobody is told anything

  @WAL-06
  Scenario: The receiver drops the sender's pin: its side ends as if cancelled, and what comes is of nobody that it knows
    When Ben's phone offers a car key called "the car" to Ryan's phone
    And Ryan's phone drops the pin of Ben's phone
    Then Ryan's phone is in "R:Cancelled" with "the car"
    And Ben's phone is in "S:Offered" with "the car"
    And 0 messages wait for Ben's phone
    When Ben's phone cancels "the car"
    Then Ryan's phone is told "unknown-one-time-prekey"
    And Ryan's phone is in "R:Cancelled" with "the car"
    And nobody is told anything

  @WAL-06 @XFER-10
  Scenario Outline: The pin is dropped when a hotel key's time is over and nobody has looked at the clock, <then>
    When Ben's phone offers a hotel key called "the room" to Ryan's phone
    And nothing arrives by itself
    And the clock moves on by 172800 seconds
    And <then>
    And Ben's phone drops the pin of Ryan's phone
    Then Ben's phone is in "S:Offered" with "the room"
    And nobody is told anything
    When Ben's phone looks at the clock
    Then Ben's phone is in "S:Expired" with "the room"
    And Ben's phone is told "credential-may-be-out"
    And nobody is told anything

    Examples:
      | then                             |
      | Ben's phone asks for its messages |
      | Ben's phone restarts             |

  @WAL-06 @MBX-21
  Scenario: Once the pin is dropped the other device's answers are let in no more, after a restart too
    When Ben's phone offers a hotel key called "the room" to Ryan's phone
    And Ben's phone drops the pin of Ryan's phone
    Then Ben's phone is told "credential-may-be-out"
    When Ben's phone restarts
    And Ryan's phone accepts "the room"
    Then Ryan's phone is told "delayed"
    And 0 messages wait for Ben's phone
    And Ben's phone is in "S:Cancelled" with "the room"

  # For how long the intermediary is asked to keep a message

  @XFER-16
  Scenario Outline: An offer that lives <lives> seconds is to be kept for <kept>
    When Ben's phone offers a hotel key to Ryan's phone for <lives> seconds
    Then Ben's phone has asked for lifetimes of "<kept>" seconds

    Examples:
      | lives   | kept    |
      | 1       | 172800  |
      | 172800  | 172800  |
      | 172801  | 604800  |
      | 604800  | 604800  |
      | 604801  | 2592000 |
      | 2592000 | 2592000 |

  @XFER-16
  Scenario Outline: An offer of <lives> seconds leaves <later> seconds later, and is to be kept for <kept>
    When the intermediary answers the next bundle request of Ben's phone with "rate-limited"
    And Ben's phone offers a hotel key to Ryan's phone for <lives> seconds
    Then Ben's phone is told "delayed"
    When <later> seconds pass
    Then Ryan's phone is in "R:Invited" with the hotel key
    And Ben's phone has asked for lifetimes of "<kept>" seconds

    Examples:
      | lives   | later   | kept    |
      | 259200  | 86399   | 604800  |
      | 259200  | 86400   | 172800  |
      | 2592000 | 1987199 | 2592000 |
      | 2592000 | 1987200 | 604800  |

  @XFER-16 @WAL-03
  Scenario Outline: An offer of <lives> seconds waits, and leaves <later> seconds later by another link: it is to be kept for <kept>
    When the intermediary answers every submission to Ryan's phone with "mailbox-full"
    And Ben's phone offers a hotel key to Ryan's phone for <lives> seconds
    Then Ben's phone is told "delayed"
    When <later> seconds pass
    And the intermediary is honest again
    And Ryan's phone makes an invitation called "the new link"
    And Ben's phone takes the invitation "the new link"
    Then Ryan's phone is in "R:Invited" with the hotel key
    And Ben's phone has asked for lifetimes of "<first>, <kept>" seconds

    Examples:
      | lives   | first   | later   | kept    |
      | 259200  | 604800  | 86400   | 172800  |
      | 2592000 | 2592000 | 1987200 | 604800  |

  @XFER-16 @WAL-03
  Scenario: An import request waits, and leaves by another link: it is to be kept no longer than its transfer lives
    When Ben's phone offers a car key to Ryan's phone for 604800 seconds
    And the intermediary answers every submission to Ryan's phone with "mailbox-full"
    And Ryan's phone accepts the car key
    Then Ben's phone is told "delayed"
    When 432000 seconds pass
    And the intermediary is honest again
    And Ryan's phone makes an invitation called "the new link"
    And Ben's phone takes the invitation "the new link"
    Then Ben's phone has asked for lifetimes of "604800, 604800, 172800" seconds
    And Ben's phone is in "S:Completed" with the car key

  @XFER-16
  Scenario Outline: An import request is to be kept until the transfer's end, and all else for thirty days: it leaves after <later> seconds
    When Ben's phone offers a car key to Ryan's phone for 604800 seconds
    And <later> seconds pass
    And Ryan's phone accepts the car key
    Then Ben's phone has asked for lifetimes of "604800, <kept>" seconds
    And Ryan's phone has asked for lifetimes of "2592000, 2592000" seconds

    Examples:
      | later  | kept   |
      | 431999 | 604800 |
      | 432000 | 172800 |

  @XFER-16
  Scenario Outline: Whoever <does> asks for thirty days
    When Ben's phone offers a hotel key to Ryan's phone for 1 hour
    And <who> <does> the hotel key
    Then <who> has asked for lifetimes of "<kept>" seconds

    Examples:
      | who          | does     | kept            |
      | Ryan's phone | accepts  | 2592000         |
      | Ryan's phone | declines | 2592000         |
      | Ryan's phone | cancels  | 2592000         |
      | Ben's phone  | cancels  | 172800, 2592000 |

  @WAL-06 @WAL-03
  Scenario Outline: The receiver drops the sender's pin: the access key of the offer is gone with it, <then>
    When Ben's phone offers a hotel key called "the room" to Ryan's phone
    And Ryan's phone drops the pin of Ben's phone
    And <then>
    And Ben's phone makes an invitation called "the way back"
    And Ryan's phone takes the invitation "the way back"
    And 39 days pass
    And Ryan's phone offers a hotel key to Ben's phone without a link
    Then it is refused with "invalid-invitation"
    And 0 messages wait for Ben's phone

    Examples:
      | then                  |
      | 1 minute passes       |
      | Ryan's phone restarts |

  @WAL-06 @INV-09
  Scenario Outline: A pin is dropped after two links were taken: no access key is left for answers, <then>
    When Ben's phone offers a hotel key called "the room" to Ryan's phone
    And Ryan's phone makes an invitation called "the second link"
    And Ben's phone takes the invitation "the second link"
    And <then>
    And Ben's phone drops the pin of Ryan's phone
    And Ryan's phone accepts "the room"
    Then Ryan's phone is told "delayed"
    And 0 messages wait for Ben's phone

    Examples:
      | then                 |
      | 1 minute passes      |
      | Ben's phone restarts |

  @WAL-03
  Scenario: A bundle is refused with "forbidden": it is not asked for again, after a restart either
    When the intermediary answers the next bundle request of Ben's phone with "forbidden"
    And Ben's phone offers a hotel key called "the room" to Ryan's phone
    Then Ben's phone is told "forbidden"
    When Ben's phone restarts
    And 1 hour passes
    Then Ryan's phone knows nothing of "the room"
    Then 0 messages wait for Ryan's phone
    And nobody is told anything

  @WAL-06
  Scenario: The receiver drops the pin of a sender's watch, and what the phone of the same user has offered goes on
    Given Ben adds a watch
    When Ben's watch offers a car key called "the car" to Ryan's phone
    And Ben's phone offers a car key called "the van" to Ryan's phone
    And Ryan's phone drops the pin of Ben's watch
    Then Ryan's phone is in "R:Cancelled" with "the car"
    And Ryan's phone is in "R:Invited" with "the van"
    When Ryan's phone accepts "the van"
    Then Ben's phone is in "S:Completed" with "the van"
    And nobody is told anything

  @WAL-03 @INV-09
  Scenario: A bundle request that waits is asked anew at once when another link is taken
    When the intermediary answers the next bundle request of Ben's phone with "rate-limited"
    And Ben's phone offers a car key to Ryan's phone
    Then Ben's phone is told "delayed"
    And Ryan's phone knows nothing of the car key
    When Ryan's phone makes an invitation called "the new link"
    And Ben's phone takes the invitation "the new link"
    Then Ryan's phone is in "R:Invited" with the car key
    And nobody is told anything

  @WAL-03 @INV-09
  Scenario: A bundle request that waits over a restart is asked anew at once when another link is taken, and once alone
    When the intermediary answers the next bundle request of Ben's phone with "rate-limited"
    And Ben's phone offers a hotel key to Ryan's phone
    Then Ben's phone is told "delayed"
    When Ben's phone restarts
    And Ryan's phone makes an invitation called "the new link"
    And Ben's phone takes the invitation "the new link"
    Then Ryan's phone is in "R:Invited" with the hotel key
    When 1 minute passes
    Then 19 one-time prekeys of Ryan's phone are left
    And nobody is told anything
