// The instrument that the page shows: its name, which opens the list on narrow screens, last price, quote and status.

import { element } from '../drawing/dom.js';
import { screen, text } from '../common/numbers.js';
import { Figure, Flag, Text } from '../drawing/rows.js';

/** @param {HTMLElement} root @param {object} app */
export function mount(root, app) {
  const { market } = app;
  const name = new Text(element('strong'));
  const about = new Text(element('span', { class: 'quote-about' }));
  const picker = element(
    'button',
    { type: 'button', class: 'quote-name', 'aria-expanded': 'false', title: 'Choose an instrument (/)', onclick: pick },
    name.node, about.node,
  );
  const last = new Figure(element('span', { class: 'quote-last' }));
  const sign = new Text(element('span', { class: 'quote-sign', 'aria-hidden': 'true' }));
  const bid = new Figure(element('span', { class: 'buy' }));
  const ask = new Figure(element('span', { class: 'sell' }));
  const halted = new Flag(about.node, 'warn');
  const up = new Flag(last.node, 'buy');
  const down = new Flag(last.node, 'sell');
  root.append(
    picker,
    element('div', { class: 'quote-price' }, last.node, sign.node),
    element('div', { class: 'quote-pair' }, element('span', { class: 'dim', text: 'Bid' }), bid.node),
    element('div', { class: 'quote-pair' }, element('span', { class: 'dim', text: 'Ask' }), ask.node),
  );

  for (const figure of [last, bid, ask]) figure.set('–');
  let symbol = null;
  let before = null;
  let direction = 0;
  app.on('picking', (on) => picker.setAttribute('aria-expanded', String(on)));
  for (const kind of ['ticker', 'trades', 'book', 'instruments', 'shown', 'state']) {
    market.on(kind, () => app.frame.touch('quote'));
  }

  function pick() {
    app.tell('pick-instrument');
  }

  function trading({ status }) {
    return !status || status === 'trading';
  }

  function draw() {
    const instrument = market.instrument(market.shown.symbol);
    if (!instrument) return;
    if (instrument.symbol !== symbol) {
      symbol = instrument.symbol;
      before = null;
      direction = 0;
    }
    const [trade] = market.trades().newest(1);
    const best = market.book()?.best();
    const price = trade?.price ?? market.ticker(symbol)?.price ?? null;
    if (price !== null && before !== null && price !== before) direction = Math.sign(price - before);
    before = price ?? before;
    const shown = (units) => (Number.isFinite(units) ? screen(text(units, instrument.priceDecimals)) : '–');
    name.set(symbol);
    about.set(`${instrument.venue || 'feed'} · ${trading(instrument) ? instrument.contract : instrument.status}`);
    halted.set(!trading(instrument));
    last.set(shown(price));
    sign.set(direction > 0 ? '▲' : direction < 0 ? '▼' : '');
    up.set(direction > 0);
    down.set(direction < 0);
    bid.set(shown(best?.bid));
    ask.set(shown(best?.ask));
    app.title(`${last.value} ${symbol}`);
  }

  return {
    draw,
    shown: () => ({
      symbol: name.value, about: about.value, last: last.value, bid: bid.value, ask: ask.value,
      status: market.instrument(name.value)?.status ?? '',
    }),
  };
}
