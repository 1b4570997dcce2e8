// The margin account of a key: Tradyn's REST, and its socket for what happens in between.
//
// REST is the truth of positions and funds, which are marked to market; the socket says when to ask again.

import { readExact, writeExact } from '../common/exact_json.js';
import { newClientId, openLink, socketPath } from '../connection/link.js';

const API = '/v1/api/';
const ASKED_MS = 10000;
const MARKED_MS = 2000; // how often positions are asked for while somebody looks
const SOON_MS = 200; // several messages of one event make one request
const LIMIT_TYPE = { buy: '2', sell: '3' };
const MARKET_TYPE = { buy: '0', sell: '1' };
const STATUS = { received: 'open', placed: 'open' }; // others are called alike

/** A request that was not answered, and may have acted all the same. */
class Unanswered extends Error {}

/**
 * Open it.
 *
 * @param {Object} options
 * @param {Object} options.server
 * @param {{key: string}} options.key
 * @param {(told: Object) => void} options.tell see account/accounts.js.
 * @param {() => number} options.version of the fold that `tell` feeds.
 * @returns {import('./accounts.js').Account}
 */
export function open({ server, key, tell, version }) {
  let refused = '';
  let visible = true;
  let soon = 0;
  let closed = false;
  const ping = () => '{"type":"list"}';
  const link = openLink(socketPath(server, '/tradyn', 'ext=seq'), { opened() {}, received, lost, ping });
  const timer = setInterval(() => {
    if (visible && !document.hidden && !refused) marked();
  }, MARKED_MS);

  function received(text) {
    const message = readExact(text);
    if (message.type === 'welcome') link.send(JSON.stringify({ type: 'auth', apiKey: key.key }));
    else if (message.type === 'auth') subscribe();
    else if (message.type === 'subscribed') refresh();
    else if (message.type === 'order') tell({ orders: [order(message.data)] });
    else if (message.type === 'deal') tell({ fills: [fill(message.data)] });
    else if (message.type === 'position' || message.type === 'account') markSoon();
    else if (message.type === 'error') refuse(message.message);
  }

  function subscribe() {
    link.send(JSON.stringify({ type: 'subscribe', channels: ['orders', 'positions', 'account'] }));
  }

  function refuse(reason) {
    refused = reason;
    link.close(); // a key that is refused stays so: asking again would only count against this address
    tell({ state: 'refused', reason });
  }

  function lost(reason) {
    tell({ state: 'lost', reason });
  }

  function markSoon() {
    if (!soon) soon = setTimeout(marked, SOON_MS);
  }

  async function marked() {
    clearTimeout(soon);
    soon = 0;
    await told(async () => {
      const [positions, account] = await Promise.all([ask('positions'), ask('account')]);
      tell({ positions: positions.map(position), balances: account.funds.map(funds) });
    });
  }

  async function refresh() {
    await told(async () => {
      const since = version();
      const [open_, finished, deals] = await Promise.all([
        ask('orders'),
        ask('orders/history?limit=50'),
        ask('deals?limit=100'),
      ]);
      const past = finished.map(order).reverse();
      tell({ open: open_.map(order), since, orders: past, fills: deals.map(fill).reverse() });
      tell({ state: 'live', reason: '' });
      await marked();
    });
  }

  async function told(work) {
    try {
      await work();
    } catch (problem) {
      // What was missed is asked for once the socket is there again: it may well have stood all the time.
      if (!closed && !refused) link.renew(problem.message);
    }
  }

  async function ask(path, body = null) {
    let text;
    let status;
    try {
      const answer = await fetch(API + path, {
        method: body === null ? 'GET' : 'POST',
        headers: { Authorization: `Bearer ${key.key}`, 'Content-Type': 'application/json' },
        body,
        cache: 'no-store',
        signal: AbortSignal.timeout(ASKED_MS),
      });
      status = answer.status;
      text = await answer.text();
    } catch {
      throw new Unanswered('the server has not answered');
    }
    let found;
    try {
      found = readExact(text);
    } catch {
      throw new Error(`the server answered ${status} without JSON`);
    }
    if (found.success !== true) throw new Error(found.error ?? `the server answered ${status}`);
    return found.data;
  }

  async function place({ symbol, side, type, price, size }) {
    const limit = type === 'limit';
    const clientId = newClientId();
    const texts = { symbol, action: side, clientId };
    const numbers = { volume: size, type: (limit ? LIMIT_TYPE : MARKET_TYPE)[side], price: limit ? price : null };
    let found;
    try {
      found = await ask('trade', writeExact(texts, numbers));
    } catch (problem) {
      if (!(problem instanceof Unanswered)) throw problem;
      // It may have acted: it is looked for by its own id, and never sent again.
      found = await lookUp(clientId);
      if (!found) throw new Error('no answer, and the order is not there');
    }
    tell({ orders: [order(found)] });
    return { id: found.ticket };
  }

  async function lookUp(clientId) {
    const lists = await Promise.all([ask('orders'), ask('orders/history?limit=50')]);
    return lists.flat().find((one) => one.clientId === clientId) ?? null;
  }

  return {
    place,
    async cancel(id) {
      tell({ orders: [order(await ask('orders/cancel', writeExact({}, { ticket: id })))] });
    },
    refresh,
    visible(on) {
      visible = on;
      if (on && !refused) marked();
    },
    close() {
      closed = true;
      clearInterval(timer);
      clearTimeout(soon);
      link.close();
    },
  };
}

/** Every instrument but predictions, which have no margin. */
export function trades(instrument) {
  return instrument.contract !== 'prediction';
}

function order(data) {
  const pending = Number(data.type) >= 2; // a whole number from 0 to 5
  return {
    id: data.ticket,
    clientId: data.clientId,
    symbol: data.symbol,
    side: data.action,
    type: ['market', 'market', 'limit', 'limit', 'stop', 'stop'][Number(data.type)] ?? 'other',
    price: pending ? data.price : null,
    size: data.volume,
    filled: data.filled,
    status: STATUS[data.status] ?? data.status,
    reason: data.reason,
    ts: Number(data.updated), // ms: below 2^53 for 280,000 years
  };
}

function fill(data) {
  return {
    id: data.ticket,
    order: data.order,
    symbol: data.symbol,
    side: data.action,
    price: data.price,
    size: data.volume,
    left: data.remaining,
    fee: data.commission,
    feeAsset: data.currency,
    ts: Number(data.time),
  };
}

function position(data) {
  return {
    symbol: data.symbol,
    side: data.action,
    size: data.volume,
    entry: data.openPrice,
    mark: data.currentPrice,
    profit: data.profit,
    realised: data.realizedProfit,
    funding: data.swap,
    liquidation: data.liquidationPrice,
    currency: data.currency,
  };
}

function funds(data) {
  return {
    asset: data.currency,
    total: data.balance,
    free: data.freeMargin,
    used: data.margin,
    equity: data.equity,
    note: `leverage ${data.leverage}`,
  };
}
