/**
 * Import this for libraries that order sessions by when they were used: from then on `Date.now` never shows one time twice.
 *
 * Messages of a test come within a millisecond. A library that then takes one session for as old as another would behave now one
 * way and now the other.
 */

const now = Date.now;
let last = 0;

Date.now = () => {
    last = Math.max(last + 1, now());
    return last;
};
