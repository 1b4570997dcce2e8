// The ladder: asks above, bids below, cumulative bars, own orders, and what it costs to sweep a size out of the book.
// Each side is its own sorted list, so that a book that is crossed, as in a call auction, is shown as it is.

import { element, tools } from '../drawing/dom.js';
import { groupings, heldLevels, ownKey, ownOrders, standing } from './ladder_rows.js';
import { mountSweep } from './ladder_sweep.js';
import { screen, short, text } from '../common/numbers.js';
import { Bar, Figure, Flag, Rows, Text, table } from '../drawing/rows.js';

/** Most rows of one side, and most on a phone. */
const MOST = 20;
const MOST_NARROW = 12;
/** Levels that are looked at where rows hold their prices: the market may have moved away from them. */
const HELD_LEVELS = 400;
/** Longer sizes than this are shortened to so many digits; the whole one is in the row's title. */
const DIGITS = 6;

/** @param {HTMLElement} root @param {object} app */
export function mount(root, app) {
  const { market } = app;
  const sides = {};
  const { node, head, body: asks } = table(
    'Order book: asks above, bids below',
    [['Own', ''], ['Price', 'num'], ['Size', 'num'], ['Total', 'num']],
    { class: 'ladder', role: 'grid', 'aria-label': 'Order book' },
  );
  const middle = makeMiddle();
  const bids = element('tbody', { role: 'rowgroup', class: 'bids' });
  asks.classList.add('asks');
  node.append(element('tbody', { role: 'rowgroup' }, middle.node), bids);
  const group = element('select', { class: 'field ladder-group', 'aria-label': 'Price step', onchange: regroup });
  tools(root).append(group);
  root.append(node);
  const sweep = mountSweep(root, app, () => app.frame.touch('ladder'));
  const hatched = new Flag(node, 'hatched');
  sides.ask = new Rows(asks, () => makeRow('ask'));
  sides.bid = new Rows(bids, () => makeRow('bid'));

  let instrument = null;
  let step = 0;
  let count = 0;
  let held = null;
  let hovered = null;
  let current = null;
  let pressed = null;
  let drawn = { asks: [], bids: [] };
  let message = '';

  node.onpointerenter = (event) => hold(event.pointerType === 'mouse');
  node.onpointerleave = () => {
    hovered = null;
    hold(false);
  };
  node.onpointerover = (event) => {
    const row = rowOf(event.target);
    hovered = row?.level ? row : null;
    if (row?.level) row.node.title = title(row);
    app.frame.touch('ladder');
  };
  node.onpointerdown = (event) => {
    const row = rowOf(event.target);
    pressed = row?.level ? { row, level: row.level, ownIds: row.ownIds } : null;
  };
  node.onclick = onClick;
  new ResizeObserver(fit).observe(root);
  for (const kind of ['book', 'trades', 'state', 'instruments']) market.on(kind, () => app.frame.touch('ladder'));
  market.on('shown', change);
  app.accounts?.on(() => app.frame.touch('ladder'));
  fit(); // before anything is painted: rows that come later would move others

  function makeMiddle() {
    const last = new Figure(element('td', { role: 'gridcell', class: 'ladder-last' }));
    const spread = new Text(element('td', { role: 'gridcell', class: 'dim num' }));
    const row = element('tr', { role: 'row', class: 'ladder-middle' }, last.node, spread.node);
    return { node: row, last, spread, buy: new Flag(last.node, 'buy'), sell: new Flag(last.node, 'sell') };
  }

  function makeRow(side) {
    const ownSize = new Text(element('span'));
    const given = { type: 'button', class: 'ladder-cancel', text: '×', hidden: true, tabindex: '-1' };
    const cancel = element('button', given);
    const own = element('td', { role: 'gridcell', class: 'ladder-own' }, ownSize.node, cancel);
    const price = new Figure(element('td', { role: 'gridcell', class: `num ${side === 'ask' ? 'sell' : 'buy'}` }));
    const size = new Figure(element('td', { role: 'gridcell', class: 'num' }));
    const bar = element('i', { class: 'ladder-bar' });
    const total = new Figure(element('td', { role: 'gridcell', class: 'num dim' }));
    const end = element('td', { role: 'presentation', class: 'ladder-bar-cell' }, bar);
    const cells = [own, price.node, size.node, total.node, end];
    const node = element('tr', { role: 'row', tabindex: '-1', class: side }, ...cells);
    const parts = { ownSize, cancel, price, size, total, bar: new Bar(bar), mine: new Flag(node, 'mine') };
    const row = { node, side, level: null, ownIds: [], ...parts };
    node._row = row;
    return row;
  }

  function rowOf(target) {
    return target.closest?.('tr')?._row ?? null;
  }

  function fit() {
    const height = parseFloat(getComputedStyle(root).getPropertyValue('--row')) || 18;
    const room = root.clientHeight - head.offsetHeight - middle.node.offsetHeight - sweep.node.offsetHeight;
    const most = window.innerWidth < 800 ? MOST_NARROW : MOST;
    count = Math.max(1, Math.min(most, Math.floor(room / height / 2)));
    // What is left over goes to the rows, so that the list ends where its box ends.
    const each = `${Math.min(Math.floor(room / count / 2), height + 4)}px`;
    for (const side of [asks, bids]) side.style.setProperty('--row', each);
    sides.ask.resize(count);
    sides.bid.resize(count);
    held = null;
    setCurrent(sides.ask.all[count - 1]);
    app.frame.touch('ladder');
  }

  function change() {
    instrument = null;
    held = null;
    hovered = null;
    app.frame.touch('ladder');
  }

  function hold(on) {
    held = on && drawn.asks.length ? { asks: prices(drawn.asks), bids: prices(drawn.bids) } : null;
    app.frame.touch('ladder');
  }

  function prices(levels) {
    return Array.from({ length: count }, (_, at) => levels[at]?.price ?? null);
  }

  function regroup() {
    step = Number(group.value);
    held = null;
    app.frame.touch('ladder');
  }

  function offerGroups(price) {
    const steps = groupings(instrument.tick, price);
    step = steps[0];
    const option = (each) => element('option', { value: each, text: text(each, instrument.priceDecimals) });
    group.replaceChildren(...steps.map(option));
    group.value = String(step);
  }

  function onClick(event) {
    const row = rowOf(event.target);
    if (!row?.level || event.detail > 1) return; // the second of a double click would be a second order
    // A finger holds no prices: they may move under it until it is lifted.
    const { level, ownIds } = pressed?.row === row ? pressed : row;
    if (event.target === row.cancel) for (const id of ownIds) app.tell('cancel', { id });
    else take(row, level);
  }

  /** Into the ticket: an order that would rest where the row is. */
  function take(row, level) {
    setCurrent(row);
    app.tell('pick', { side: row.side === 'ask' ? 'sell' : 'buy', price: level.price });
  }

  // One row can be reached by Tab: the one that had the focus last.
  function setCurrent(row) {
    if (current) current.node.tabIndex = -1;
    current = row;
    row.node.tabIndex = 0;
  }

  function key(event) {
    const row = rowOf(document.activeElement);
    if (!row) return false;
    const by = { ArrowUp: -1, ArrowDown: 1, PageUp: -5, PageDown: 5 }[event.key];
    if (by) {
      const all = [...sides.ask.all.slice(0, count), ...sides.bid.all.slice(0, count)];
      const next = all[Math.min(Math.max(all.indexOf(row) + by, 0), all.length - 1)];
      setCurrent(next);
      next.node.focus();
      hovered = next.level ? next : null;
      app.frame.touch('ladder');
    } else if (event.key === 'Enter' && row.level) {
      if (!event.repeat) take(row, row.level);
    } else if (event.key === 'Delete' && row.ownIds.length) {
      for (const id of row.ownIds) app.tell('cancel', { id });
    } else return false;
    return true;
  }

  function draw() {
    const { symbol } = market.shown;
    const book = market.book();
    const state = market.state();
    if (instrument?.symbol !== symbol) {
      instrument = market.instrument(symbol);
      step = 0;
    }
    const best = book?.best() ?? { bid: null, ask: null };
    if (instrument && !step && (best.bid ?? best.ask) !== null) offerGroups(best.bid ?? best.ask);
    hatched.set(state.bookState !== 'whole');
    if (!instrument || !book || !step) {
      drawn = { asks: [], bids: [] };
      message = 'the book is being loaded';
    } else {
      const levels = book.grouped(step, held ? HELD_LEVELS : count);
      drawn = held
        ? { asks: heldLevels(levels.asks, held.asks, 'ask'), bids: heldLevels(levels.bids, held.bids, 'bid') }
        : { asks: levels.asks, bids: levels.bids };
      message = state.bookState === 'out of step' ? 'out of step: loading anew' : '';
    }
    const largest = Math.max(1, ...[...drawn.asks, ...drawn.bids].map((each) => each?.total ?? 0));
    const own = instrument && step ? ownOrders(app.accounts?.orders.open(symbol) ?? [], step) : new Map();
    for (let at = 0; at < count; at += 1) {
      fill(sides.ask.all[at], drawn.asks[count - 1 - at] ?? null, largest, own);
      fill(sides.bid.all[at], drawn.bids[at] ?? null, largest, own);
    }
    drawMiddle(book, best);
    sweep.draw(book, instrument, hovered);
  }

  function fill(row, level, largest, own) {
    row.level = level;
    const mine = level ? own.get(ownKey(row.side, level.price)) : undefined;
    row.price.set(level ? screen(text(level.price, instrument.priceDecimals)) : '');
    row.size.set(level && level.size > 0 ? narrow(level.size) : '');
    row.total.set(level && level.size > 0 ? narrow(level.total) : '');
    row.bar.set(level ? level.total / largest : 0);
    row.ownIds = mine?.ids ?? [];
    row.ownSize.set(mine ? short(mine.left, instrument.sizeDecimals, 4) : '');
    row.mine.set(Boolean(mine));
    if (row.cancel.hidden !== !mine) {
      row.cancel.hidden = !mine;
      if (mine) row.cancel.setAttribute('aria-label', `Cancel own orders at ${row.price.value}`);
    }
  }

  function narrow(size) {
    const whole = text(size, instrument.sizeDecimals);
    return whole.length > DIGITS + 1 ? short(size, instrument.sizeDecimals, DIGITS) : whole;
  }

  function title(row) {
    const say = (size) => text(size, instrument.sizeDecimals);
    const { size, total } = row.level;
    return `${row.price.value}: ${say(size)}, up to here ${say(total)}; a click puts it into the ticket`;
  }

  function drawMiddle(book, best) {
    const [trade] = market.trades().newest(1);
    middle.last.set(trade ? screen(trade.priceText) : '–');
    middle.buy.set(trade?.side === 'buy');
    middle.sell.set(trade?.side === 'sell');
    middle.spread.set(message || spreadText(book, best));
  }

  function spreadText(book, { bid, ask }) {
    const why = standing(instrument, book);
    if (why) return book.crossed ? `${why}, bids above asks` : why;
    if (bid === null || ask === null) return 'one side is empty';
    const bps = ((ask - bid) * 20_000) / (ask + bid);
    const said = `spread ${text(ask - bid, instrument.priceDecimals)} · ${bps.toFixed(1)} bps`;
    return held ? `${said} · held` : said;
  }

  function shown() {
    const say = ({ price, size, total }) => [
      text(price, instrument.priceDecimals), text(size, instrument.sizeDecimals), text(total, instrument.sizeDecimals),
    ];
    const all = [...sides.ask.all.slice(0, count), ...sides.bid.all.slice(0, count)];
    const rows = (levels) => levels.filter((each) => each && each.size > 0).map(say);
    return {
      symbol: market.shown.symbol,
      seq: market.book()?.seq ?? null,
      step: instrument && step ? text(step, instrument.priceDecimals) : null,
      asks: rows(drawn.asks),
      bids: rows(drawn.bids),
      drawn: all.map((row) => [row.price.value, row.size.value, row.total.value]),
      own: all.filter((row) => row.ownIds.length).map((row) => [row.side, row.price.value, row.ownSize.value]),
      middle: [middle.last.value, middle.spread.value],
      held: held !== null,
      message,
      sweep: sweep.shown(),
    };
  }

  return { draw, shown, key };
}
