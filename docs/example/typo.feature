Feature: A typo
  What an error looks like.

  @XFER-01
  Scenario: One word is wrong
    Given Ben has a phone
    When Ben's phone offer a car key to Ryan's phone
