/**
 * The table of section 9 (XFER-01), row by row: what is not in it is refused.
 *
 * `flow` is stateful (a car key) or stateless (a token), where a row is of one alone; `when` names what must hold beside, by the functions of
 * transfers.mjs. Events are those of the user by their names, and messages by `message:` and their type.
 */
export const TABLE = [
  { from: null, event: 'offer', to: 'S:Offered', sends: 'provisioningInformation' },
  { from: 'S:Offered', event: 'out', to: 'S:Offered' },
  { from: 'S:Offered', flow: 'stateful', event: 'message:keySigningRequest', to: 'S:Signed', sends: 'keyImportRequest' },
  { from: 'S:Signed', event: 'out', to: 'S:Signed' },
  { from: 'S:Signed', event: 'message:keySigningRequest', to: 'S:Signed', sends: 'keyImportRequest' },
  { from: 'S:Offered', flow: 'stateless', event: 'message:provisioned', to: 'S:Completed' },
  { from: 'S:Signed', event: 'message:provisioned', to: 'S:Completed' },
  { from: 'S:Offered', event: 'cancel', when: 'offerIsOut', to: 'S:Cancelled', sends: 'cancel', reports: 'credential-may-be-out' },
  { from: 'S:Offered', event: 'cancel', to: 'S:Cancelled' },
  { from: 'S:Signed', event: 'cancel', to: 'S:Cancelled', sends: 'cancel', reports: 'credential-may-be-out' },
  { from: 'S:Offered', event: 'message:decline', to: 'S:Declined', reports: 'credential-may-be-out' },
  { from: 'S:Signed', event: 'message:decline', to: 'S:Declined', reports: 'credential-may-be-out' },
  { from: 'S:Offered', event: 'message:cancel', to: 'S:Cancelled', reports: 'credential-may-be-out' },
  { from: 'S:Signed', event: 'message:cancel', to: 'S:Cancelled', reports: 'credential-may-be-out' },
  { from: 'S:Offered', event: 'tick', to: 'S:Expired', reports: 'credential-may-be-out' },
  { from: 'S:Signed', event: 'tick', to: 'S:Expired', reports: 'credential-may-be-out' },
  { from: 'S:Cancelled', event: 'message:provisioned', to: 'S:Cancelled', reports: 'provisioned-after-end' },
  { from: 'S:Expired', event: 'message:provisioned', to: 'S:Expired', reports: 'provisioned-after-end' },

  { from: null, event: 'message:provisioningInformation', when: 'formatIsSupported', to: 'R:Invited' },
  { from: null, event: 'message:provisioningInformation', to: 'R:Declined', sends: 'decline' },
  { from: 'R:Invited', flow: 'stateless', event: 'accept', to: 'R:Provisioned', sends: 'provisioned' },
  { from: 'R:Invited', flow: 'stateful', event: 'accept', to: 'R:Requested', sends: 'keySigningRequest' },
  { from: 'R:Requested', event: 'message:keyImportRequest', when: 'attestationHolds', to: 'R:Provisioned', sends: 'provisioned' },
  { from: 'R:Requested', event: 'message:keyImportRequest', to: 'R:Failed', sends: 'cancel', reports: 'attestation-invalid' },
  { from: 'R:Invited', event: 'decline', to: 'R:Declined', sends: 'decline' },
  { from: 'R:Invited', event: 'cancel', to: 'R:Cancelled', sends: 'cancel' },
  { from: 'R:Requested', event: 'cancel', to: 'R:Cancelled', sends: 'cancel' },
  { from: 'R:Invited', event: 'message:cancel', to: 'R:Cancelled' },
  { from: 'R:Requested', event: 'message:cancel', to: 'R:Cancelled' },
  { from: 'R:Invited', event: 'tick', to: 'R:Expired' },
  { from: 'R:Requested', event: 'tick', to: 'R:Expired' },
];

/** The states in which a transfer is under way. */
const UNDER_WAY = ['S:Offered', 'S:Signed', 'R:Invited', 'R:Requested'];

export const hasEnded = (state) => !UNDER_WAY.includes(state);
