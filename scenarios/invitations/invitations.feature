Feature: What an invitation serves, for how long, and whom
  A wallet keeps a hundred invitations at most, each for a time, for ten transfers and for one sender. These scenarios go to each of these bounds, to the
  second, with and without a look at the clock, and after a restart: on the side that made the link, on the side that took it, and with senders who do
  not keep to the profile.

  Background:
    Given Ben has a phone
    And Ryan has a phone

  # How many

  @INV-05
  Scenario: A wallet has a hundred invitations, and no more; those that it took do not count
    Given Ryan's phone has taken the invitation of Ben's phone
    When Ryan's phone makes 99 invitations
    And Ryan's phone restarts
    And Ryan's phone makes an invitation called "the hundredth"
    And Ben's phone takes the invitation "the hundredth"
    And Ryan's phone makes 1 invitation
    Then it is refused with "invalid-state"
    When Ben's phone offers a hotel key to Ryan's phone
    Then Ryan's phone is in "R:Invited" with the hotel key
    And nobody is told anything

  @INV-05
  Scenario: A hundred invitations have expired, and are kept for thirty-one days more
    When Ryan's phone makes 100 invitations for 1 second
    And 2678400 seconds pass
    And Ryan's phone makes 1 invitation
    Then it is refused with "invalid-state"
    When 1 second passes
    And Ryan's phone makes an invitation called "the next"
    And Ben's phone takes the invitation "the next"
    And Ben's phone offers a hotel key to Ryan's phone
    Then Ryan's phone is in "R:Invited" with the hotel key
    And nobody is told anything

  @INV-05 @INV-09
  Scenario Outline: Of a hundred invitations one is withdrawn, <when>, and there is room for one
    Given Ryan's phone has taken the invitation of Ben's phone
    When Ryan's phone makes an invitation called "the first"
    And <when>
    And Ryan's phone makes 99 invitations
    And Ryan's phone withdraws the invitation "the first"
    And Ryan's phone makes an invitation called "the next"
    And Ben's phone takes the invitation "the next"
    And Ryan's phone makes 1 invitation
    Then it is refused with "invalid-state"

    Examples:
      | when                                                                                         |
      | 1 minute passes                                                                              |
      | Ben's phone sends an offer called "the room" to Ryan's phone by the invitation "the first" |

  @SES-15
  Scenario Outline: A link of the own user is not taken: <of>
    Given Ryan adds a watch
    When <of> makes an invitation called "the link"
    And Ryan's phone takes the invitation "the link"
    Then it is refused with "invalid-state"
    And nobody is told anything

    Examples:
      | of           |
      | Ryan's watch |
      | Ryan's phone |

  # How long: the side that took it

  @INV-05
  Scenario Outline: Nobody has looked at the clock <seconds> seconds after a link was made: it <is> taken
    When Ryan's phone makes an invitation called "the link"
    And nothing arrives by itself
    And the clock moves on by <seconds> seconds
    And Ben's phone takes the invitation "the link"
    Then <result>

    Examples:
      | seconds | is     | result                                  |
      | 604799  | can be | 1 publication of Ben's phone waits      |
      | 604800  | is not | it is refused with "invalid-invitation" |

  @INV-05
  Scenario Outline: A link was taken, and <seconds> seconds after it was made <looked>: an offer by it is <outcome>
    Given Ben's phone has taken the invitation of Ryan's phone
    When nothing arrives by itself
    And the clock moves on by <seconds> seconds
    And <looked>
    And Ben's phone offers a hotel key to Ryan's phone without a link
    Then <result>

    Examples:
      | seconds | looked                         | outcome | result                                  |
      | 604799  | Ben's phone looks at the clock | made    | 1 bundle request of Ben's phone waits   |
      | 604799  | Ben's phone restarts           | made    | 1 bundle request of Ben's phone waits   |
      | 604800  | Ben's phone looks at the clock | refused | it is refused with "invalid-invitation" |
      | 604800  | Ben's phone restarts           | refused | it is refused with "invalid-invitation" |

  @INV-05
  Scenario Outline: The taker's clock is <behind> seconds behind: a link that lives for thirty days is <outcome>
    When Ryan's phone makes an invitation called "the link" for 30 days
    And Ben's phone's clock is <behind> seconds behind
    And Ben's phone takes the invitation "the link"
    Then <result>

    Examples:
      | behind | outcome | result                                  |
      | 172800 | taken   | nobody is told anything                 |
      | 172801 | refused | it is refused with "invalid-invitation" |

  @INV-05
  Scenario Outline: A link that lives for thirty days was taken, and the clock is set back by <behind> seconds: an offer is <outcome>
    When Ryan's phone makes an invitation called "the link" for 30 days
    And Ben's phone takes the invitation "the link"
    And Ben's phone's clock is <behind> seconds behind
    And Ben's phone offers a hotel key to Ryan's phone without a link
    Then <result>

    Examples:
      | behind | outcome | result                                            |
      | 172800 | made    | Ryan's phone is in "R:Invited" with the hotel key |
      | 172801 | refused | it is refused with "invalid-invitation"           |

  # How long: the side that made it

  @INV-05
  Scenario Outline: An offer comes <seconds> seconds after its link for <lifetime> was made, and <looked>: it is <outcome>
    When Ryan's phone makes an invitation called "the link" for <lifetime>
    And nothing arrives by itself
    And Ben's phone sends an offer that expires in the year 9999 called "late" to Ryan's phone by the invitation "the link"
    And Ryan's phone asks for its messages
    And the reading of Ryan's phone arrives, and its answer is held back
    And the clock moves on by <seconds> seconds
    And <looked>
    And the answer arrives
    Then <result>

    Examples:
      | lifetime | seconds | looked                          | outcome | result                                       |
      | 7 days   | 3283199 | Ryan's phone looks at the clock | taken   | Ryan's phone is in "R:Invited" with "late"   |
      | 7 days   | 3283199 | Ryan's phone restarts           | taken   | Ryan's phone is in "R:Invited" with "late"   |
      | 7 days   | 3283200 | Ryan's phone looks at the clock | refused | Ryan's phone is told "invalid-invitation"    |
      | 7 days   | 3283200 | Ryan's phone restarts           | refused | Ryan's phone is told "invalid-invitation"    |
      | 1 second | 2678400 | Ryan's phone restarts           | taken   | Ryan's phone is in "R:Invited" with "late"   |
      | 1 second | 2678401 | Ryan's phone restarts           | refused | Ryan's phone is told "invalid-invitation"    |
      | 30 days  | 5270400 | Ryan's phone restarts           | refused | Ryan's phone is told "invalid-invitation"    |

  @INV-05 @INV-09 @MBX-20
  Scenario: A car key is offered in a link's last second for thirty days, and asked for in the last second of that
    When Ryan's phone makes an invitation called "the link" for 30 days
    And Ben's phone takes the invitation "the link"
    And 2591999 seconds pass
    And Ben's phone offers a car key to Ryan's phone for 30 days
    And 2591999 seconds pass
    And Ryan's phone accepts the car key
    Then Ryan's phone holds the car key
    And Ben's phone is in "S:Completed" with the car key
    And nobody is told anything

  @INV-05 @INV-09 @MBX-20
  Scenario: A sender whose clock is a day behind cancels in its offer's last second, thirty-one days after the link's end
    When Ryan's phone makes an invitation called "the link" for 30 days
    And Ben's phone's clock is 1 day behind
    And Ben's phone takes the invitation "the link"
    And 2678399 seconds pass
    And Ben's phone offers a car key to Ryan's phone for 30 days
    Then Ryan's phone is in "R:Invited" with the car key
    When 2591999 seconds pass
    And Ben's phone cancels the car key
    Then Ben's phone is in "S:Cancelled" with the car key
    And Ryan's phone is told "unexpected-message"
    And nobody is told anything

  @INV-05 @XFER-10
  Scenario: From the second on at which a link has been over for thirty-one days its maker knows nothing of it
    When Ryan's phone makes an invitation called "the link" for 1 second
    And Ben's phone sends an offer called "the room" to Ryan's phone by the invitation "the link"
    Then Ryan's phone is in "R:Invited" with "the room"
    When 2678401 seconds pass
    And Ryan's phone withdraws the invitation "the link"
    Then it is refused with "invalid-invitation"

  # How many transfers

  @INV-05
  Scenario Outline: A sender that does not count has offered ten times by a link, and <then>: the eleventh is refused
    When Ryan's phone makes an invitation called "the link"
    And Ben's phone sends an offer called "1" to Ryan's phone by the invitation "the link"
    And Ben's phone sends an offer called "2" to Ryan's phone by the invitation "the link"
    And Ryan's phone declines "1"
    And Ben's phone sends an offer called "3" to Ryan's phone by the invitation "the link"
    And Ben's phone sends an offer called "4" to Ryan's phone by the invitation "the link"
    And Ben's phone sends an offer called "5" to Ryan's phone by the invitation "the link"
    And Ben's phone sends an offer called "6" to Ryan's phone by the invitation "the link"
    And Ben's phone sends an offer called "7" to Ryan's phone by the invitation "the link"
    And Ben's phone sends an offer called "8" to Ryan's phone by the invitation "the link"
    And Ben's phone sends an offer called "9" to Ryan's phone by the invitation "the link"
    And Ben's phone sends an offer called "10" to Ryan's phone by the invitation "the link"
    Then Ryan's phone is in "R:Invited" with "10"
    When <then>
    And Ben's phone sends an offer called "11" to Ryan's phone by the invitation "the link"
    Then Ryan's phone is told "invalid-invitation"
    And Ryan's phone knows nothing of "11"

    Examples:
      | then                    |
      | 1 minute passes         |
      | Ryan's phone restarts   |
      | Ryan's phone accepts "10" |

  @INV-05
  Scenario: What was offered by a link is counted through a restart
    When Ryan's phone makes an invitation called "the link"
    And Ben's phone takes the invitation "the link"
    And Ben's phone offers a car key called "1" to Ryan's phone
    And Ben's phone offers a car key called "2" to Ryan's phone
    And Ben's phone offers a car key called "3" to Ryan's phone
    And Ben's phone offers a car key called "4" to Ryan's phone
    And Ben's phone offers a car key called "5" to Ryan's phone
    And Ben's phone restarts
    And Ben's phone takes the invitation "the link"
    And Ben's phone offers a car key called "6" to Ryan's phone
    And Ben's phone offers a car key called "7" to Ryan's phone
    And Ben's phone offers a car key called "8" to Ryan's phone
    And Ben's phone offers a car key called "9" to Ryan's phone
    And Ben's phone offers a car key called "10" to Ryan's phone
    Then Ryan's phone is in "R:Invited" with "10"
    When Ben's phone restarts
    And Ben's phone offers a hotel key to Ryan's phone without a link
    Then it is refused with "invalid-invitation"
    And nobody is told anything

  @INV-05
  Scenario: An offer that is refused is none that the link has served
    When Ryan's phone makes an invitation called "the link"
    And Ben's phone sends an offer called "1" to Ryan's phone by the invitation "the link"
    And Ben's phone sends an offer under the id of "1" to Ryan's phone
    And Ben's phone sends an offer called "2" to Ryan's phone by the invitation "the link"
    And Ben's phone sends an offer called "3" to Ryan's phone by the invitation "the link"
    And Ben's phone sends an offer called "4" to Ryan's phone by the invitation "the link"
    And Ben's phone sends an offer called "5" to Ryan's phone by the invitation "the link"
    And Ben's phone sends an offer called "6" to Ryan's phone by the invitation "the link"
    And Ben's phone sends an offer called "7" to Ryan's phone by the invitation "the link"
    And Ben's phone sends an offer called "8" to Ryan's phone by the invitation "the link"
    And Ben's phone sends an offer called "9" to Ryan's phone by the invitation "the link"
    And Ben's phone sends an offer called "10" to Ryan's phone by the invitation "the link"
    Then Ryan's phone is in "R:Invited" with "10"
    And Ryan's phone is told "duplicate-transfer"
    And nobody is told anything

  # Whose it is

  @INV-08
  Scenario Outline: A link has its owner: <then>, and another sender gets nothing by it
    Given Mallory has a phone
    When Ryan's phone makes an invitation called "the link"
    And Mallory's phone takes the invitation "the link"
    And Mallory's phone offers a car key called "the trap" to Ryan's phone
    And <then>
    And Ben's phone takes the invitation "the link"
    And Ben's phone offers a hotel key called "the room" to Ryan's phone
    Then Ryan's phone is told "invalid-invitation"
    And Ryan's phone knows nothing of "the room"
    And 0 messages wait for Ryan's phone
    When Mallory's phone offers a car key called "another trap" to Ryan's phone
    Then Ryan's phone is in "R:Invited" with "another trap"
    And nobody is told anything

    Examples:
      | then                             |
      | Ryan's phone restarts            |
      | everybody restarts               |
      | Ryan's phone declines "the trap" |
      | Mallory's phone cancels "the trap" |
      | 49 hours pass                    |

  @INV-08 @PAY-14
  Scenario: Who has a link and not its secret does not come to own it
    Given Mallory has a phone
    When Ryan's phone makes an invitation called "the link"
    And Mallory's phone sends an offer with a wrong MAC called "the trap" to Ryan's phone by the invitation "the link"
    Then Ryan's phone is told "invalid-invitation"
    And Ryan's phone knows nothing of "the trap"
    When Ben's phone takes the invitation "the link"
    And Ben's phone offers a hotel key called "the room" to Ryan's phone
    Then Ryan's phone is in "R:Invited" with "the room"
    And nobody is told anything

  @INV-08 @PAY-14
  Scenario Outline: The owner of a link, <state>, sends <payload>, and it is refused
    When Ryan's phone makes an invitation called "the link"
    And Ben's phone takes the invitation "the link"
    And Ben's phone offers a car key called "the car" to Ryan's phone
    And <state>
    And Ben's phone sends <payload> called "the boat" to Ryan's phone by the invitation "the link"
    Then Ryan's phone is told "<code>"
    And Ryan's phone knows nothing of "the boat"
    And 0 messages wait for Ryan's phone
    When Ryan's phone accepts "the car"
    Then <end>

    Examples:
      | payload                   | state                            | code               | end                                          |
      | an offer with a wrong MAC | 1 minute passes                  | invalid-invitation | Ben's phone is in "S:Completed" with "the car" |
      | an offer with a wrong MAC | Ryan's phone restarts            | invalid-invitation | Ben's phone is in "S:Completed" with "the car" |
      | an offer with a wrong MAC | Ryan's phone declines "the car"  | invalid-invitation | it is refused with "invalid-state"           |
      | an offer without a MAC    | 1 minute passes                  | untrusted-identity | Ben's phone is in "S:Completed" with "the car" |
      | an offer without a MAC    | Ryan's phone restarts            | untrusted-identity | Ben's phone is in "S:Completed" with "the car" |

  @INV-08
  Scenario Outline: Whose key is named needs no invitation: <named>
    When Ben's phone offers a car key called "the car" to Ryan's phone
    And <named>
    And Ben's phone sends an offer without a MAC called "the room" to Ryan's phone
    Then Ryan's phone is in "R:Invited" with "the room"
    And nobody is told anything

    Examples:
      | named                                                  |
      | Ryan's phone compares fingerprints with Ben's phone    |
      | Ryan's phone has taken the invitation of Ben's phone   |

  @INV-08 @PAY-14
  Scenario Outline: Whose key is named is held to the invitation that an offer of it names: <named>
    When Ben's phone offers a car key called "the car" to Ryan's phone
    And <named>
    And Ben's phone sends an offer with a wrong MAC called "the room" to Ryan's phone
    Then Ryan's phone is told "invalid-invitation"
    And Ryan's phone knows nothing of "the room"
    And nobody is told anything

    Examples:
      | named                                                  |
      | Ryan's phone compares fingerprints with Ben's phone    |
      | Ryan's phone has taken the invitation of Ben's phone   |

  @INV-08 @INV-01
  Scenario Outline: A link of the receiver's watch says nothing to its phone: <then>
    Given Ryan adds a watch
    When Ryan's watch makes an invitation called "of the watch"
    And <then>
    And Ben's phone sends an offer called "the room" to Ryan's phone by the invitation "of the watch"
    Then Ryan's phone is told "invalid-invitation"
    And Ryan's phone knows nothing of "the room"
    And Ryan's watch knows nothing of "the room"
    And nobody is told anything

    Examples:
      | then                                                   |
      | Ryan's phone makes an invitation called "of the phone" |
      | Ryan's phone restarts                                  |

  @INV-08 @RND-02
  Scenario Outline: A stranger's <words> open nothing, and its next offer is taken
    When Ryan's phone makes an invitation called "the link"
    And Ben's phone offers a car key called "the car" to Ryan's phone
    Given Mallory has a phone
    When Mallory's phone says <words> about "the car" to Ryan's phone
    Then Ryan's phone is told "untrusted-identity"
    And 0 messages wait for Mallory's phone
    And Ryan's phone is in "R:Invited" with "the car"
    When Mallory's phone sends an offer called "the room" to Ryan's phone by the invitation "the link"
    Then Ryan's phone is in "R:Invited" with "the room"
    And nobody is told anything

    Examples:
      | words                                |
      | a cancel                             |
      | a decline                            |
      | another signing request              |
      | a key import request that does not hold |
      | that it is provisioned               |

  # What is published, and when

  @INV-09
  Scenario Outline: A link is withdrawn <when>, and a further offer by it is refused
    When Ryan's phone makes an invitation called "the link"
    And Ben's phone sends an offer called "the car" to Ryan's phone by the invitation "the link"
    And <when>
    And Ryan's phone withdraws the invitation "the link"
    And Ben's phone sends an offer called "the room" to Ryan's phone by the invitation "the link"
    Then Ryan's phone is told "invalid-invitation"
    And Ryan's phone is in "R:Invited" with "the car"
    And Ryan's phone knows nothing of "the room"
    When Ryan's phone withdraws the invitation "the link"
    Then it is refused with "invalid-invitation"

    Examples:
      | when                  |
      | 1 minute passes       |
      | Ryan's phone restarts |

  @INV-09
  Scenario Outline: A link is withdrawn once it has served: <then> the transfer goes on by its access key
    When Ryan's phone makes an invitation called "the link"
    And Ben's phone takes the invitation "the link"
    And Ben's phone offers a car key called "the car" to Ryan's phone
    And Ryan's phone withdraws the invitation "the link"
    And <then>
    And Ryan's phone accepts "the car"
    Then Ryan's phone holds "the car"
    And Ben's phone is in "S:Completed" with "the car"
    And nobody is told anything

    Examples:
      | then                  |
      | 1 minute passes       |
      | Ryan's phone restarts |
      | 47 hours pass         |

  @INV-09 @MBX-21
  Scenario: The access key of a link that was withdrawn after a transfer opens the mailbox until it ends by itself
    When Ryan's phone makes an invitation called "the link"
    And Ben's phone takes the invitation "the link"
    And 604799 seconds pass
    And Ben's phone offers a car key called "the car" to Ryan's phone for 30 days
    And Ryan's phone withdraws the invitation "the link"
    And 2591999 seconds pass
    And Ryan's phone accepts "the car"
    Then Ryan's phone holds "the car"
    And Ben's phone is in "S:Completed" with "the car"
    And nobody is told anything

  @INV-09
  Scenario Outline: The access key for the answers is published before anything is asked for an offer, though <fault>
    When Ryan's phone makes an invitation called "the link"
    And nothing arrives by itself
    And Ben's phone takes the invitation "the link"
    And Ben's phone offers a car key called "the car" to Ryan's phone
    Then 1 request waits with Ben's phone
    And 1 publication of Ben's phone waits
    When <fault>
    And Ben's phone looks at the clock
    Then 1 publication of Ben's phone waits
    And 0 bundle requests of Ben's phone wait
    When the publication of Ben's phone arrives
    Then 0 publications of Ben's phone wait
    And 1 bundle request of Ben's phone waits
    When everything arrives
    And Ryan's phone accepts "the car"
    Then Ben's phone is in "S:Completed" with "the car"
    And nobody is told anything

    Examples:
      | fault                                                         |
      | the publication of Ben's phone arrives, and its answer is lost |
      | Ben's phone restarts                                          |

  @INV-09
  Scenario Outline: What is to be published is answered with "<lie>": nothing is offered before it is
    When Ryan's phone makes an invitation called "the link"
    And the intermediary answers the next publication of Ben's phone with "<lie>"
    And Ben's phone takes the invitation "the link"
    And Ben's phone offers a car key called "the car" to Ryan's phone
    Then Ben's phone is told "<lie>"
    And Ryan's phone knows nothing of "the car"
    And 20 one-time prekeys of Ryan's phone are left
    And nobody is told anything

    Examples:
      | lie        |
      | too-large  |
      | malformed  |

  @INV-09
  Scenario: The intermediary refuses to know a link's access key: there is no link, and one more can be made
    When the intermediary answers the next publication of Ryan's phone with "too-large"
    And Ryan's phone makes 1 invitation
    Then Ryan's phone is told "too-large"
    When Ryan's phone makes 99 invitations
    And Ryan's phone makes an invitation called "the hundredth"
    And Ben's phone takes the invitation "the hundredth"
    Then nobody is told anything

  @INV-09 @MBX-15
  Scenario Outline: The receiver's phone leaves the intermediary and joins it again, <then>: its link still serves
    When Ryan's phone makes an invitation called "the link"
    And Ben's phone takes the invitation "the link"
    And Ryan's phone leaves the intermediary
    And <then>
    And Ryan's phone joins the intermediary again
    And Ben's phone offers a car key called "the car" to Ryan's phone
    Then Ryan's phone is in "R:Invited" with "the car"
    When Ryan's phone accepts "the car"
    Then Ben's phone is in "S:Completed" with "the car"
    And nobody is told anything

    Examples:
      | then                  |
      | 1 minute passes       |
      | Ryan's phone restarts |

  @INV-09 @MBX-15
  Scenario Outline: The sender's phone leaves the intermediary and joins it again, <then>: the answers still reach it
    When Ben's phone offers a car key called "the car" to Ryan's phone
    And Ben's phone leaves the intermediary
    And <then>
    And Ben's phone joins the intermediary again
    And Ryan's phone accepts "the car"
    Then Ryan's phone holds "the car"
    And Ben's phone is in "S:Completed" with "the car"
    And nobody is told anything

    Examples:
      | then                 |
      | 1 minute passes      |
      | Ben's phone restarts |

  @WAL-02 @INV-09 @MBX-15
  Scenario Outline: A link is made, and the phone leaves the intermediary before its access key is kept, <then>: whoever joins again publishes it, once
    When nothing arrives by itself
    And Ryan's phone makes an invitation called "the link"
    And Ryan's phone leaves the intermediary
    And the removal of Ryan's phone arrives
    Then 0 publications of Ryan's phone wait
    When <then>
    And Ryan's phone joins the intermediary again
    And the registration of Ryan's phone arrives
    Then 1 publication of Ryan's phone waits
    When everything arrives
    Then nobody is told anything

    Examples:
      | then                  |
      | 1 minute passes       |
      | Ryan's phone restarts |

  @WAL-02 @INV-09 @MBX-15
  Scenario Outline: A link is taken, and the phone leaves the intermediary before its access key for the answers is kept, <then>: whoever joins again publishes it, once
    When Ryan's phone makes an invitation called "the link"
    And nothing arrives by itself
    And Ben's phone takes the invitation "the link"
    And Ben's phone offers a car key called "the car" to Ryan's phone
    And Ben's phone leaves the intermediary
    And the removal of Ben's phone arrives
    And <then>
    Then 0 requests wait with Ben's phone
    When Ben's phone joins the intermediary again
    And the registration of Ben's phone arrives
    Then 1 publication of Ben's phone waits
    And 0 bundle requests of Ben's phone wait
    When everything arrives
    And Ryan's phone accepts "the car"
    Then Ben's phone is in "S:Completed" with "the car"
    And nobody is told anything

    Examples:
      | then                 |
      | 1 minute passes      |
      | Ben's phone restarts |

  @WAL-02 @MBX-15
  Scenario Outline: An offer is on its way when the phone leaves the intermediary, <then>: it waits, and goes once the phone has joined again
    When Ryan's phone makes an invitation called "the link"
    And Ben's phone takes the invitation "the link"
    And nothing arrives by itself
    And Ben's phone offers a car key called "the car" to Ryan's phone
    And <asked>
    And Ben's phone leaves the intermediary
    And the removal of Ben's phone arrives
    And <then>
    Then 0 requests wait with Ben's phone
    When Ben's phone joins the intermediary again
    And the registration of Ben's phone arrives
    Then 0 submissions of Ben's phone wait
    And 0 bundle requests of Ben's phone wait
    When everything arrives
    Then Ryan's phone is in "R:Invited" with "the car"
    And nobody is told anything

    Examples:
      | asked                                    | then                 |
      | 1 second passes                          | 1 minute passes      |
      | 1 second passes                          | Ben's phone restarts |
      | the bundle request of Ben's phone arrives | 1 minute passes      |
      | the bundle request of Ben's phone arrives | Ben's phone restarts |

  # Two users who compare numbers

  @X3DH-16 @SES-18
  Scenario Outline: The number that is compared is another one, <then>: the key is not named, and nothing goes to it
    When Ben's phone offers a car key called "the car" to Ryan's phone
    And <then>
    And Ryan's phone compares fingerprints with Ben's phone, and is shown another number
    Then it is refused with "untrusted-identity"
    When Ryan's phone offers a hotel key to Ben's phone without a link
    Then it is refused with "untrusted-identity"
    And 0 messages wait for Ben's phone
    And nobody is told anything

    Examples:
      | then                           |
      | Ryan's phone restarts          |
      | Ryan's phone accepts "the car" |

  @X3DH-15 @SES-18
  Scenario Outline: A key that was named by comparing stays named when an offer pins it again, <then>
    When Ben's phone offers a car key called "the car" to Ryan's phone
    And Ryan's phone compares fingerprints with Ben's phone
    And Ben's phone offers a car key called "the van" to Ryan's phone
    And <then>
    And Ryan's phone offers a hotel key to Ben's phone without a link
    Then Ben's phone is in "R:Invited" with the hotel key
    And nobody is told anything

    Examples:
      | then                  |
      | Ryan's phone restarts |
      | 3 days pass           |

  @INV-09 @MBX-21
  Scenario Outline: Of two links that wait to be published anew one is withdrawn: the other still lets an offer in, <then>
    When Ryan's phone makes an invitation called "the first"
    And Ryan's phone makes an invitation called "the second"
    And Ben's phone takes the invitation "the second"
    And Ryan's phone leaves the intermediary
    And nothing arrives by itself
    And Ryan's phone joins the intermediary again
    And the registration of Ryan's phone arrives
    And Ryan's phone withdraws the invitation "the first"
    And <then>
    And 1 minute passes
    And everything arrives
    And Ben's phone offers a hotel key to Ryan's phone
    And Ryan's phone accepts the hotel key
    Then Ryan's phone holds the hotel key
    And Ben's phone is in "S:Completed" with the hotel key
    And nobody is told anything

    Examples:
      | then                  |
      | 1 minute passes       |
      | Ryan's phone restarts |

  @INV-08
  Scenario Outline: A link is the key's that offered first: a tablet that has the lost watch's number, and another key, is refused, <then>
    Given Ben adds a watch
    When Ryan's phone makes an invitation called "the link"
    And Ben's watch takes the invitation "the link"
    And Ben's watch offers a hotel key called "the room" to Ryan's phone
    And Ryan's phone drops the pin of Ben's watch
    And Ben's phone takes Ben's watch off the intermediary
    And Ben adds a tablet
    And <then>
    And Ben's tablet takes the invitation "the link"
    And Ben's tablet offers a hotel key to Ryan's phone without a link
    Then Ryan's phone is told "invalid-invitation"
    And Ryan's phone knows nothing of the hotel key

    Examples:
      | then                  |
      | 1 minute passes       |
      | Ryan's phone restarts |

  @INV-05
  Scenario: A link that has served ten offers serves none more when it is taken again
    When Ryan's phone makes an invitation called "the link"
    And Ben's phone takes the invitation "the link"
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
    And Ben's phone restarts
    And Ben's phone takes the invitation "the link"
    And Ben's phone offers a hotel key to Ryan's phone without a link
    Then it is refused with "invalid-invitation"
    And nobody is told anything

  @INV-05
  Scenario: Invitations that have expired count among the hundred until they are erased, after a restart too
    When Ryan's phone makes 100 invitations for 1 hour
    And Ryan's phone restarts
    And 2 hours pass
    And Ryan's phone makes 1 invitation
    Then it is refused with "invalid-state"
    When 31 days pass
    And Ryan's phone makes an invitation called "the next"
    And Ben's phone takes the invitation "the next"
    And Ben's phone offers a hotel key to Ryan's phone
    Then Ryan's phone is in "R:Invited" with the hotel key
    And nobody is told anything
