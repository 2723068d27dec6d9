/**
 * Requests that the intermediary has not answered (WAL-02, MBX-13): by id { body, sponsor, wrong, message }.
 *
 * `sponsor` is the token of a sibling that a registration bears; `wrong` counts answers that were none; `message` is the number of the message
 * in the outbox that the request is for, if it is for one.
 */
import { sameAddress } from './address.mjs';
import * as inbox from './inbox.mjs';
import * as links from './links.mjs';
import * as membership from './membership.mjs';
import * as outbox from './outbox.mjs';
import { must } from './refusal.mjs';

/** With which wrong answer a request is given up (WAL-02). */
const MOST_WRONG = 5;

/** Requests of the wallet's own by their type: what becomes of them once they are carried out, and where they are refused. */
const OWN = {
  register: membership,
  remove: membership,
  countOneTimePreKeys: membership,
  publishOneTimePreKeys: membership,
  publishSignedPreKey: membership,
  publishAccessKey: links,
  withdrawAccessKey: links,
  read: inbox,
  acknowledge: inbox,
};

function emit(wallet, id, { body, sponsor }) {
  const token = body.type === 'register' ? sponsor : wallet.token;
  wallet.effects.push({ request: { id, token, body } });
}

/** Asks the intermediary something. */
export function ask(wallet, body, { sponsor, message, wrong = 0 } = {}) {
  const id = Buffer.from(wallet.source.draw(16)).toString('hex');
  const request = { body, wrong, ...(sponsor && { sponsor }), ...(message !== undefined && { message }) };
  wallet.requests.set(id, request);
  emit(wallet, id, request);
}

/** Asks again what has no answer, as it was. */
export function repeat(wallet) {
  for (const [id, request] of wallet.requests) emit(wallet, id, request);
}

/** Whether such a request waits for its answer. */
export const waits = (wallet, isWanted) => [...wallet.requests.values()].some(isWanted);

/** Drops requests: nothing waits for their answers any more. */
export function drop(wallet, isDropped) {
  for (const [id, request] of wallet.requests) if (isDropped(request)) wallet.requests.delete(id);
}

/** WAL-02: whether an answer is one to that request. */
function isAnswerTo({ body }, answer, wallet) {
  switch (body.type) {
    case 'fetchBundle':
      return answer.type === 'bundle' && sameAddress(answer.bundle, body.address);
    case 'read':
      return (
        answer.type === 'envelopes' &&
        answer.envelopes.length <= body.limit &&
        answer.envelopes.every(({ recipient }) => sameAddress(recipient, wallet.address))
      );
    case 'countOneTimePreKeys':
      return answer.type === 'oneTimePreKeys';
    default:
      return answer.type === 'done';
  }
}

/** The intermediary has answered, or refused. */
export function answer(wallet, { request: id, answer: answered, error }) {
  const request = wallet.requests.get(id);
  must(request, 'unexpected-message', 'no request waits for that answer (WAL-02)');
  if (error === undefined && !isAnswerTo(request, answered, wallet)) wrong(wallet, id, request);
  else if (request.message !== undefined) outbox.answered(wallet, id, request, answered, error);
  else settle(wallet, id, request, answered, error);
}

function wrong(wallet, id, request) {
  wallet.requests.delete(id);
  if (request.wrong + 1 < MOST_WRONG) ask(wallet, request.body, { ...request, wrong: request.wrong + 1 });
  else if (request.message !== undefined) outbox.giveUp(wallet, request.message, 'unexpected-message');
  else failed(wallet, request, 'unexpected-message');
}

function settle(wallet, id, request, answered, error) {
  wallet.requests.delete(id);
  if (error === undefined) OWN[request.body.type].done(wallet, request.body, answered);
  else failed(wallet, request, error);
}

/** A request of the wallet's own was refused or given up, which the user is told. */
function failed(wallet, { body }, code) {
  if (OWN[body.type].failed(wallet, body, code)) return;
  wallet.report('rejected', { code });
}
