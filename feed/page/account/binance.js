// The wallet at the venue Binance: its WebSocket API, signed with HMAC-SHA256.

import { newClientId, openLink, socketPath } from '../connection/link.js';
import { big, decimals, text } from '../common/numbers.js';
import { hmacHex, unsigned } from './sign.js';

const ASKED_MS = 10000;
const RETURN_MS = 20000; // how long a lost answer is waited for, until the connection is there again
const WINDOW_MS = 5000;
const NO_SUCH_ORDER = -2013;
const OUTSIDE_WINDOW = -1021;
const BAD_KEY = new Set([-2014, -2015, -1022]);
const STATUS = {
  NEW: 'open',
  PENDING_NEW: 'open',
  PARTIALLY_FILLED: 'partial',
  FILLED: 'filled',
  CANCELED: 'cancelled',
  REJECTED: 'rejected',
};

/** A request that was not answered, and may have acted all the same. */
class Unanswered extends Error {}

/** A request that was refused; `code` is the exchange's. */
class Refused extends Error {
  constructor(error) {
    super(error.msg ?? 'refused');
    this.code = error.code;
  }
}

/**
 * Open it. See account/margin.js for what is common.
 *
 * @param {Object} options
 * @param {Object} options.server
 * @param {{key: string, secret: string}} options.key
 * @param {(told: Object) => void} options.tell
 * @param {() => number} options.version
 * @param {Object[]} options.instruments those that are traded here.
 * @returns {import('./accounts.js').Account}
 */
export function open({ server, key, tell, version, instruments }) {
  const names = new Map(); // of ours to the exchange's
  const symbols = new Map();
  for (const one of instruments) {
    const name = `${one.base}${one.quote}`.toUpperCase();
    if (symbols.has(name)) continue;
    names.set(one.symbol, name);
    symbols.set(name, one.symbol);
  }
  const pending = new Map();
  const balances = new Map();
  const waiting = new Set();
  let offset = 0; // of the exchange's clock, ms
  let number = 0;
  let live = false;
  let refused = '';
  const ping = () => JSON.stringify({ id: 'ping', method: 'ping' });
  const link = openLink(socketPath(server, '/binance/ws-api/v3'), { opened: start, received, lost, ping });

  async function start() {
    try {
      await signed('userDataStream.subscribe.signature', {});
      await refresh();
      live = true;
      tell({ state: 'live', reason: '' });
      for (const wake of waiting) wake();
      waiting.clear();
    } catch (problem) {
      if (BAD_KEY.has(problem.code)) refuse(problem.message);
      else link.renew(problem.message);
    }
  }

  async function refresh() {
    const since = version();
    const [open_, account] = await Promise.all([
      signed('openOrders.status', {}),
      signed('account.status', { omitZeroBalances: 'true' }),
    ]);
    balances.clear();
    for (const one of account.balances) balances.set(one.asset, balance(one.asset, one.free, one.locked));
    tell({ open: open_.map(order).filter(Boolean), since, balances: [...balances.values()] });
  }

  function refuse(reason) {
    refused = reason;
    link.close();
    tell({ state: 'refused', reason });
  }

  function lost(reason) {
    live = false;
    for (const { reject } of pending.values()) reject(new Unanswered(reason));
    pending.clear();
    tell({ state: 'lost', reason });
  }

  function received(sent) {
    const message = JSON.parse(sent); // prices and amounts are strings there
    if (message.event) happened(message.event);
    else if (pending.has(message.id)) {
      const { resolve, reject, timer } = pending.get(message.id);
      pending.delete(message.id);
      clearTimeout(timer);
      if (message.status === 200) resolve(message.result);
      else reject(new Refused(message.error ?? {}));
    }
  }

  function happened(event) {
    if (event.e === 'executionReport') {
      const [report, fill] = [reported(event), event.x === 'TRADE' ? filled(event) : null];
      if (report) tell({ orders: [report], fills: fill ? [fill] : [] });
    } else if (event.e === 'outboundAccountPosition') {
      for (const one of event.B) balances.set(one.a, balance(one.a, one.f, one.l));
      tell({ balances: [...balances.values()] });
    } else if (event.e === 'eventStreamTerminated') {
      refuse('the key is no longer good');
    }
  }

  function ask(method, params) {
    return new Promise((resolve, reject) => {
      number += 1;
      const id = `p${number}`;
      if (!link.send(JSON.stringify({ id, method, params }))) {
        reject(new Error('not connected'));
        return;
      }
      const timer = setTimeout(() => {
        pending.delete(id);
        reject(new Unanswered('the server has not answered'));
      }, ASKED_MS);
      pending.set(id, { resolve, reject, timer });
    });
  }

  async function signed(method, params) {
    try {
      return await ask(method, await withSignature(params));
    } catch (problem) {
      if (problem.code !== OUTSIDE_WINDOW) throw problem;
      // This machine's clock is another one: the exchange's is taken from now on.
      offset = (await ask('time', {})).serverTime - Date.now();
      return ask(method, await withSignature(params));
    }
  }

  async function withSignature(params) {
    const all = { ...params, apiKey: key.key, timestamp: String(Date.now() + offset), recvWindow: String(WINDOW_MS) };
    const payload = Object.keys(all).sort().map((name) => `${name}=${all[name]}`).join('&');
    return { ...all, signature: await hmacHex('SHA-256', key.secret ?? '', payload) };
  }

  async function place({ symbol, side, type, price, size }) {
    const params = {
      symbol: names.get(symbol),
      side: side.toUpperCase(),
      type: type.toUpperCase(),
      quantity: size,
      newClientOrderId: newClientId(),
      newOrderRespType: 'ACK',
    };
    if (type === 'limit') Object.assign(params, { price, timeInForce: 'GTC' });
    try {
      return { id: String((await signed('order.place', params)).orderId) };
    } catch (problem) {
      if (!(problem instanceof Unanswered)) throw problem;
      return { id: await lookUp(params.symbol, params.newClientOrderId) };
    }
  }

  async function lookUp(symbol, origClientOrderId) {
    if (!live) {
      await new Promise((resolve) => {
        waiting.add(resolve);
        setTimeout(resolve, RETURN_MS);
      });
    }
    try {
      return String((await signed('order.status', { symbol, origClientOrderId })).orderId);
    } catch (problem) {
      const gone = problem.code === NO_SUCH_ORDER;
      throw new Error(gone ? 'no answer, and the order is not there' : 'no answer: look at the orders', {
        cause: problem,
      });
    }
  }

  function order(data) {
    return symbols.has(data.symbol) ? shape(data, symbols.get(data.symbol)) : null;
  }

  function reported(event) {
    if (!symbols.has(event.s)) return null;
    return {
      id: String(event.i),
      clientId: event.C || event.c,
      symbol: symbols.get(event.s),
      side: event.S.toLowerCase(),
      type: event.o.toLowerCase(),
      price: event.o.includes('LIMIT') ? event.p : null,
      size: event.q,
      filled: event.z,
      status: STATUS[event.X] ?? 'expired',
      reason: event.r === 'NONE' ? '' : event.r,
      ts: event.T,
    };
  }

  function filled(event) {
    return {
      id: String(event.t),
      order: String(event.i),
      symbol: symbols.get(event.s),
      side: event.S.toLowerCase(),
      price: event.L,
      size: event.l,
      left: null,
      fee: event.n,
      feeAsset: event.N,
      ts: event.T,
    };
  }

  return {
    place,
    async cancel(id, symbol) {
      await signed('order.cancel', { symbol: names.get(symbol), orderId: id });
    },
    /** Fills of before: the exchange tells those of one symbol. */
    async past(symbol) {
      if (!names.has(symbol) || !live) return;
      const trades = await signed('myTrades', { symbol: names.get(symbol), limit: '100' });
      tell({ fills: trades.map((one) => past(one, symbol)) });
    },
    refresh: () => refresh().catch((problem) => link.renew(problem.message)),
    visible() {},
    close() {
      refused = refused || 'closed';
      link.close();
      for (const { reject, timer } of pending.values()) {
        clearTimeout(timer);
        reject(new Unanswered('closed'));
      }
      pending.clear();
    },
  };
}

/** Spot instruments of the venue. */
export function trades(instrument) {
  return instrument.venue === 'binance' && instrument.contract === 'spot';
}

/** Why it cannot be opened; '' where it can. */
export function missing(key) {
  return key.secret ? unsigned() : 'the key has no secret to sign with';
}

function shape(data, symbol) {
  return {
    id: String(data.orderId),
    clientId: data.clientOrderId,
    symbol,
    side: data.side.toLowerCase(),
    type: data.type.toLowerCase(),
    price: data.type.includes('LIMIT') ? data.price : null,
    size: data.origQty,
    filled: data.executedQty,
    status: STATUS[data.status] ?? 'expired',
    reason: '',
    ts: data.updateTime,
  };
}

function past(data, symbol) {
  return {
    id: String(data.id),
    order: String(data.orderId),
    symbol,
    side: data.isBuyer ? 'buy' : 'sell',
    price: data.price,
    size: data.qty,
    left: null,
    fee: data.commission,
    feeAsset: data.commissionAsset,
    ts: data.time,
  };
}

function balance(asset, free, locked) {
  const places = Math.max(decimals(free), decimals(locked));
  const total = text(big(free, places) + big(locked, places), places);
  return { asset, total, free, used: locked, equity: null, note: '' };
}
