// Candles of one instrument and one length: history from requests, the open one from the stream, joined by time.

/** Lengths of candles by name, milliseconds. */
export const INTERVALS = {
  '1s': 1_000,
  '1m': 60_000,
  '5m': 300_000,
  '15m': 900_000,
  '1h': 3_600_000,
  '4h': 14_400_000,
  '1d': 86_400_000,
};

/**
 * A candle: {time, open, high, low, close, volume, trades, closed, seq}. Time is its beginning, ms; prices and volume
 * are whole units; trades null where nobody has said.
 */
export class Series {
  /**
   * @param {number} length of a candle, ms
   * @param {number} most candles that are kept
   */
  constructor(length, most = 2000) {
    this.interval = length;
    this.most = most;
    this.clear();
  }

  /** Forget all of them. */
  clear() {
    this._candles = []; // by time
    this.gaps = []; // times at which something is missing or began again, ms
    this.note = ''; // why there is less history than there could be
    this._behind = false;
  }

  /** The stream has paused: the newest candle may have gone on since. */
  lose() {
    this._behind = true;
  }

  /** How many there are. */
  get count() {
    return this._candles.length;
  }

  /** The newest; null without one. */
  get last() {
    return this._candles[this._candles.length - 1] ?? null;
  }

  /**
   * Candles of a request; they take the place of those of their time, but for the newest, which the stream renews.
   * @param {object[]} rows oldest first
   */
  history(rows) {
    const there = new Map(this._candles.map((candle) => [candle.time, candle]));
    const open = this._behind ? null : this.last?.time;
    for (const row of rows) if (row.time !== open) there.set(row.time, { seq: 0, trades: null, ...row });
    this._candles = [...there.values()].sort((one, other) => one.time - other.time).slice(-this.most);
  }

  /**
   * A candle of the stream: it takes the place of the one of its time.
   * @param {object} candle with the seq of its message
   * @returns {boolean} whether anything changed; a message that was overtaken by a later one of its candle does not
   */
  live(candle) {
    const last = this.last;
    this._behind = false;
    if (!last || candle.time > last.time) {
      this._push(candle);
      return true;
    }
    if (candle.seq > last.seq && candle.time < last.time && !candle.closed) this.cut(candle.time);
    const at = this._place(candle.time);
    const before = this._candles[at];
    if (before?.time === candle.time) {
      const later = candle.seq > before.seq || (candle.seq === before.seq && !before.closed);
      if (later) this._candles[at] = candle;
      return later;
    }
    this._candles.splice(at, 0, candle);
    return true;
  }

  /**
   * A trade: into the candle of its time. For lengths that no request gives a history of.
   * @param {{price: number, size: number, ts: number, seq: number}} trade each once, in any order
   */
  trade({ price, size, ts, seq }) {
    const time = ts - (ts % this.interval);
    const at = this._place(time);
    const candle = this._candles[at];
    if (candle?.time !== time) {
      const made = { time, open: price, high: price, low: price, close: price, volume: size, trades: 1 };
      this._candles.splice(at, 0, { ...made, closed: false, seq, first: seq });
      if (this.count > this.most + 200) this._candles.splice(0, this.count - this.most);
      return;
    }
    candle.high = Math.max(candle.high, price);
    candle.low = Math.min(candle.low, price);
    if (seq < candle.first) [candle.open, candle.first] = [price, seq];
    if (seq > candle.seq) [candle.close, candle.seq] = [price, seq];
    candle.volume += size;
    candle.trades += 1;
  }

  /**
   * Market time went back: what lies after it has not happened.
   * @param {number} ts market time, ms
   */
  cut(ts) {
    const kept = this._candles.filter((candle) => candle.time <= ts);
    if (kept.length === this.count) return;
    this._candles = kept;
    this.gaps = this.gaps.filter((time) => time <= ts);
    this.gap(ts);
  }

  /** Mark a time, ms, at which something is missing. */
  gap(ts) {
    if (this.gaps[this.gaps.length - 1] !== ts) this.gaps = [...this.gaps, ts].slice(-20);
  }

  /**
   * Candles in order of time.
   * @param {number} from of the first; below zero counts from the end
   * @param {number} count at most
   */
  range(from, count) {
    const first = Math.max(0, from < 0 ? this.count + from : from);
    return this._candles.slice(first, first + count);
  }

  _push(candle) {
    this._candles.push(candle);
    if (this.count > this.most + 200) this._candles.splice(0, this.count - this.most);
  }

  /** Place of a time: where its candle is, or where it would be. */
  _place(time) {
    let at = this.count;
    while (at > 0 && this._candles[at - 1].time >= time) at -= 1; // nearly always the last one
    return at;
  }
}
