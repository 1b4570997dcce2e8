// The market as the page knows it: instruments, tickers, signals, and all of the instrument that is shown. It comes by
// the guide's protocol over one connection.

import { INTERVALS, Series } from './candles.js';
import { Listeners } from '../common/listeners.js';
import { loadInstruments, watchStatus } from './listing.js';
import { units } from '../common/numbers.js';
import { RequestError } from '../connection/requests.js';
import { Ring } from '../common/ring.js';
import { Session } from '../connection/session.js';
import { connect } from '../connection/socket.js';
import { Trades } from './trades.js';
import { View, gridOf } from './view.js';
import { pairOf } from './venues.js';

const CHANNELS = 400; // of one subscription
const SIGNALS = 500; // that are kept
const TOO_FAST = 20_000; // messages per second that a page cannot follow; it has been seen to follow 11,000
const RETRY_MS = 3_000;
const OTHER_VERSION = 'the server has another version of this page: reload it';

/**
 * Follow the market of this server.
 * @param {{protocols?: string[], page?: string}} server what the page says of its server; page is its own number
 * @param {{get: (protocol: string) => ({key: string}|null), on: (listener: Function) => Function}} [keys]
 * @returns {Market}
 */
export function open(server, keys) {
  return new Market(server, keys);
}

/** See the module. Prices and sizes are whole units of their instrument, times ms of the market's clock. */
export class Market {
  constructor(server, keys) {
    this.shown = { symbol: '', interval: '1m' };
    this._keys = keys;
    this._listeners = new Listeners();
    this._instruments = new Map();
    this._visible = [];
    this._tickers = new Map();
    this._signals = new Ring(SIGNALS);
    this._link = { connection: 'connecting', text: '' };
    this._state = { instruments: 'loading', phase: '', reload: false, keyRefused: '', tooFast: false };
    this._fast = 0; // seconds in a row that were too fast
    this._view = null;
    this.session = new Session({ page: server.page ?? '' });
    this.session.setKey(keys?.get('')?.key ?? '');
    this._socket = connect(this.session, {
      items: (items) => items.forEach((item) => this._take(item)),
      link: (link) => this._linked(link),
      look: () => this._look(),
    });
    keys?.on(() => this._keyed());
    watchStatus({ phase: (market) => this._phase(market), statuses: (statuses) => this._statuses(statuses) });
    this._load();
  }

  /** All instruments, in the market's order. */
  instruments() {
    return [...this._instruments.values()];
  }

  /** One by its symbol; undefined where there is none. */
  instrument(symbol) {
    return this._instruments.get(symbol);
  }

  /** The book that is shown; null until it is the server's. */
  book() {
    return this._view?.book.whole ? this._view.book : null;
  }

  /** The trades of the instrument that is shown. */
  trades() {
    return this._view?.trades ?? new Trades(1);
  }

  /** Its candles. */
  series() {
    return this._view?.series ?? new Series(INTERVALS[this.shown.interval]);
  }

  /** {price, bid, ask, ts, seq} of an instrument; null where none has come. */
  ticker(symbol) {
    return this._tickers.get(symbol) ?? null;
  }

  /** Newest first: {id, symbol, signal, severity, figures, ts, seq}. */
  signals() {
    return this._signals.newest();
  }

  /** Symbols of what is traded for the same as the instrument that is shown, itself among them. */
  pair() {
    const shown = this.instrument(this.shown.symbol);
    if (!shown) return [];
    if (shown.contract !== 'spot') return [shown.symbol];
    const same = this.instruments().filter((it) => it.contract === 'spot' && pairOf(it) === pairOf(shown));
    return same.map((it) => it.symbol);
  }

  /** The newest market time that was heard of, ms; 0 before the first. */
  get time() {
    return this.session.ts;
  }

  /** How all of it stands. Rates are messages per second, rtt ms. */
  state() {
    const { session, _link: link, _state: state, _view: view } = this;
    let { connection } = link;
    if (connection === 'live' && session.stale(performance.now())) connection = 'stale';
    if (connection === 'waiting' && state.phase === 'ended') connection = 'ended';
    const awaited = view?.book.seq ? 'out of step' : 'loading';
    return {
      ...state,
      connection,
      text: state.reload ? OTHER_VERSION : link.text,
      seq: session.seq,
      ts: session.ts,
      rate: session.rate,
      rtt: session.roundTrip,
      unreadable: session.unreadable,
      counts: { ...session.counts },
      bookState: view?.book.whole ? 'whole' : awaited,
    };
  }

  /**
   * Hear of changes.
   * @param {string} kind 'book', 'trades', 'ticker' (with its symbol), 'candles', 'signals', 'state', 'instruments',
   *   'shown' or 'history' (what was known may be another market's)
   * @param {(value?: string) => void} listener
   * @returns {() => void} what ends it
   */
  on(kind, listener) {
    return this._listeners.on(kind, listener);
  }

  /**
   * Show an instrument.
   * @param {string} symbol
   * @param {string} interval of INTERVALS
   * @param {string[]} visible symbols whose tickers are wanted besides those of its pair
   */
  show(symbol, interval = this.shown.interval, visible = this._visible) {
    const before = this.shown;
    this._visible = visible;
    this.shown = { symbol, interval: Object.hasOwn(INTERVALS, interval) ? interval : before.interval };
    const other = symbol !== before.symbol || !this._view;
    if (other) this._choose();
    else if (this.shown.interval !== before.interval) this._view.begin(this.shown.interval);
    this._want();
    if (!other && this.shown.interval === before.interval) return;
    if (this.shown.interval === '1m' && !other) this._view.reload();
    for (const kind of ['shown', 'book', 'trades', 'candles']) this._listeners.tell(kind);
  }

  /** Ask for the book that is shown anew. */
  resync() {
    this._view?.book.lose();
    this.session.renew('book', performance.now());
    this._socket.flush();
    this._listeners.tell('book');
  }

  _choose() {
    const instrument = this.instrument(this.shown.symbol);
    this._view = instrument
      ? new View(instrument, this.shown.interval, {
          session: this.session,
          tell: (kind) => this._listeners.tell(kind),
          instruments: () => this.instruments(),
          key: () => this._keys?.get('marketai')?.key ?? '',
        })
      : null;
  }

  _want() {
    if (!this._view) return;
    const groups = this._view.groups();
    const tickers = [...new Set([...this.pair(), ...this._visible])].filter((it) => this._instruments.has(it));
    groups.set('tickers', { channels: tickers.slice(0, CHANNELS).map((it) => `ticker_${it}`), resumes: false });
    const signals = [...this._instruments.keys()].map((it) => `signals_${it}`);
    for (let at = 0; at < signals.length; at += CHANNELS) {
      groups.set(`signals ${at}`, { channels: signals.slice(at, at + CHANNELS), premium: true });
    }
    this.session.want(groups, performance.now());
    this._socket.flush();
  }

  _take({ kind, message, ...state }) {
    if (kind === 'state') {
      this._changed(state);
      return;
    }
    const instrument = this._instruments.get(message.symbol);
    try {
      if (kind === 'ticker' && instrument) this._quote(instrument, message);
      else if (kind === 'signal') this._signal(message);
      else if (message.symbol === this._view?.instrument.symbol) this._view.take(kind, message, performance.now());
    } catch (problem) {
      if (!(problem instanceof RangeError)) throw problem;
      this.session.refuse(JSON.stringify(message), performance.now());
      this._listeners.tell('state');
    }
  }

  _quote({ priceDecimals }, { symbol, price, bid, ask, ts, seq }) {
    if (seq < (this._tickers.get(symbol)?.seq ?? 0)) return;
    const read = (it) => units(it, priceDecimals);
    this._tickers.set(symbol, { price: read(price), bid: read(bid), ask: read(ask), ts, seq });
    this._listeners.tell('ticker', symbol);
  }

  _signal({ id, symbol, signal, severity, figures, ts, seq }) {
    if (this._signals.newest(50).some((one) => one.seq === seq)) return;
    this._signals.push({ id, symbol, signal, severity, figures, ts, seq });
    this._listeners.tell('signals');
  }

  _changed({ state, group, reason, text, ts, seq }) {
    if (state === 'begun') this._view?.begun(group);
    if (state === 'begun' && group === 'tickers') for (const ticker of this._tickers.values()) ticker.seq = 0;
    if (state === 'back') this._view?.back(ts, seq);
    if (state === 'keyRefused') this._state.keyRefused = text;
    if (state === 'authenticated') this._state.keyRefused = '';
    if (state === 'error') this._link.text = text;
    if (state === 'lost') {
      this._view?.lost(group, reason);
      if (group.startsWith('signals') && !/too old/.test(reason)) this._signals.clear();
      if (reason.startsWith('since=')) this._link.text = reason;
      if (group === 'trades' && !/too old/.test(reason)) this._check();
    }
    this._listeners.tell('state');
  }

  _linked(link) {
    this._link = link;
    if (link.connection === 'waiting') this._view?.left();
    this._listeners.tell('state');
  }

  _look() {
    this._view?.look(performance.now());
    this._fast = this.session.rate > TOO_FAST ? this._fast + 1 : 0;
    this._state.tooFast = this._fast >= 2;
    this._listeners.tell('state');
  }

  _keyed() {
    this._state.keyRefused = '';
    if (this.session.setKey(this._keys.get('')?.key ?? '')) this._socket.again('another key');
    this._socket.flush();
    this._view?.reload();
  }

  _phase({ phase }) {
    this._state.phase = phase;
    this._listeners.tell('state');
  }

  _statuses(statuses) {
    for (const [symbol, status] of statuses) {
      const instrument = this._instruments.get(symbol);
      if (instrument) instrument.status = status;
    }
    this._listeners.tell('instruments');
  }

  /** It is another server: has it the same files, whose path has their version, and the same instruments? */
  async _check() {
    this._listeners.tell('history');
    const answer = await fetch(import.meta.url, { method: 'HEAD', cache: 'no-store' }).catch(() => null);
    if (answer?.status === 404) this._state.reload = true;
    const before = this._view && gridOf(this._view.instrument);
    await this._load();
    if (!this._view || gridOf(this.instrument(this.shown.symbol)) === before) return;
    this._view = null;
    this.show(this.shown.symbol);
    this.session.renew('book', performance.now());
    this._socket.flush();
    this._view?.begun('trades');
  }

  async _load() {
    try {
      const found = await loadInstruments();
      this._instruments = new Map(found.map((instrument) => [instrument.symbol, instrument]));
      this._state.instruments = found.length ? '' : 'the server lists nothing';
      if (this.shown.symbol) this.show(this.shown.symbol);
    } catch (problem) {
      if (!(problem instanceof RequestError)) throw problem;
      this._state.instruments = problem.message;
      setTimeout(() => this._load(), RETRY_MS);
    }
    this._listeners.tell('instruments');
    this._listeners.tell('state');
  }
}
