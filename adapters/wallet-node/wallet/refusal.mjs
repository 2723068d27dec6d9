/**
 * What the profile calls an error: a step is refused with a code of section 11, and nothing has changed.
 *
 * A message is for people, and holds no secret (PRIV-04).
 */
export class Refusal extends Error {
  /** @param {string} code a code of section 11  @param {string} message what was wrong, and where */
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

/** Refuses where `condition` does not hold. */
export function must(condition, code, message) {
  if (!condition) throw new Refusal(code, message);
}
