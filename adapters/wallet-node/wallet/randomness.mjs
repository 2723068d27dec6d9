/** Sources of randomness. Whoever draws takes bytes in the order of RND-01, and only once nothing can be refused any more (RND-02). */
import { createHash } from 'node:crypto';
import { bigEndian } from './bytes.mjs';

/** What a test hands in: so many bytes, and no more. */
export class GivenRandomness {
  #bytes;
  #at = 0;

  constructor(bytes) {
    this.#bytes = bytes;
  }

  draw(size) {
    if (this.#at + size > this.#bytes.length) throw new RangeError(`the step draws more than the ${this.#bytes.length} bytes handed in`);
    this.#at += size;
    return this.#bytes.subarray(this.#at - size, this.#at);
  }
}

/** The stream of a seed: block n is SHA-256 of the seed and n in eight bytes (docs/adapter.md, "Randomness"). */
export class SeededRandomness {
  #seed;
  #at = 0;

  constructor(seed) {
    this.#seed = Buffer.from(seed, 'utf8');
  }

  draw(size) {
    const blocks = [];
    const first = Math.floor(this.#at / 32);
    const skipped = this.#at % 32;
    for (let n = first; 32 * (n - first) < skipped + size; n += 1) {
      blocks.push(createHash('sha256').update(this.#seed).update(bigEndian(n, 8)).digest());
    }
    this.#at += size;
    return Buffer.concat(blocks).subarray(skipped, skipped + size);
  }

  /** Where it stands; `rewind` goes back there after a step that was refused (RND-02). */
  mark() {
    return this.#at;
  }

  rewind(mark) {
    this.#at = mark;
  }
}
