// Liquidations as they were told, newest first: by a stream, and by requests for what it has missed. Market.ai gives
// them no number of their own, so equal ones are told apart by how many of them there are.

const MOST = 200;

/** The newest liquidations, each once. */
export class ForcedTrades {
  constructor() {
    this.rows = []; // newest first: {id, symbol, venue, side, price, size, ts}; price and size are texts
    this._made = 0;
  }

  /** One of the stream. */
  add(told) {
    this._insert(told);
  }

  /**
   * The last ones by request, newest first: those that are not here yet are taken.
   * @returns {number} how many
   */
  merge(all) {
    const here = new Map();
    for (const row of this.rows) here.set(row.same, (here.get(row.same) ?? 0) + 1);
    let found = 0;
    for (const told of [...all].reverse()) {
      const same = sameAs(told);
      const left = here.get(same) ?? 0;
      here.set(same, left - 1);
      if (left > 0) continue;
      this._insert(told);
      found += 1;
    }
    return found;
  }

  _insert(told) {
    const { exchange: venue, symbol, side, price, quantity: size, timestamp: ts } = told;
    this._made += 1;
    const row = { id: this._made, symbol, venue, side, price, size, ts, same: sameAs(told) };
    const at = this.rows.findIndex((one) => one.ts <= ts);
    this.rows.splice(at < 0 ? this.rows.length : at, 0, row);
    this.rows.length = Math.min(this.rows.length, MOST);
  }
}

function sameAs({ exchange, symbol, side, price, quantity, timestamp }) {
  return [timestamp, exchange, symbol, side, price, quantity].join(' ');
}
