// The last trades of one instrument, in the order in which they were made, whatever order they came in.

const GAP = 'gap';
const WENT_BACK = 'market time went back';

/** Trades by number; what comes late goes into its place, what comes twice is dropped. */
export class Trades {
  /** @param {number} most trades that are kept */
  constructor(most = 1000) {
    this.most = most;
    this.clear();
  }

  /** Forget all of them. */
  clear() {
    this._trades = []; // oldest first
    this._forgiven = 0; // what is missing up to this id will not be asked for again
    this._rule = ''; // of the next new one
  }

  /** How many there are. */
  get count() {
    return this._trades.length;
  }

  /** The newest; null without one. */
  get last() {
    return this._trades[this._trades.length - 1] ?? null;
  }

  /**
   * Take a trade into account.
   * @param {{id: number, price: number, size: number, side: string|null, ts: number, seq: number}} trade
   * @returns {'new'|'late'|'twin'} new: it is the newest
   */
  add(trade) {
    const all = this._trades;
    const last = this.last;
    if (!last || trade.seq > last.seq) {
      all.push({ ...trade, rule: this._rule });
      this._rule = '';
      // Making room for each would move all of them for each.
      if (all.length > this.most + 200) all.splice(0, all.length - this.most);
      return 'new';
    }
    let at = all.length - 1;
    while (at >= 0 && all[at].seq > trade.seq) at -= 1;
    if (all[at]?.seq === trade.seq || all[at]?.id === trade.id || all[at + 1]?.id === trade.id) return 'twin';
    if (at < 0 && all.length >= this.most) return 'twin'; // older than what is kept
    all.splice(at + 1, 0, { ...trade, rule: '' });
    return 'late';
  }

  /** The newest `count`, newest first; `rule` is the text of a line between a trade and the one before it. */
  newest(count = this.most) {
    return this._trades.slice(Math.max(0, this.count - Math.min(count, this.most))).reverse();
  }

  /** How many are missing between those that are here, by their numbers, beyond what was forgiven. */
  missing() {
    const all = this._trades;
    let missing = 0;
    for (let at = all.length - 1; at > 0; at -= 1) {
      if (all[at].id <= this._forgiven) break;
      const jump = all[at].id - all[at - 1].id - 1;
      if (jump > 0) missing += jump;
    }
    return missing;
  }

  /** Nothing more can be found out about what is missing: say so between the trades, and leave it. */
  forgive() {
    for (let at = this._trades.length - 1; at > 0; at -= 1) {
      const [trade, before] = [this._trades[at], this._trades[at - 1]];
      if (trade.id <= this._forgiven) break;
      if (trade.id - before.id > 1 && !trade.rule) trade.rule = GAP;
    }
    this._forgiven = this.last?.id ?? 0;
  }

  /**
   * Market time went back: what lies after it has not happened.
   * @param {number} ts market time, ms
   * @param {number} seq of the first event of the new course
   */
  cut(ts, seq) {
    const kept = this._trades.filter((trade) => trade.seq >= seq || trade.ts <= ts);
    if (kept.length === this._trades.length) return;
    this._trades = kept;
    this._forgiven = Math.min(this._forgiven, this.last?.id ?? 0);
    this._rule = WENT_BACK;
  }
}
