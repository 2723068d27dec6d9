Feature: Clients that ask in any order
  No wallets here: three clients make requests of a fixed list, whenever and as often as the script says, and
  each answer is held to what the intermediary owes by then. The model of the intermediary tells what it
  finds in these words.

  Background:
    Given three clients that are no wallets

  @tigress-1 @MBX-03 @MBX-13 @MBX-17 @MBX-18
  Scenario: One one-time prekey for a link, however often it is asked for and the intermediary stops
    When the request "Ben's phone registers" arrives, and the intermediary stops before it answers
    And the request "Ben's phone registers" arrives
    And the request "Ryan's phone registers" arrives
    And the request "Ben's phone publishes a link" arrives
    And the request "Ryan's phone fetches a bundle by the link" arrives, and the intermediary stops before it answers
    And the request "Ryan's phone fetches a bundle by the link" arrives
    And the request "Ben's phone counts its one-time prekeys" arrives
    And the request "Ryan's phone fetches another bundle by the link" arrives
    And the request "Ben's phone counts its one-time prekeys" arrives
    Then a restart of the intermediary changes nothing

  @tigress-1 @MBX-07 @MBX-08 @MBX-09 @MBX-10 @MBX-13 @MBX-18 @MBX-19
  Scenario: Messages wait until they are acknowledged or their time is over
    When the request "Ben's phone registers" arrives
    And the request "Ryan's phone registers" arrives
    And the request "Ben's phone publishes a link" arrives
    And the request "Ryan's phone submits a message by the link" arrives, and the intermediary stops before it answers
    And the request "Ryan's phone submits another message by the link" arrives
    And the request "Ryan's phone submits a message by the link" arrives
    And the request "Ben's phone reads" arrives
    And the clock moves on by 12 hours
    And the request "Ben's phone reads" arrives
    And the request "Ben's phone acknowledges the second message" arrives, and the intermediary stops before it answers
    And the request "Ben's phone reads" arrives
    And the request "Ryan's phone submits other words under the id of the message" arrives

  @tigress-1 @MBX-01 @MBX-12 @MBX-15
  Scenario: A device comes, goes and comes back
    When the request "Ben's phone registers" arrives
    And the request "Ben's watch registers" arrives
    And the request "Ben's phone publishes a link" arrives
    And the request "Ben's watch removes Ben's phone" arrives
    And the request "Ben's phone reads" arrives
    And the request "Ben's phone registers anew" arrives
    And the request "Ben's watch removes Ben's phone" arrives
    And the request "Ben's phone reads" arrives

  @tigress-1 @KEY-09 @MBX-02
  Scenario Outline: What its key has not signed is not published: <request>
    When the request <request> arrives

    Examples:
      | request                                                                |
      | "Ryan's phone registers with a key that is none"                       |
      | "Ryan's phone registers with a signed prekey that another has signed"  |
      | "Ryan's phone registers with a statement of another time"              |
      | "Ryan's phone registers with a statement of other suites"              |
      | "Ryan's phone registers with a statement of another registration id"   |
