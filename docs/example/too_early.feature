Feature: Too early
  Nobody holds a key that was not accepted: this scenario expects it, and does not come off.

  @XFER-09
  Scenario: A key before it was accepted
    Given Ben has a phone
    And Ryan has a phone
    When Ben's phone offers a hotel key to Ryan's phone
    Then Ryan's phone holds the hotel key
