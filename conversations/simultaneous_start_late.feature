@SES-03 @SES-05 @SES-06 @SES-08
Feature: Second letters of two starts arrive late
  Sesame 2.1: two devices open a session each at once, and both write on before what they wrote second has arrived. A
  message that is late belongs to a session that is not the active one any more, on both sides; it is read, and nothing
  else is lost by it.

  Scenario: Each has written twice, and once more before the second letters come
    Given Ben has a device with 5 one-time prekeys
    And Ryan has a device with 5 one-time prekeys
    When Ben takes Ryan's bundle with a one-time prekey
    And Ryan takes Ben's bundle with a one-time prekey
    And Ben sends "from Ben"
    And Ben sends "second of Ben"
    And Ryan sends "from Ryan"
    And Ryan sends "second of Ryan"
    Then Ben reads "from Ryan"
    And Ryan reads "from Ben"
    When Ben sends "third of Ben"
    And Ryan sends "third of Ryan"
    Then Ben reads "third of Ryan"
    And Ryan reads "third of Ben"
    And Ben reads "second of Ryan"
    And Ryan reads "second of Ben"
    When Ben and Ryan take 3 turns
