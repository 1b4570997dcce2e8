// Own orders and fills as a fold of what accounts are told, whatever its order, and of what they ask for.

const RESTING = new Set(['open', 'partial']);
const NO_ORDERS = Object.freeze([]);

/**
 * An order of an account.
 *
 * @typedef {Object} Order
 * @property {string} id `account:number`, unique on the page.
 * @property {string} account name of the account: "margin", "binance".
 * @property {string} clientId the client's own id of it; '' for none.
 * @property {string} symbol of the market.
 * @property {'buy'|'sell'} side
 * @property {string} type "limit", "market" or whatever the protocol calls it.
 * @property {number|null} price units of the instrument; null without one.
 * @property {number} size units.
 * @property {number} filled units.
 * @property {string} status open, partial, filled, cancelled, rejected, expired, replaced or gone.
 * @property {string} reason why, where that is told.
 * @property {number} ts market time of the last change, ms.
 */

/**
 * A fill of an order.
 *
 * @typedef {Object} Fill
 * @property {string} account
 * @property {string} id of the trade in its symbol.
 * @property {string} order id of the order, as of {@link Order}.
 * @property {string} symbol
 * @property {'buy'|'sell'} side
 * @property {number} price units.
 * @property {number} size units.
 * @property {number|null} left units of the order that are still to trade; null where it is not told.
 * @property {string} fee decimal text.
 * @property {string} feeAsset
 * @property {number} ts ms.
 */

/**
 * Whether nothing more becomes of an order.
 *
 * @param {Order} order
 */
export function over(order) {
  return !RESTING.has(order.status);
}

/** Own orders and fills; of those that are over, and of fills, the newest `most` are kept. */
export class Orders {
  #orders = new Map();
  #fills = new Map();
  #fillIds = new Map();
  #levels = new Map();
  #touched = new Map();
  #most;

  /** @param {number} most */
  constructor(most = 500) {
    this.#most = most;
    this.version = 0;
  }

  /**
   * Take what was told of an order; an older state than the known one changes nothing.
   *
   * @param {Order} report
   * @returns {boolean} whether anything has changed.
   */
  apply(report) {
    const known = this.#orders.get(report.id);
    if (known && !isNewer(report, known)) return false;
    this.#set({ ...known, ...report, filled: Math.max(known?.filled ?? 0, report.filled) });
    // Where messages overtake each other, a fill may have come before its order.
    for (const fill of this.fills(report.symbol)) if (fill.order === report.id) this.#count(fill);
    return true;
  }

  /**
   * Take all open orders of an account, as a request found them.
   *
   * @param {string} account
   * @param {Order[]} open
   * @param {number} since `version` when the request was sent: what was told since then counts more.
   */
  snapshot(account, open, since) {
    const found = new Set();
    for (const order of open) {
      found.add(order.id);
      if ((this.#touched.get(order.id) ?? 0) <= since) this.#set({ ...order });
    }
    for (const order of [...this.#orders.values()]) {
      const stale = order.account === account && !over(order) && !found.has(order.id);
      if (stale && this.#touched.get(order.id) <= since) this.#set({ ...order, status: 'gone' });
    }
  }

  /**
   * Take a fill; a twin changes nothing.
   *
   * @param {Fill} fill
   * @returns {boolean} whether it is new.
   */
  fill(fill) {
    const key = `${fill.account}:${fill.symbol}:${fill.id}:${fill.order}`;
    if (this.#fillIds.has(key)) return false;
    this.#fillIds.set(key, fill.symbol);
    const kept = this.#fills.get(fill.symbol) ?? [];
    let at = kept.length;
    while (at > 0 && kept[at - 1].ts > fill.ts) at -= 1;
    kept.splice(at, 0, { ...fill, key });
    this.#fills.set(fill.symbol, kept);
    if (kept.length > this.#most) this.#fillIds.delete(kept.shift().key);
    this.#count(fill);
    this.version += 1;
    return true;
  }

  /**
   * Forget all of an account: its key has changed, or market time went back.
   *
   * @param {string} account
   */
  forget(account) {
    for (const order of [...this.#orders.values()]) {
      if (order.account === account) this.#drop(order.id);
    }
    for (const [symbol, kept] of this.#fills) {
      for (const fill of kept) if (fill.account === account) this.#fillIds.delete(fill.key);
      this.#fills.set(symbol, kept.filter((fill) => fill.account !== account));
    }
    this.version += 1;
    this.#levels.clear();
  }

  /**
   * Orders that are not over, the oldest first.
   *
   * @param {string} [symbol] of this instrument alone.
   * @returns {Order[]}
   */
  open(symbol) {
    return [...this.#orders.values()].filter((one) => !over(one) && (!symbol || one.symbol === symbol));
  }

  /**
   * Orders that are over, the newest first.
   *
   * @param {number} count
   * @returns {Order[]}
   */
  finished(count) {
    const found = [...this.#orders.values()].filter(over).sort((a, b) => b.ts - a.ts);
    return found.slice(0, count);
  }

  /**
   * What of one's own stands at a price.
   *
   * @param {string} symbol
   * @param {number} price units.
   * @returns {{id: string, side: string, left: number, account: string}[]}
   */
  at(symbol, price) {
    return this.#index(symbol).get(price) ?? NO_ORDERS;
  }

  /**
   * Fills in an instrument, the oldest first.
   *
   * @param {string} symbol
   * @returns {Fill[]}
   */
  fills(symbol) {
    return this.#fills.get(symbol) ?? NO_ORDERS;
  }

  /**
   * Fills in all instruments, the newest first.
   *
   * @param {number} count
   * @returns {Fill[]}
   */
  latestFills(count) {
    return [...this.#fills.values()].flat().sort((a, b) => b.ts - a.ts).slice(0, count);
  }

  /** @param {string} id @returns {Order|undefined} */
  find(id) {
    return this.#orders.get(id);
  }

  /** What a fill says of its order. */
  #count(fill) {
    const order = this.#orders.get(fill.order);
    if (!order || fill.left === null || order.size - fill.left <= order.filled) return;
    const status = over(order) ? order.status : fill.left ? 'partial' : 'filled';
    this.#set({ ...order, filled: order.size - fill.left, status, ts: Math.max(order.ts, fill.ts) });
  }

  #index(symbol) {
    let index = this.#levels.get(symbol);
    if (index) return index;
    index = new Map();
    for (const order of this.open(symbol)) {
      if (order.price === null) continue;
      const here = { id: order.id, side: order.side, left: order.size - order.filled, account: order.account };
      index.set(order.price, [...(index.get(order.price) ?? []), here]);
    }
    this.#levels.set(symbol, index);
    return index;
  }

  #set(order) {
    this.version += 1;
    this.#orders.set(order.id, order);
    this.#touched.set(order.id, this.version);
    this.#levels.delete(order.symbol);
    if (this.#orders.size <= 2 * this.#most) return;
    const finished = [...this.#orders.values()].filter(over).sort((a, b) => a.ts - b.ts);
    for (const old of finished.slice(0, Math.max(0, finished.length - this.#most))) this.#drop(old.id);
  }

  #drop(id) {
    this.#orders.delete(id);
    this.#touched.delete(id);
  }
}

function isNewer(report, known) {
  // Of one that is gone nobody has said yet how it ended.
  if (over(known)) return known.status === 'gone' && over(report);
  if (over(report)) return true;
  if (report.filled !== known.filled) return report.filled > known.filled;
  return report.ts >= known.ts;
}
