// The order book of one instrument, kept from the guide's channel `book`: a snapshot in parts, then deltas, each with
// a checksum over the ten best levels of each side (feed/dialects/guide/NOTES.md, "Keeping a book").

import { crc32 } from '../common/checksum.js';
import { product, shareBps, text, units } from '../common/numbers.js';

const CHECKED = 10; // levels of each side that the checksum is over
const PATIENCE = 200; // deltas without a snapshot that may still be on their way from before it was asked for

/** The copy differs from the server's book; a new snapshot is needed. */
export class OutOfStep extends Error {
  /** @param {string} reason how that is known */
  constructor(reason) {
    super(reason);
    this.reason = reason;
  }
}

/** One side: levels by price, and in order, best first. */
class Side {
  constructor(sign) {
    this.sign = sign; // 1: the lowest price is best
    this.clear();
  }

  clear() {
    this.levels = [];
    this.top = ''; // text of the levels that are checked; null when it must be made anew
  }

  /** Place of a price among the levels: where it is, or where it would be. */
  place(price) {
    let [low, high] = [0, this.levels.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.levels[middle].price * this.sign < price * this.sign) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  set(price, size, priceText, sizeText) {
    const at = this.place(price);
    const there = this.levels[at]?.price === price;
    if (at < CHECKED) this.top = null;
    if (size === 0) {
      if (there) this.levels.splice(at, 1);
    } else if (there) {
      this.levels[at] = { price, size, priceText, sizeText };
    } else {
      this.levels.splice(at, 0, { price, size, priceText, sizeText });
    }
  }

  checked() {
    this.top ??= this.levels
      .slice(0, CHECKED)
      .map((level) => `${level.priceText}:${level.sizeText}`)
      .join(':');
    return this.top;
  }
}

/** Prices and sizes are whole units of the instrument; see common/numbers.js. */
export class Book {
  /** @param {{priceDecimals: number, sizeDecimals: number, tick: number}} grid of the instrument; tick in units */
  constructor({ priceDecimals, sizeDecimals, tick }) {
    this.priceDecimals = priceDecimals;
    this.sizeDecimals = sizeDecimals;
    this.tick = tick;
    this.whole = false; // it is what the server has at `seq`
    this.seq = 0;
    this.ts = 0; // market time of `seq`, ms
    this._sides = { bid: new Side(-1), ask: new Side(1) };
    this._building = false; // the first part of a snapshot has come, and the last has not
    this._ignored = 0;
  }

  /** A snapshot was asked for: until it has come, nothing here is known to be so. */
  lose() {
    this.whole = false;
    this._building = false;
    this._ignored = 0;
  }

  /**
   * Take a message of the channel into account.
   * @param {{action: string, bids: string[][], asks: string[][], seq: number, ts: number, part?: number,
   *   parts?: number, checksum?: number}} message
   * @returns {'changed'|'same'|'waiting'} same: it is in the book already; waiting: for a snapshot
   * @throws {OutOfStep} the copy is not what the server has
   * @throws {RangeError} a row is no price and size; nothing of the message was applied
   */
  apply(message) {
    const snapshot = message.action === 'snapshot';
    if (snapshot && message.part > 1 && !this._building) return this._ignore('a snapshot without its beginning');
    if (!snapshot && this._building) throw this._lost('a snapshot without its end');
    if (!snapshot && !this.whole) return this._ignore('no snapshot');
    if (!snapshot && message.seq <= this.seq) return 'same';
    const rows = [...this._rows('bid', message.bids), ...this._rows('ask', message.asks)];
    if (snapshot && message.part <= 1) {
      this._sides.bid.clear();
      this._sides.ask.clear();
      this.whole = false;
      this._building = true;
    }
    for (const row of rows) this._sides[row[0]].set(row[1], row[2], row[3], row[4]);
    this.seq = message.seq;
    this.ts = message.ts;
    if (snapshot && message.part < message.parts) return 'waiting';
    if (message.checksum !== undefined && message.checksum !== this.checksum()) throw this._lost('checksum');
    this._building = false;
    this.whole = true;
    return 'changed';
  }

  /** CRC-32 over the ten best levels of each side; 0 for an empty book. */
  checksum() {
    return crc32([this._sides.bid.checked(), this._sides.ask.checked()].filter(Boolean).join(':'));
  }

  /** Best prices: {bid, ask}, each null where that side is empty. */
  best() {
    const { bid, ask } = this._sides;
    return { bid: bid.levels[0]?.price ?? null, ask: ask.levels[0]?.price ?? null };
  }

  /** Best bid plus best ask: twice the middle, which may lie between two units; null with a side that is empty. */
  get mid2() {
    const { bid, ask } = this.best();
    return bid === null || ask === null ? null : bid + ask;
  }

  /** Whether bids reach asks, as they do while orders are collected for an auction. */
  get crossed() {
    const { bid, ask } = this.best();
    return bid !== null && ask !== null && bid >= ask;
  }

  /** How many levels a side has: 'bid' or 'ask'. */
  size(side) {
    return this._sides[side].levels.length;
  }

  /** What rests at a price, units; 0 for nothing. */
  at(side, price) {
    const found = this._sides[side];
    const level = found.levels[found.place(price)];
    return level?.price === price ? level.size : 0;
  }

  /**
   * Levels of a side, best first, with what rests there and better.
   * @param {'bid'|'ask'} side
   * @param {number} from 0 is the best
   * @param {number} count at most
   * @returns {{price: number, size: number, total: number, priceText: string, sizeText: string}[]}
   */
  levels(side, from = 0, count = Infinity) {
    const all = this._sides[side].levels;
    const found = [];
    let total = 0;
    for (let at = 0; at < all.length && at < from + count; at += 1) {
      total += all[at].size;
      if (at >= from) found.push({ ...all[at], total });
    }
    return found;
  }

  /**
   * Levels in steps: bids rounded down, asks up, so that no row is better than what is in it.
   * @param {number} step units, a multiple of the tick
   * @param {number} count rows of each side at most
   * @returns {{bids: object[], asks: object[]}} of {price, size, total}, best first
   */
  grouped(step, count) {
    return { bids: this._group('bid', step, count), asks: this._group('ask', step, count) };
  }

  /**
   * What a market order would cost now.
   * @param {'buy'|'sell'} side of the order
   * @param {number} size units, above zero
   * @returns {{filled: number, left: number, average: number, worst: number, cost: bigint, levels: number,
   *   bps: number|null}|null} average rounded against who takes; cost in units of both decimals together; bps: how
   *   much worse than the middle; null where nothing rests
   */
  sweep(side, size) {
    let [left, cost, worst, levels] = [size, 0n, 0, 0];
    for (const level of this._sides[side === 'buy' ? 'ask' : 'bid'].levels) {
      if (left <= 0) break;
      const taken = Math.min(left, level.size);
      cost += product(level.price, taken);
      left -= taken;
      worst = level.price;
      levels += 1;
    }
    const filled = size - left;
    if (filled <= 0) return null;
    const by = BigInt(filled);
    const average = Number((cost + (side === 'buy' ? by - 1n : 0n)) / by);
    const mid2 = this.mid2;
    // Of cost / filled beside mid2 / 2, both times 2 * filled: no rounding before the ratio.
    const middle = mid2 === null ? null : BigInt(mid2) * by;
    const bps = middle === null ? null : shareBps(side === 'buy' ? 2n * cost - middle : middle - 2n * cost, middle);
    return { filled, left, average, worst, cost, levels, bps };
  }

  _rows(side, rows) {
    return rows.map(([priceText, sizeText]) => {
      const price = units(priceText, this.priceDecimals);
      if (price % this.tick) {
        throw new RangeError(`${priceText} is not a multiple of ${text(this.tick, this.priceDecimals)}`);
      }
      return [side, price, units(sizeText, this.sizeDecimals), priceText, sizeText];
    });
  }

  _group(side, step, count) {
    const up = side === 'ask' ? step - 1 : 0;
    const found = [];
    let total = 0;
    for (const level of this._sides[side].levels) {
      const price = Math.floor((level.price + up) / step) * step;
      let row = found[found.length - 1];
      if (row?.price !== price) {
        if (found.length === count) break;
        row = { price, size: 0, total };
        found.push(row);
      }
      row.size += level.size;
      total += level.size;
      row.total = total;
    }
    return found;
  }

  _lost(reason) {
    this.lose();
    return new OutOfStep(reason);
  }

  _ignore(reason) {
    this._ignored += 1;
    if (this._ignored > PATIENCE) throw this._lost(reason);
    return 'waiting';
  }
}
