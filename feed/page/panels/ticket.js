// The order ticket: side, type, price and size, what that would cost, and what became of it.

import { element, segmented } from '../drawing/dom.js';
import { grouped, product, text, units, zeros } from '../common/numbers.js';

const BUY_SELL = [
  ['buy', 'Buy'],
  ['sell', 'Sell'],
];
const ONE_CLICK = 'A click in the order book sends the order';
const TYPES = [
  ['limit', 'Limit'],
  ['market', 'Market'],
];
const USUAL_VALUE = 1000n; // of the quote asset: what an order is worth unless its size is typed
const ACCOUNTS = [
  ['margin', 'Margin'],
  ['binance', 'Wallet'],
];

/** @param {HTMLElement} root @param {Object} app */
export function mount(root, app) {
  const { accounts, market } = app;
  const order = { side: 'buy', type: 'limit', account: 'margin' };
  let symbol = '';
  let sending = 0;
  let sized = false; // the size is a sensible one, or the user's
  let answer = { text: '', good: true };

  const touched = () => app.frame.touch('ticket');
  const side = segmented('Side', BUY_SELL, order.side, (value) => choose({ side: value }));
  const type = segmented('Type of the order', TYPES, order.type, (value) => choose({ type: value }));
  const account = segmented('Account', ACCOUNTS, order.account, (value) => choose({ account: value }));
  side.node.classList.add('sides');
  const price = figure('Price');
  const size = figure('Size');
  const oneClick = element('input', { type: 'checkbox', id: 'one-click' });
  const place = element('button', { type: 'submit', class: 'button primary place', text: 'Place' });
  const cost = element('dl', { class: 'cost' });
  const costs = Object.fromEntries(['Value', 'Best price', 'Worst price', 'From the middle'].map(line));
  const said = element('p', { class: 'note answer', role: 'status' });
  const why = element('p', { class: 'note warn' });
  const form = element(
    'form',
    { class: 'ticket', autocomplete: 'off', novalidate: true },
    element(
      'div',
      { class: 'stack' },
      element('div', { class: 'row wrap' }, side.node, type.node, account.node),
      element('div', { class: 'row' }, label('Price', price), label('Size', size)),
      element(
        'div',
        { class: 'row' },
        place,
        element('label', { class: 'row dim', for: 'one-click', title: ONE_CLICK }, oneClick, 'One click'),
      ),
    ),
    element('div', { class: 'stack told' }, cost, why, said),
  );
  root.append(form);

  function line(name) {
    const value = element('dd', { text: '–' });
    cost.append(element('dt', { text: name }), value);
    return [name, value];
  }

  function figure(name) {
    const field = element('input', {
      class: 'field num',
      type: 'text',
      inputmode: 'decimal',
      'aria-label': name,
      spellcheck: 'false',
    });
    field.oninput = () => {
      sized ||= field === size;
      touched();
    };
    field.onkeydown = (event) => step(event, field);
    return field;
  }

  /** Arrows move a figure by its smallest step, with Shift by ten of them. */
  function step(event, field) {
    const by = { ArrowUp: 1, ArrowDown: -1 }[event.key];
    const instrument = market.instrument(symbol);
    if (!by || !instrument) return;
    event.preventDefault();
    const [places, unit] =
      field === price ? [instrument.priceDecimals, instrument.tick] : [instrument.sizeDecimals, instrument.lot];
    const now = read(field.value, places) ?? 0;
    field.value = text(Math.max(unit, now + by * unit * (event.shiftKey ? 10 : 1)), places);
    sized ||= field === size;
    touched();
  }

  function choose(changes) {
    Object.assign(order, changes);
    side.set(order.side);
    type.set(order.type);
    account.set(order.account);
    touched();
  }

  /** What is typed, as units, and why it cannot be sent; '' where it can. */
  function draft() {
    const instrument = market.instrument(symbol);
    if (!instrument) return { reason: 'no instrument is shown' };
    const limit = order.type === 'limit';
    const found = {
      ...order,
      symbol,
      price: limit ? read(price.value, instrument.priceDecimals) : null,
      size: read(size.value, instrument.sizeDecimals),
    };
    return { ...found, instrument, reason: accounts.why(symbol, order.account) || wrong(found, instrument, limit) };
  }

  async function send() {
    const { reason, instrument, ...wanted } = draft();
    if (reason) {
      tell(reason, false);
      return;
    }
    sending += 1;
    touched();
    try {
      const { id } = await accounts.place(wanted);
      tell(`${wanted.side} ${text(wanted.size, instrument.sizeDecimals)} ${wanted.symbol}: accepted as ${id}`, true);
    } catch (error) {
      tell(`not placed: ${error.message}`, false);
    } finally {
      sending -= 1;
      touched();
    }
  }

  function tell(words, good) {
    answer = { text: words, good };
    app.tell('speak', words);
    touched();
  }

  function pick({ side: picked, price: at, focus }) {
    follow(); // on a phone the ticket is not drawn beside the book: units are those of what was picked in
    choose({ side: picked });
    const instrument = market.instrument(symbol);
    if (at !== null && at !== undefined && instrument) {
      price.value = text(at, instrument.priceDecimals);
      choose({ type: 'limit' });
      if (oneClick.checked) send();
    }
    if (focus) (size.value ? place : size).focus();
  }

  /** Another instrument: its own digits, its smallest size, and its best price once there is one. */
  function follow() {
    const now = market.shown?.symbol ?? '';
    if (now === symbol || !market.instrument(now)) return;
    symbol = now;
    const { sizeDecimals, lot } = market.instrument(now);
    size.value = text(lot, sizeDecimals);
    price.value = '';
    sized = false;
    answer = { text: '', good: true };
    const served = accounts.of(now).map(({ name }) => name);
    if (served.length && !served.includes(order.account)) choose({ account: served[0] });
    touched();
  }

  // One press is one order: a key that is held, and the second click of a double one, send nothing.
  form.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && event.repeat) event.preventDefault();
  });
  place.addEventListener('click', (event) => {
    if (event.detail > 1) event.preventDefault();
  });
  form.onsubmit = (event) => {
    event.preventDefault();
    if (!sending) send();
  };
  app.on('pick', pick);
  app.on('place', send);
  accounts.on(touched);
  for (const kind of ['book', 'shown', 'instruments', 'state']) market.on(kind, touched);

  return {
    draw() {
      follow();
      const { reason, instrument, ...wanted } = draft();
      const book = market.book();
      if (instrument && book) suggest(book, instrument);
      price.disabled = order.type === 'market';
      const served = accounts.of(symbol);
      account.node.hidden = served.length < 2;
      form.dataset.side = order.side;
      place.disabled = Boolean(reason); // not while it sends: the focus would be lost, and with it what Space means
      place.setAttribute('aria-busy', String(sending > 0));
      const known = wanted.size && instrument;
      const amount = known ? `${text(wanted.size, instrument.sizeDecimals)} ${instrument.base}` : '';
      write(place, sending ? 'Sending …' : `${order.side === 'buy' ? 'Buy' : 'Sell'} ${amount}`.trim());
      write(why, reason);
      why.hidden = !reason;
      write(said, answer.text);
      said.classList.toggle('warn', !answer.good);
      estimate(wanted, instrument, book);
    },

    shown: () => {
      const { reason } = draft();
      return { ...order, symbol, price: price.value, size: size.value, reason, answer: answer.text, sending };
    },
  };

  /** The best price of that side, and the power of ten of the base asset that is worth up to so much. */
  function suggest(book, { priceDecimals, sizeDecimals, lot }) {
    const best = book.best()[order.side === 'buy' ? 'bid' : 'ask'];
    if (best === null) return;
    if (!price.value && document.activeElement !== price) price.value = text(best, priceDecimals);
    if (sized || best <= 0) return;
    let worth = BigInt(lot);
    while (product(best, 10n * worth) <= USUAL_VALUE * 10n ** BigInt(priceDecimals + sizeDecimals)) worth *= 10n;
    size.value = text(worth, sizeDecimals);
    sized = true;
  }

  function estimate({ side: taken, type: kind, price: at, size: amount }, instrument, book) {
    const swept = amount && book ? book.sweep(taken, amount) : null;
    const places = instrument ? instrument.priceDecimals + instrument.sizeDecimals : 0;
    const value = kind === 'market' ? swept?.cost : at && amount ? product(at, amount) : null;
    const now = (units_) => (units_ === undefined || units_ === null ? '–' : text(units_, instrument.priceDecimals));
    const exact = value ? text(value, places) : '';
    write(costs.Value, value ? `${grouped(zeros(exact)[0])} ${instrument.quote}` : '–');
    costs.Value.dataset.value = exact;
    write(costs['Best price'], now(book?.best()[taken === 'buy' ? 'ask' : 'bid']));
    write(costs['Worst price'], kind === 'market' ? now(swept?.worst) : '–');
    const bps = kind === 'market' && !book?.crossed ? swept?.bps : null;
    write(costs['From the middle'], bps === null || bps === undefined ? '–' : `${bps.toFixed(1)} bps`);
  }
}

function label(name, field) {
  return element('label', { class: 'stack tight' }, element('span', { class: 'dim', text: name }), field);
}

function read(typed, places) {
  try {
    return units(typed.trim(), places);
  } catch {
    return null;
  }
}

function wrong({ price, size }, { priceDecimals, sizeDecimals, tick, lot }, limit) {
  if (limit && price === null) return `price: a decimal with at most ${priceDecimals} digits behind the point`;
  if (limit && price <= 0) return 'price: above 0';
  if (limit && price % tick) return `price: a multiple of ${text(tick, priceDecimals)}`;
  if (size === null) return `size: a decimal with at most ${sizeDecimals} digits behind the point`;
  if (size <= 0) return 'size: above 0';
  return size % lot ? `size: a multiple of ${text(lot, sizeDecimals)}` : '';
}

function write(node, words) {
  if (node.textContent !== words) node.textContent = words;
}
