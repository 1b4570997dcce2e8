// Own orders, positions, balances and fills, in all accounts of the keys of this tab; and these keys.

import { makeTable } from '../drawing/cells.js';
import { element, segmented, tools } from '../drawing/dom.js';
import { keysForm } from './keys_form.js';
import { grouped, screen, text } from '../common/numbers.js';
import { clockText } from '../common/times.js';

const MOST = 100; // rows of what is over

const VIEWS = [
  ['orders', 'Orders'],
  ['positions', 'Positions'],
  ['balances', 'Balances'],
  ['fills', 'Fills'],
  ['keys', 'Keys'],
];
const SIDE = { name: 'side', title: 'Side' };
const COLUMNS = {
  orders: [
    { name: 'symbol', title: 'Instrument' },
    SIDE,
    { name: 'type', title: 'Type' },
    { name: 'price', title: 'Price', kind: 'num' },
    { name: 'size', title: 'Size', kind: 'num' },
    { name: 'filled', title: 'Filled', kind: 'num' },
    { name: 'status', title: 'Status' },
    { name: 'account', title: 'Account' },
    { name: 'time', title: 'Time (UTC)', kind: 'num' },
    { name: 'act', title: 'Cancel', kind: 'act' },
  ],
  positions: [
    { name: 'symbol', title: 'Instrument' },
    SIDE,
    { name: 'size', title: 'Size', kind: 'num' },
    { name: 'entry', title: 'Entry', kind: 'num' },
    { name: 'mark', title: 'Mark', kind: 'num' },
    { name: 'profit', title: 'Unrealised', kind: 'num' },
    { name: 'realised', title: 'Realised', kind: 'num' },
    { name: 'funding', title: 'Funding', kind: 'num' },
    { name: 'liquidation', title: 'Liquidation', kind: 'num' },
    { name: 'currency', title: 'Currency' },
  ],
  balances: [
    { name: 'account', title: 'Account' },
    { name: 'asset', title: 'Asset' },
    { name: 'total', title: 'Balance', kind: 'num' },
    { name: 'used', title: 'In use', kind: 'num' },
    { name: 'free', title: 'Free', kind: 'num' },
    { name: 'equity', title: 'Equity', kind: 'num' },
    { name: 'note', title: '' },
  ],
  fills: [
    { name: 'time', title: 'Time (UTC)' },
    { name: 'symbol', title: 'Instrument' },
    SIDE,
    { name: 'price', title: 'Price', kind: 'num' },
    { name: 'size', title: 'Size', kind: 'num' },
    { name: 'fee', title: 'Fee', kind: 'num' },
    { name: 'account', title: 'Account' },
  ],
};
const CAPTIONS = {
  orders: 'Own orders: open ones first, then those that are over',
  positions: 'Open positions of the margin account',
  balances: 'Balances of all accounts',
  fills: 'Own fills, the newest first',
};
const EMPTY = {
  orders: 'No orders yet. A click on a price in the order book fills the ticket.',
  positions: 'No open positions.',
  balances: 'No balances.',
  fills: 'No fills yet.',
};

/** @param {HTMLElement} root @param {Object} app */
export function mount(root, app) {
  const { accounts, market, keys } = app;
  let view = keys.get('') || keys.get('binance') ? 'orders' : 'keys';
  let problem = '';
  let drawn = {};
  const tables = {};
  for (const name of Object.keys(COLUMNS)) {
    tables[name] = makeTable(CAPTIONS[name], COLUMNS[name], { empty: EMPTY[name], onact });
    root.append(tables[name].node);
  }
  const form = keysForm(app);
  root.append(form.node);
  const state = element('span', { class: 'dim states' });
  const tabs = segmented('What of the account is shown', VIEWS, view, show);
  tools(root).append(state, tabs.node);

  function show(name) {
    view = name;
    problem = '';
    app.frame.touch('account');
  }

  async function onact(act, id) {
    try {
      await accounts.cancel(id);
      problem = '';
      app.tell('speak', 'order cancelled');
    } catch (error) {
      problem = error.message;
      app.tell('speak', `not cancelled: ${problem}`);
    }
    app.frame.touch('account');
  }

  function orders() {
    return [...accounts.orders.open().reverse(), ...accounts.orders.finished(MOST)];
  }

  function digits(symbol) {
    return market.instrument(symbol) ?? { priceDecimals: 0, sizeDecimals: 0 };
  }

  const rows = {
    orders: () => orders().map((one) => orderRow(one, digits(one.symbol), title(one.account))),
    positions: () => all('positions').map(({ row }) => positionRow(row)),
    balances: () => all('balances').map(({ row, account }) => balanceRow(row, account)),
    fills: () => accounts.orders.latestFills(MOST).map((one) => fillRow(one, digits(one.symbol), title(one.account))),
  };

  function all(what) {
    return accounts.all().flatMap((account) => account[what].map((row) => ({ row, account })));
  }

  function title(name) {
    return accounts.all().find((one) => one.name === name)?.title ?? name;
  }

  app.on('cancel', (what) => what?.id && onact('cancel', what.id));
  accounts.on(() => app.frame.touch('account'));
  keys.on(() => {
    if (view === 'keys' && keys.get('')) {
      tabs.set('orders');
      view = 'orders';
    }
    app.frame.touch('account');
  });

  return {
    draw() {
      for (const [name, table] of Object.entries(tables)) table.node.hidden = name !== view;
      form.node.hidden = view !== 'keys';
      if (rows[view]) tables[view].fill(rows[view]());
      const states = accounts.all().filter((one) => one.served && one.key);
      const said = states.map((one) => `${one.title}: ${one.state === 'live' ? 'live' : one.reason}`);
      const line = [problem, ...said, accounts.unreadable() ? `unreadable: ${accounts.unreadable()}` : ''];
      const told = line.filter(Boolean).join(' · ') || 'no key';
      if (state.textContent !== told) state.textContent = told;
      state.title = told;
      drawn = facts();
    },

    /** Delete cancels the order in whose row the focus is. */
    key(event) {
      const id = event.key === 'Delete' && view === 'orders' ? tables.orders.focused() : null;
      if (id) onact('cancel', id);
      return Boolean(id);
    },

    visible: (on) => accounts.visible(on),

    shown: () => drawn,
  };

  function facts() {
    return {
      view,
      problem,
      accounts: Object.fromEntries(accounts.all().map((one) => [one.name, one.state])),
      orders: orders().map((one) => orderShown(one, digits(one.symbol))),
      positions: all('positions').map(({ row }) => row),
      balances: all('balances').map(({ row, account }) => ({ account: account.name, ...row })),
      fills: accounts.orders.latestFills(MOST).map((one) => fillShown(one, digits(one.symbol))),
    };
  }
}

function sided(side) {
  return { text: side === 'buy' ? 'Buy' : 'Sell', class: side };
}

function money(value) {
  return value === null || value === undefined ? '–' : { text: grouped(value), value };
}

function gain(value) {
  const sign = /[1-9]/.test(value) ? (value.startsWith('-') ? 'sell' : 'buy') : '';
  return { text: (sign === 'buy' ? '+' : '') + grouped(value), class: sign, value };
}

function priced(value) {
  return /[1-9]/.test(value) ? { text: screen(value), value } : '–';
}

function orderRow(order, { priceDecimals, sizeDecimals }, account) {
  const resting = order.status === 'open' || order.status === 'partial';
  const price = order.price === null ? '' : text(order.price, priceDecimals);
  const label = `Cancel ${order.side} ${text(order.size, sizeDecimals)} ${order.symbol} at ${price || 'the market'}`;
  return {
    id: order.id,
    class: resting ? '' : 'dim',
    symbol: order.symbol,
    side: sided(order.side),
    type: order.type.replaceAll('_', ' '),
    price: price ? { text: price, value: price } : 'market',
    size: text(order.size, sizeDecimals),
    filled: text(order.filled, sizeDecimals),
    status: {
      text: order.reason ? `${order.status}: ${order.reason}` : order.status,
      title: `${order.id} ${order.clientId}`,
    },
    account,
    time: clockText(order.ts),
    act: resting ? [{ act: 'cancel', text: '×', label }] : [],
  };
}

function positionRow(row) {
  return {
    id: row.symbol,
    ...row,
    side: sided(row.side),
    entry: priced(row.entry),
    mark: priced(row.mark),
    profit: gain(row.profit),
    realised: gain(row.realised),
    funding: gain(row.funding),
    liquidation: priced(row.liquidation),
  };
}

function balanceRow(row, account) {
  const figures = Object.fromEntries(['total', 'used', 'free', 'equity'].map((name) => [name, money(row[name])]));
  return { id: `${account.name}:${row.asset}`, account: account.title, asset: row.asset, note: row.note, ...figures };
}

function fillRow(fill, { priceDecimals, sizeDecimals }, account) {
  return {
    id: `${fill.order}:${fill.id}`,
    time: clockText(fill.ts),
    symbol: fill.symbol,
    side: sided(fill.side),
    price: text(fill.price, priceDecimals),
    size: text(fill.size, sizeDecimals),
    fee: { text: `${screen(fill.fee)} ${fill.feeAsset}`, value: fill.fee },
    account,
  };
}

function orderShown(order, { priceDecimals, sizeDecimals }) {
  const { id, clientId, symbol, side, type, status } = order;
  const price = order.price === null ? null : text(order.price, priceDecimals);
  const [size, filled] = [text(order.size, sizeDecimals), text(order.filled, sizeDecimals)];
  return { id, clientId, symbol, side, type, status, price, size, filled };
}

function fillShown(fill, { priceDecimals, sizeDecimals }) {
  const { id, order, symbol, side } = fill;
  return { id, order, symbol, side, price: text(fill.price, priceDecimals), size: text(fill.size, sizeDecimals) };
}
