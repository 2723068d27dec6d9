/** Role `primitives`: payloads. Their parameters come as they were parsed, so that what is unknown is kept to the letter (PAY-03). */
import { checkAddress } from '../wallet/address.mjs';
import { fromHex } from '../wallet/bytes.mjs';
import { fingerprint } from '../wallet/invitation.mjs';
import { JsonObject } from '../wallet/json.mjs';
import * as payloads from '../wallet/payload.mjs';
import { check } from '../wallet/public_key.mjs';
import { plain, withBytes } from './lines.mjs';

const BYTES = ['invitation', 'accessKey', 'keyCreationRequest', 'authorizationToken', 'keySigningRequest', 'keyImportRequest'];
const UNKNOWN = ['unknownContent', 'unknownTop'];

function readPayload(params) {
  const payload = withBytes(plain(params), BYTES);
  for (const name of UNKNOWN) payload[name] = params.get(name) ?? new JsonObject();
  const { handle, atLeast, offerKey, sender, receiver, ...members } = payload;
  return members;
}

function party({ address, identityKey }) {
  return { address: checkAddress(address), identityKey: check(fromHex(identityKey, 'identityKey')) };
}

function parties(params) {
  const { offerKey, sender, receiver } = plain(params);
  const { address, identityKey } = party(receiver);
  return [fromHex(offerKey, 'offerKey'), party(sender), { address, fingerprint: fingerprint(identityKey) }];
}

export const payload = {
  'payload.decode'(params) {
    const { mac, ...decoded } = payloads.decode(fromHex(params.get('plaintext'), 'plaintext'));
    return decoded;
  },
  'payload.encode': (params) => ({ plaintext: payloads.encode(readPayload(params), params.get('atLeast') ? plain(params.get('atLeast')) : 0) }),
  'payload.encode_offer': (params) => ({ plaintext: payloads.encodeOffer(readPayload(params), ...parties(params)) }),
  'payload.check_offer'(params) {
    payloads.checkOffer(fromHex(params.get('plaintext'), 'plaintext'), ...parties(params));
    return {};
  },
};
