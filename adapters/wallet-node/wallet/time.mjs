/** Times are seconds since 1970, durations seconds. */
export const DAY = 86_400;

/** How long a late message is still read (section 6). */
export const MAXLATENCY = 30 * DAY;
/** For how long a session without a message is still sent in (SES-13). */
export const MAXSEND = 30 * DAY;
/** After how long without a message a session is erased (SES-13). */
export const MAXRECV = 90 * DAY;

/** The last second of the year 9999 (INV-01, PAY-10). */
export const LAST_SECOND = 253_402_300_799;
