// The accounts of this page's keys: one interface for all protocols that trade, and one fold for all orders.

import * as binance from './binance.js';
import * as margin from './margin.js';
import { text, units } from '../common/numbers.js';
import { Orders } from './orders.js';

const KINDS = [
  { name: 'margin', title: 'Margin', protocol: 'tradyn', module: margin },
  { name: 'binance', title: 'Wallet', protocol: 'binance', module: binance },
];
const LOOK_MS = 1000;
const WENT_BACK_MS = 1000; // events of one moment may come a little out of order
const UNTRADED = {
  readOnly: 'clients cannot trade this instrument',
  halted: 'trading is halted',
  delisted: 'the instrument was delisted',
  closed: 'the market is closed',
};

/**
 * An account in one protocol; prices and sizes are decimal texts there.
 *
 * @typedef {Object} Account
 * @property {(order: Object) => Promise<{id: string}>} place
 * @property {(id: string, symbol: string) => Promise<void>} cancel
 * @property {() => Promise<void>} refresh asks for everything again.
 * @property {(symbol: string) => Promise<void>} [past] asks for fills of before.
 * @property {(on: boolean) => void} visible whether somebody looks.
 * @property {() => void} close
 */

/**
 * All accounts of the page.
 *
 * What an account tells: `state` and `reason` (live, lost, refused); `open`, all its open orders as they stood when the
 * fold had the version `since`; `orders`, `fills`; `positions` and `balances`, all of them each time.
 *
 * @param {Object} app with server, market, keys.
 */
export function makeAccounts(app) {
  const { server, market, keys } = app;
  const orders = new Orders();
  const listeners = new Set();
  const accounts = new Map();
  let visible = true;
  let marketTime = 0;
  let unreadable = 0;

  for (const kind of KINDS) {
    const served = !server.protocols || server.protocols.includes(kind.protocol);
    accounts.set(kind.name, { ...kind, served, key: null, account: null, ...closed('no key') });
  }

  function changed() {
    for (const listener of listeners) listener();
  }

  /** Open what can be opened, with the keys as they are. */
  function reopen() {
    if (!market.instruments().length) return; // whose digits are needed to read anything
    for (const one of accounts.values()) {
      const key = keys.get(one.protocol);
      if (one.account && same(key, one.key)) continue;
      one.account?.close();
      orders.forget(one.name);
      Object.assign(one, { key, account: null }, closed('no key'));
      const instruments = market.instruments().filter(one.module.trades);
      if (!one.served || !instruments.length) one.reason = 'not served here';
      else if (key) start(one, key, instruments);
    }
    changed();
  }

  function start(one, key, instruments) {
    const missing = one.module.missing?.(key);
    if (missing) {
      Object.assign(one, { state: 'closed', reason: missing });
      return;
    }
    Object.assign(one, { state: 'opening', reason: 'connecting' });
    const tell = (told) => {
      if (one.key === key) heard(one, told);
    };
    one.account = one.module.open({ server, key, tell, instruments, version: () => orders.version });
    one.account.visible(visible);
  }

  function heard(one, told) {
    const wasLive = one.state === 'live';
    if (told.state) Object.assign(one, { state: told.state, reason: told.reason });
    if (told.open) orders.snapshot(one.name, read(one, told.open, order), told.since);
    for (const report of read(one, told.orders ?? [], order)) orders.apply(report);
    for (const report of read(one, told.fills ?? [], fill)) orders.fill(report);
    if (told.positions) one.positions = told.positions;
    if (told.balances) one.balances = told.balances;
    if (one.state === 'live' && !wasLive) past(one);
    changed();
  }

  function read(one, reports, shape) {
    return reports.flatMap((report) => {
      const instrument = market.instrument(report.symbol);
      try {
        if (instrument) return [shape(one.name, instrument, report)];
      } catch (problem) {
        if (!(problem instanceof RangeError)) throw problem;
      }
      unreadable += 1;
      return [];
    });
  }

  async function past(one) {
    const symbol = market.shown?.symbol;
    if (symbol) await one.account?.past?.(symbol).catch(() => {}); // marks in the chart, which can be done without
  }

  function look() {
    const now = market.time ?? 0;
    if (now < marketTime - WENT_BACK_MS) anew();
    marketTime = now;
  }

  /** Market time went back, or it is another market: ids begin anew, and what was known of orders is of before. */
  function anew() {
    for (const one of accounts.values()) {
      orders.forget(one.name);
      if (one.state === 'live') one.account.refresh(); // others ask for everything once they are
    }
    changed();
  }

  function of(symbol) {
    const instrument = market.instrument(symbol);
    return [...accounts.values()].filter((one) => one.served && instrument && one.module.trades(instrument));
  }

  function find(symbol, name) {
    return of(symbol).find((one) => !name || one.name === name) ?? null;
  }

  function why(symbol, name) {
    const instrument = market.instrument(symbol);
    const one = find(symbol, name);
    if (!instrument || !one) return 'no orders in this instrument from this page';
    if (UNTRADED[instrument.status]) return UNTRADED[instrument.status];
    return one.state === 'live' ? '' : `${one.title}: ${one.reason}`;
  }

  keys.on(reopen);
  market.on('instruments', reopen);
  market.on('history', anew);
  market.on('shown', () => {
    for (const one of accounts.values()) if (one.state === 'live') past(one);
  });
  setInterval(look, LOOK_MS);
  reopen();

  return {
    orders,
    why,

    /** All accounts: name, title, state, reason, positions, balances. */
    all: () => [...accounts.values()],

    /** Names and titles of the accounts that can trade an instrument. */
    of: (symbol) => of(symbol).map(({ name, title }) => ({ name, title })),

    /** Reports that could not be read. */
    unreadable: () => unreadable,

    /**
     * Send an order.
     *
     * @param {{account?: string, symbol: string, side: 'buy'|'sell', type: 'limit'|'market', price: number|null,
     *   size: number}} order price and size in units of the instrument.
     * @returns {Promise<{id: string}>} rejects with an Error that says why not.
     */
    async place({ account, symbol, side, type, price, size }) {
      const reason = why(symbol, account);
      if (reason) throw new Error(reason);
      const one = find(symbol, account);
      const instrument = market.instrument(symbol);
      const { id } = await one.account.place({
        symbol,
        side,
        type,
        price: type === 'limit' ? text(price, instrument.priceDecimals) : null,
        size: text(size, instrument.sizeDecimals),
      });
      return { id: `${one.name}:${id}` };
    },

    /** Cancel an order by its id; rejects with an Error that says why not. */
    async cancel(id) {
      const known = orders.find(id);
      const one = accounts.get(id.split(':')[0]);
      if (!known || !one?.account) throw new Error('this order is not known any more');
      await one.account.cancel(id.slice(one.name.length + 1), known.symbol);
    },

    /** Hear of every change. */
    on(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },

    /** Whether somebody looks at positions and balances. */
    visible(on) {
      visible = on;
      for (const one of accounts.values()) one.account?.visible(on);
    },
  };
}

function closed(reason) {
  return { state: 'closed', reason, positions: [], balances: [] };
}

function same(a, b) {
  return a?.key === b?.key && a?.secret === b?.secret;
}

function order(account, instrument, report) {
  return {
    ...report,
    id: `${account}:${report.id}`,
    account,
    price: report.price === null ? null : units(report.price, instrument.priceDecimals),
    size: units(report.size, instrument.sizeDecimals),
    filled: units(report.filled, instrument.sizeDecimals),
  };
}

function fill(account, instrument, report) {
  return {
    ...report,
    order: `${account}:${report.order}`,
    account,
    price: units(report.price, instrument.priceDecimals),
    size: units(report.size, instrument.sizeDecimals),
    left: report.left === null ? null : units(report.left, instrument.sizeDecimals),
  };
}
