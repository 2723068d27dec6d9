/**
 * The arithmetic of the Edwards curve: what Node's own crypto does not offer, from a package that is kept by others.
 *
 * The package lies where `run` has installed it, outside of this folder, and so it is imported by its path.
 */
const folder = new URL('../../../target/adapters/wallet-node/node_modules/@noble/curves/', import.meta.url);
const { ed25519 } = await import(new URL('ed25519.js', folder));

/** Points of the curve; `Point.Fp` is the field, `Point.BASE` the base point. */
export const { Point } = ed25519;
/** The order of the group that the base point makes. */
export const Q = Point.Fn.ORDER;

/** The point of 32 bytes in the one encoding that RFC 8032 gives it; undefined where there is none. */
export function decodePoint(bytes) {
  try {
    return Point.fromBytes(bytes, false);
  } catch {
    return undefined;
  }
}
