// The tape: trades of the shown instrument, newest first. It stands still while the pointer is on it, to be read and
// copied from.

import { clockText } from '../common/times.js';
import { element } from '../drawing/dom.js';
import { screen, short } from '../common/numbers.js';
import { Figure, Flag, Rows, Text, table } from '../drawing/rows.js';

/** Most rows that are drawn; the tape itself keeps more. */
const MOST = 60;
/** Longer sizes are shortened to so many digits; the whole one is in the row's title. */
const DIGITS = 6;

/** @param {HTMLElement} root @param {object} app */
export function mount(root, app) {
  const { market } = app;
  const headings = [['Price', ''], ['Size', 'num'], ['Time', 'num']];
  const { node, head, body } = table('Trades, newest first', headings, { class: 'tape' });
  const note = new Text(element('span', { class: 'badge' }));
  root.parentElement.querySelector('.panel-tools').append(note.node);
  root.append(node);
  const rows = new Rows(body, makeRow);
  let held = null;
  let fits = 20;
  node.onpointerenter = (event) => hold(event.pointerType === 'mouse');
  node.onpointerleave = () => hold(false);
  new ResizeObserver(() => {
    const height = parseFloat(getComputedStyle(root).getPropertyValue('--row')) || 18;
    fits = Math.max(1, Math.min(MOST, Math.floor((root.clientHeight - head.offsetHeight) / height)));
    rows.resize(fits);
    app.frame.touch('tape');
  }).observe(root);
  market.on('trades', () => app.frame.touch('tape'));
  market.on('shown', () => {
    held = null;
    app.frame.touch('tape');
  });

  function hold(on) {
    held = on ? market.trades().newest(MOST) : null;
    app.frame.touch('tape');
  }

  function makeRow() {
    const price = new Figure(element('td', { role: 'cell' }));
    const size = new Figure(element('td', { role: 'cell', class: 'num' }));
    const time = new Text(element('td', { role: 'cell', class: 'num dim' }));
    const node = element('tr', { role: 'row' }, price.node, size.node, time.node);
    return {
      node, price, size, time, trade: null,
      buy: new Flag(price.node, 'buy'), sell: new Flag(price.node, 'sell'),
      rule: new Flag(node, 'rule'), large: new Flag(node, 'large'),
    };
  }

  function draw() {
    const newest = market.trades().newest(MOST);
    const trades = held ?? newest;
    const large = threshold(newest);
    for (let at = 0; at < rows.count; at += 1) fill(rows.all[at], trades[at], large);
    const first = held?.[0];
    const later = first ? newest.findIndex((trade) => trade.id === first.id) : 0;
    note.set(held ? `held · ${later < 0 ? `${MOST}+` : later} new` : '');
    note.node.hidden = !held;
  }

  function fill(row, trade, large) {
    row.trade = trade ?? null;
    const side = trade?.side ?? null;
    row.price.set(trade ? screen(trade.priceText) : '');
    row.size.set(trade ? narrow(trade) : '');
    row.time.set(trade ? clockText(trade.ts) : '');
    row.buy.set(side === 'buy');
    row.sell.set(side === 'sell');
    row.large.set(trade !== undefined && trade.size >= large);
    row.rule.set(Boolean(trade?.rule));
    if (!held) return;
    const said = trade ? [trade.rule, `${clockText(trade.ts, 3)} UTC`, trade.sizeText, `trade ${trade.id}`] : [];
    const title = said.filter(Boolean).join(', ');
    if (row.node.title !== title) row.node.title = title;
  }

  function narrow(trade) {
    const places = market.instrument(market.shown.symbol)?.sizeDecimals ?? 0;
    return trade.sizeText.length > DIGITS + 1 ? short(trade.size, places, DIGITS) : trade.sizeText;
  }

  return {
    draw,
    shown: () => ({
      symbol: market.shown.symbol,
      held: held !== null,
      rows: rows.all.slice(0, rows.count).filter((row) => row.trade).map(({ trade }) => ({
        id: trade.id, price: trade.priceText, size: trade.sizeText, side: trade.side, seq: trade.seq, rule: trade.rule,
      })),
    }),
  };
}

/** The size from which a trade is among the largest twentieth of those given; they stand out. */
function threshold(trades) {
  if (trades.length < 20) return Infinity;
  const sizes = trades.map((trade) => trade.size).sort((one, other) => one - other);
  return sizes[Math.floor(sizes.length * 0.95)];
}
