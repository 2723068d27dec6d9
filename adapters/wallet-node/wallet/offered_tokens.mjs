/**
 * Tokens that were offered, so that none is under way twice (XFER-18): of each HMAC-SHA-256 of its bytes, in hex, with the time and the
 * transfer of its last offer, { at, transfer }.
 */
import { hmac } from './kdf.mjs';
import { must } from './refusal.mjs';
import { DAY } from './time.mjs';

/** For how long a token is remembered. */
const REMEMBERED = 60 * DAY;
/** How many are. */
const MOST = 1000;

export const tokenId = (key, token) => hmac(key, token).toString('hex');

/** The tokens that are still remembered at that time. */
export const remembered = (tokens, now) => new Map([...tokens].filter(([, { at }]) => now - at < REMEMBERED));

/** Makes room for a token: where there is none, the one goes that was offered longest ago and whose transfer has ended. */
export function makeRoom(tokens, id, hasEnded) {
  if (tokens.has(id) || tokens.size < MOST) return;
  const over = [...tokens].filter(([, { transfer }]) => hasEnded(transfer)).sort(([, a], [, b]) => a.at - b.at);
  must(over.length > 0, 'invalid-state', `${MOST} tokens are on offer (XFER-18)`);
  tokens.delete(over[0][0]);
}
