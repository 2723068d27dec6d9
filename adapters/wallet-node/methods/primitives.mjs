/** Role `primitives`: functions without state. */
import { checkAddress, checkPrekeyId, checkUuid } from '../wallet/address.mjs';
import { fromHex } from '../wallet/bytes.mjs';
import * as carKey from '../wallet/car_key.mjs';
import * as invitation from '../wallet/invitation.mjs';
import * as kdf from '../wallet/kdf.mjs';
import * as cipher from '../wallet/message_cipher.mjs';
import * as publicKey from '../wallet/public_key.mjs';
import { GivenRandomness } from '../wallet/randomness.mjs';
import { stepChain } from '../wallet/ratchet.mjs';
import { must } from '../wallet/refusal.mjs';
import { checkBundle } from '../wallet/statement.mjs';
import * as wire from '../wallet/wire.mjs';
import * as x3dh from '../wallet/x3dh.mjs';
import * as xeddsa from '../wallet/xeddsa.mjs';
import { optionalHex, readBundle, withBytes } from './lines.mjs';

const given = (text) => new GivenRandomness(fromHex(text, 'randomness'));

/** X3DH-15. */
function checkPin(pinned, identityKey) {
  must(!pinned || pinned.equals(identityKey), 'untrusted-identity', 'another identity key is pinned (X3DH-15)');
}

const ratchetFields = (params) => withBytes(params, ['messageKey', 'associatedData', 'ratchetKey', 'plaintext', 'ciphertext']);

function party({ address, identityKey }) {
  return { address: checkAddress(address), identityKey: publicKey.check(fromHex(identityKey, 'identityKey')) };
}

export const primitives = {
  'public_key.decode': (params) => ({ u: publicKey.decode(fromHex(params.publicKey, 'publicKey')) }),
  'public_key.derive': (params) => ({ publicKey: publicKey.derive(fromHex(params.privateKey, 'privateKey')) }),

  'xeddsa.sign'(params) {
    const { privateKey, message } = withBytes(params, ['privateKey', 'message']);
    return { signature: xeddsa.sign(privateKey, message, given(params.randomness).draw(64)) };
  },
  'xeddsa.verify'(params) {
    const { publicKey: key, message, signature } = withBytes(params, ['publicKey', 'message', 'signature']);
    xeddsa.verify(key, message, signature);
    return {};
  },

  'x3dh.initiate'(params) {
    const address = checkAddress(params.address);
    const privateKey = fromHex(params.identityPrivateKey, 'identityPrivateKey');
    const own = { address, privateKey, identityKey: publicKey.derive(privateKey), registrationId: params.registrationId };
    const bundle = readBundle(params.bundle);
    checkBundle(bundle, params.now);
    checkPin(optionalHex(params.pinnedIdentityKey, 'pinnedIdentityKey'), bundle.identityKey);
    const { session, secret } = x3dh.initiate(own, bundle, given(params.randomness));
    const { message } = x3dh.encrypt(session, fromHex(params.plaintext, 'plaintext'));
    return { sharedSecret: secret, associatedData: session.ratchet.associatedData, message };
  },
  'x3dh.respond'(params) {
    const address = checkAddress(params.address);
    const privateKey = fromHex(params.identityPrivateKey, 'identityPrivateKey');
    const own = { address, privateKey, identityKey: publicKey.derive(privateKey) };
    checkPrekeyId(params.signedPreKeyId, 'the signed prekey id');
    if (params.oneTimePreKeyId !== undefined) checkPrekeyId(params.oneTimePreKeyId, 'the one-time prekey id');
    const message = wire.decodePrekey(fromHex(params.message, 'message'));
    checkPin(optionalHex(params.pinnedIdentityKey, 'pinnedIdentityKey'), message.identityKey);
    must(message.signedPreKeyId === params.signedPreKeyId, 'unknown-signed-prekey', 'there is no such signed prekey (X3DH-08)');
    const known = message.preKeyId === undefined || message.preKeyId === params.oneTimePreKeyId;
    must(known, 'unknown-one-time-prekey', 'there is no such one-time prekey (X3DH-09)');
    const signedPreKey = publicKey.keyPair(fromHex(params.signedPreKeyPrivateKey, 'signedPreKeyPrivateKey'));
    const oneTimePreKey = message.preKeyId && publicKey.keyPair(fromHex(params.oneTimePreKeyPrivateKey, 'oneTimePreKeyPrivateKey'));
    const { session, secret } = x3dh.respond(own, checkAddress(params.sender), message, signedPreKey, oneTimePreKey);
    const { plaintext } = x3dh.decrypt(session, message.inner);
    return { sharedSecret: secret, associatedData: session.ratchet.associatedData, plaintext };
  },
  'x3dh.shared_secret'(params) {
    const { dh1, dh2, dh3, dh4 } = withBytes(params, ['dh1', 'dh2', 'dh3', 'dh4']);
    return { sharedSecret: kdf.sharedSecret([dh1, dh2, dh3, ...(dh4 ? [dh4] : [])]) };
  },
  'fingerprint.compute': (params) => ({ fingerprint: x3dh.fingerprint(party(params.own), party(params.peer)) }),

  'ratchet.root_step'(params) {
    const { rootKey, chainKey } = kdf.rootStep(fromHex(params.rootKey, 'rootKey'), fromHex(params.dh, 'dh'));
    return { nextRootKey: rootKey, chainKey };
  },
  'ratchet.chain_step'(params) {
    const { messageKey, chainKey, counter } = stepChain(fromHex(params.chainKey, 'chainKey'), params.counter);
    return { messageKey, nextChainKey: chainKey, nextCounter: counter };
  },
  'ratchet.message_key': (params) => ({ expanded: kdf.expandMessageKey(fromHex(params.messageKey, 'messageKey')) }),
  'ratchet.encrypt'(params) {
    const fields = ratchetFields(params);
    publicKey.check(fields.ratchetKey);
    return { ciphertext: cipher.encrypt(fields.messageKey, fields.associatedData, fields, fields.plaintext) };
  },
  'ratchet.decrypt'(params) {
    const fields = ratchetFields(params);
    publicKey.check(fields.ratchetKey);
    return { plaintext: cipher.decrypt(fields.messageKey, fields.associatedData, fields, fields.ciphertext) };
  },

  'wire.decode_ratchet': (params) => wire.decodeRatchet(fromHex(params.message, 'message')),
  'wire.encode_ratchet': (params) => ({ message: wire.encodeRatchet(withBytes(params, ['ratchetKey', 'ciphertext'])) }),
  'wire.decode_prekey'(params) {
    const { inner, ...fields } = wire.decodePrekey(fromHex(params.message, 'message'));
    return fields;
  },
  'wire.encode_prekey': (params) => ({ message: wire.encodePrekey(withBytes(params, ['baseKey', 'identityKey', 'ratchetMessage'])) }),

  'invitation.parse'(params) {
    const { address, vertical, host, fingerprint, id, secret, expires, requestUrl } = invitation.parse(params.link);
    return { host, address, vertical, fingerprint, id, secret, expires, accessKey: kdf.accessKey(secret), offerKey: kdf.offerKey(secret), requestUrl };
  },
  'invitation.make'(params) {
    const identityKey = fromHex(params.identityKey, 'identityKey');
    return { link: invitation.make({ ...params, identityKey }, given(params.randomness)) };
  },
  'invitation.check'(params) {
    invitation.checkKey(invitation.parse(params.link), fromHex(params.identityKey, 'identityKey'));
    return {};
  },
  'invitation.take'(params) {
    invitation.checkTake(invitation.parse(params.link), params.now);
    return {};
  },
  'invitation.honour'(params) {
    invitation.checkHonour(invitation.parse(params.link), params.now);
    return {};
  },

  'car_key.creation_request': (params) => ({ request: carKey.creationRequest(carKey.draw(given(params.randomness))) }),
  'car_key.check_creation_request': (params) => ({ publicKey: carKey.checkKey(fromHex(params.request, 'request')) }),
  'car_key.signing_request'(params) {
    const key = carKey.draw(given(params.randomness));
    return { request: carKey.signingRequest(checkUuid(params.transfer, 'the transfer'), key) };
  },
  'car_key.check_signing_request': (params) => ({
    publicKey: carKey.checkSigningRequest(checkUuid(params.transfer, 'the transfer'), fromHex(params.request, 'request')),
  }),
  'car_key.import_request'(params) {
    const { ownerPrivateKey, receiverKey } = withBytes(params, ['ownerPrivateKey', 'receiverKey']);
    carKey.checkKey(receiverKey);
    return { request: carKey.importRequest(checkUuid(params.transfer, 'the transfer'), ownerPrivateKey, receiverKey) };
  },
  'car_key.check_import_request'(params) {
    const { ownerKey, receiverKey, request } = withBytes(params, ['ownerKey', 'receiverKey', 'request']);
    [ownerKey, receiverKey].forEach(carKey.checkKey);
    carKey.checkImportRequest(checkUuid(params.transfer, 'the transfer'), ownerKey, receiverKey, request);
    return {};
  },
};
