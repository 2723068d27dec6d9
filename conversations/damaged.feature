@DR-15
Feature: A damaged message, then the genuine one
  Double Ratchet 3.5: if a message does not authenticate, it is discarded, and so are all changes to the state. Else
  whoever can put one message on the wire can end a conversation.

  Scenario Outline: The <part> of a letter is damaged, at the start of a chain and within it
    Given Ben has a device with 5 one-time prekeys
    And Ryan has a device with 5 one-time prekeys
    When Ben takes Ryan's bundle with a one-time prekey
    And Ben sends "hello"
    Then Ryan reads "hello"
    When Ryan sends "welcome"
    Then Ben reads "welcome"
    When Ben sends "new chain"
    Then Ryan refuses "new chain" with its <part> damaged
    And Ryan reads "new chain"
    When Ben sends 3 letters called "same chain"
    Then Ryan refuses "same chain" with its <part> damaged
    And Ryan reads every "same chain" the last first
    When Ryan sends "answer"
    Then Ben refuses "answer" with its <part> damaged
    And Ben reads "answer"
    When Ben and Ryan take 3 turns

    Examples:
      | part        |
      | MAC         |
      | ciphertext  |
      | ratchet key |
