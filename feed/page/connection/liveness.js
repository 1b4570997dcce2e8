// Whether a connection is alive, and when to try again where it is not. Times are milliseconds of a clock that is
// given: a page in the background has its timers once a minute, so deadlines compare times and count no ticks.

const PING_MS = 5_000; // without an answer for so long: ask again
const STALE_MS = 2_000; // nothing for so long after a question: what is shown may be out of date
const GIVE_UP_MS = 5_000; // and after so long the connection is given up
const ASLEEP_MS = 15_000; // between two looks: the page was asleep, and could not have heard an answer
const WINDOW_MS = 1_000; // over which messages are counted

/** Asks, waits, and counts what comes. */
export class Liveness {
  constructor() {
    this.rate = 0; // messages per second
    this.roundTrip = null; // ms
    this._since = null; // when the connection was made
    this._looked = null;
    this._window = [0, 0]; // when it began, and how many came since
  }

  /** A connection stands. */
  connected(now) {
    [this._since, this._heard, this._asked, this._answered] = [now, now, null, now];
    this._looked = now;
    this._window = [now, 0];
  }

  /** A message came. */
  heard(now) {
    this._heard = now;
    this._window[1] += 1;
    this._count(now);
  }

  /** The answer to a question came. */
  answered(now) {
    if (this._asked !== null) this.roundTrip = Math.round((now - this._asked) * 10) / 10;
    [this._asked, this._answered] = [null, now];
  }

  /** A question was sent besides those of due(). */
  probed(now) {
    this._asked = now;
  }

  /** Whether a question is due now, which counts as sent then. */
  due(now) {
    const asleep = now - this._looked > ASLEEP_MS;
    this._looked = now;
    this._count(now);
    if (!asleep && (this._asked !== null || now - this._answered < PING_MS)) return false;
    this._asked = now;
    return true;
  }

  /** Whether what is shown may be out of date. */
  stale(now) {
    return this._silent(now) > STALE_MS;
  }

  /** Whether the connection is to be given up. */
  over(now) {
    return this._silent(now) > GIVE_UP_MS;
  }

  /** For how long the connection has stood, ms; 0 for one that was never made. */
  stood(now) {
    const since = this._since;
    this._since = null;
    this.rate = 0;
    return since === null ? 0 : now - since;
  }

  /** For how long a question has not been answered, and nothing else came. */
  _silent(now) {
    return this._asked === null ? 0 : now - Math.max(this._asked, this._heard);
  }

  _count(now) {
    const [began, count] = this._window;
    if (now - began < WINDOW_MS) return;
    this.rate = Math.round((count * 1000) / (now - began));
    this._window = [now, 0];
  }
}

const FIRST_MS = 500;
const LONGEST_MS = 15_000;
const PATIENT_MS = 5_000; // where trying again at once would only do harm
const STABLE_MS = 10_000; // a connection that stood for so long was a good one

/** Waits between attempts: twice as long each time, with jitter, so that many pages do not come back at once. */
export class Retries {
  /** @param {() => number} random draws from [0, 1) */
  constructor(random) {
    this._random = random;
    this._next = FIRST_MS;
  }

  /**
   * How long to wait now, ms.
   * @param {number} stood how long the last connection had stood, ms
   * @param {boolean} patient the server asked for time
   */
  wait(stood, patient) {
    if (stood >= STABLE_MS) this._next = FIRST_MS;
    const base = this._next;
    this._next = Math.min(2 * base, LONGEST_MS);
    return Math.max(patient ? PATIENT_MS : 0, Math.round(base * (0.5 + this._random() / 2)));
  }
}
