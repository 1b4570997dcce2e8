// The one instrument that is shown: its book, trades and candles, from the stream and, for what was before, by request.

import { Book, OutOfStep } from './book.js';
import { INTERVALS, Series } from './candles.js';
import { loadCandles, loadTrades, readCandle, readTrade } from './history.js';
import { Trades } from './trades.js';

const TRADES = 1000;
const FIRST_TRADES = 100;
const ASK_AGAIN_MS = 5_000;
const NO_KEY = 'history of candles needs a key of Market.ai';

/** See the module. Prices and sizes are whole units of the instrument, times ms of the market's clock. */
export class View {
  /**
   * @param {object} instrument
   * @param {string} interval of INTERVALS
   * @param {object} market
   * @param {import('../connection/session.js').Session} market.session whose counts are
   *   kept, and who is asked for a new book
   * @param {(kind: string) => void} market.tell that 'book', 'trades', 'candles' or 'state' changed
   * @param {() => object[]} market.instruments
   * @param {() => string} market.key of Market.ai; empty for none
   */
  constructor(instrument, interval, market) {
    this.instrument = instrument;
    this.book = new Book(instrument);
    this.trades = new Trades(TRADES);
    this._market = market;
    this._missed = 0; // trades that were missing at the last look
    this._asked = -Infinity; // when they were asked for
    this._back = null; // where market time went back to: {ts, seq}
    this.begin(interval);
  }

  /** Show candles of another length. */
  begin(interval) {
    this.interval = interval;
    this.series = new Series(INTERVALS[interval]);
    if (interval === '1s') for (const trade of this.trades.newest().reverse()) this.series.trade(trade);
  }

  /** What to subscribe to. Lengths of more than a minute cannot be resumed: the server keeps no past of them. */
  groups() {
    const { symbol } = this.instrument;
    const minutes = this.interval === '1m' ? [`candles_1m_${symbol}`] : [];
    const groups = new Map([
      ['book', { channels: [`book_${symbol}`] }],
      ['trades', { channels: [`trades_${symbol}`, ...minutes] }],
    ]);
    if (this.interval !== '1s' && this.interval !== '1m') {
      groups.set('candles', { channels: [`candles_${this.interval}_${symbol}`], resumes: false });
    }
    return groups;
  }

  /**
   * Take a message of the stream into account.
   * @throws {RangeError} a number in it is none
   */
  take(kind, message, now) {
    if (kind === 'book') this._level(message, now);
    else if (kind === 'trade') this._trade(readTrade(this.instrument, message));
    else if (message.channel.startsWith(`candles_${this.interval}_`)) this._candle(message);
  }

  /** A subscription has begun with the present: get what was before. */
  begun(group) {
    if (group === 'trades') this._history(FIRST_TRADES);
    if (group === 'candles' || (group === 'trades' && this.interval === '1m')) this.reload();
  }

  /** A subscription could not go on where it was. */
  lost(group, reason) {
    if (group === 'book') this.book.lose();
    // What is too old is asked for again; of another history nothing is left.
    if (group === 'trades' && !/too old/.test(reason)) {
      this.trades.clear();
      this.series.clear();
    }
    this.series.lose();
    for (const kind of ['book', 'trades', 'candles']) this._market.tell(kind);
  }

  /** Market time went back to `ts`; `seq` is the first event of the new course. */
  back(ts, seq) {
    this._back = { ts, seq };
    this.trades.cut(ts, seq);
    this.series.cut(ts);
    for (const kind of ['trades', 'candles']) this._market.tell(kind);
  }

  /** The connection is gone: the open candle goes on without us. */
  left() {
    this.series.lose();
  }

  /** Once a second: what is missing between trades, and does not come late, is asked for. */
  look(now) {
    const missing = this.trades.missing();
    const still = missing > 0 && this._missed > 0;
    this._missed = missing;
    if (!still || now - this._asked < ASK_AGAIN_MS) return;
    this._asked = now;
    this._history(TRADES);
  }

  /** Ask for the history of candles again: a key has come, or the stream was away. */
  async reload() {
    const { instrument, interval, series } = this;
    if (interval === '1s') return;
    const key = this._market.key();
    series.note = key ? '' : NO_KEY;
    try {
      if (key) series.history(await loadCandles(instrument, interval, this._market.instruments(), key));
    } catch (problem) {
      series.note = `no history of candles: ${problem.message}`;
    }
    this._market.tell('candles');
  }

  async _history(limit) {
    const { trades } = this;
    const before = trades.missing();
    let found;
    try {
      found = await loadTrades(this.instrument, limit);
    } catch {
      return; // asked for again, while some are missing
    }
    for (const trade of found) if (trades.add(trade) !== 'twin' && this.interval === '1s') this.series.trade(trade);
    if (this._back) trades.cut(this._back.ts, this._back.seq);
    if (before) this._market.session.counts.madeUp += Math.max(0, before - trades.missing());
    if (limit === TRADES) trades.forgive();
    for (const kind of ['trades', 'candles', 'state']) this._market.tell(kind);
  }

  _level(message, now) {
    const { session, tell } = this._market;
    try {
      if (this.book.apply(message) === 'same') session.counts.duplicates += 1;
    } catch (problem) {
      if (!(problem instanceof OutOfStep)) throw problem;
      session.counts.outOfStep += 1;
      session.renew('book', now);
      tell('state');
    }
    tell('book');
  }

  _trade(trade) {
    if (this.trades.add(trade) === 'twin') {
      this._market.session.counts.duplicates += 1;
      return;
    }
    this._market.tell('trades');
    if (this.interval !== '1s') return;
    this.series.trade(trade);
    this._market.tell('candles');
  }

  _candle(message) {
    const { trades, seq } = message;
    if (this.series.live({ ...readCandle(this.instrument, message), trades, seq })) this._market.tell('candles');
  }
}

/** What prices and sizes of an instrument are made of; one that is gone has none. */
export function gridOf(instrument) {
  return instrument ? [instrument.priceDecimals, instrument.tick, instrument.sizeDecimals].join() : '';
}
