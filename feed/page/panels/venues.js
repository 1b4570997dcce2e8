// One pair at all venues side by side, on one scale, and what could be earned between them before fees.

import { element } from '../drawing/dom.js';
import { screen } from '../common/numbers.js';
import { Figure, Flag, Rows, Text, table } from '../drawing/rows.js';
import { arbitrage, pairOf, rows as venueRows } from '../market/venues.js';

/** @param {HTMLElement} root @param {object} app */
export function mount(root, app) {
  const { market } = app;
  const { node, body } = table(
    'Venues of the pair',
    [['Venue', ''], ['Bid', 'num'], ['Ask', 'num'], ['bps', 'num'], ['All on one scale', 'venue-scale']],
    { class: 'venues' },
  );
  const said = new Text(element('p', { class: 'venues-said' }));
  const note = element('p', { class: 'note', text: '1 USDT counts as 1 USD. Basis points are before fees.' });
  const none = element('p', { class: 'empty' });
  root.append(said.node, node, note, none);
  const pool = new Rows(body, makeRow);
  const gain = new Flag(said.node, 'strong');
  let pair = null;
  let drawn = [];
  let found = null;
  for (const kind of ['ticker', 'shown', 'instruments']) market.on(kind, () => app.frame.touch('venues'));

  function makeRow() {
    const venue = new Text(element('span'));
    const symbol = new Text(element('span', { class: 'dim venue-symbol' }));
    const name = element('td', { role: 'cell' }, venue.node, ' ', symbol.node);
    const bid = new Figure(element('td', { role: 'cell', class: 'num' }));
    const ask = new Figure(element('td', { role: 'cell', class: 'num' }));
    const spread = new Text(element('td', { role: 'cell', class: 'num dim' }));
    const range = element('i', { class: 'venue-range' });
    const drawing = element('div', { class: 'venue-track', 'aria-hidden': 'true' }, range);
    const track = element('td', { role: 'cell', class: 'venue-scale' }, drawing);
    const node = element('tr', { role: 'row', class: 'venue-row' }, name, bid.node, ask.node, spread.node, track);
    const row = { node, venue, name: symbol, bid, ask, spread, range, place: '', symbol: null };
    row.bestBid = new Flag(bid.node, 'best');
    row.bestAsk = new Flag(ask.node, 'best');
    row.current = new Flag(node, 'current');
    node.onclick = () => row.symbol && app.tell('show', { symbol: row.symbol });
    return row;
  }

  function draw() {
    const instrument = market.instrument(market.shown.symbol);
    if (!instrument) return;
    pair = pairOf(instrument);
    const symbols = market.pair();
    const ticker = (symbol) => market.ticker(symbol);
    drawn = symbols.length > 1 ? venueRows({ symbols }, ticker, (symbol) => market.instrument(symbol)) : [];
    none.hidden = drawn.length > 0;
    node.hidden = note.hidden = said.node.hidden = drawn.length === 0;
    none.textContent = `${instrument.symbol} is traded at one venue. Coins such as BTC-USD are at several.`;
    if (drawn.length === 0) return;
    const known = drawn.filter((row) => row.bid !== null && row.ask !== null);
    const low = known.reduce((least, row) => (least === null || row.bid < least ? row.bid : least), null);
    const high = known.reduce((most, row) => (most === null || row.ask > most ? row.ask : most), null);
    pool.resize(drawn.length);
    drawn.forEach((row, at) => fill(pool.all[at], row, low, high));
    found = arbitrage(drawn);
    gain.set(Boolean(found));
    said.set(found ? sentence(found) : 'No arbitrage: no bid of one venue is above an ask of another.');
  }

  function sentence({ buy, sell, bps }) {
    const trades = `Buy ${buy.symbol} at ${buy.askText}, sell ${sell.symbol} at ${sell.bidText}`;
    return `${trades}: ${bps.toFixed(1)} bps between them`;
  }

  function fill(view, row, low, high) {
    const { bid, ask } = row;
    const known = bid !== null && ask !== null;
    view.symbol = row.symbol;
    view.venue.set(row.venue || 'feed');
    view.name.set(row.symbol);
    view.bid.set(row.bidText ? screen(row.bidText) : '–');
    view.ask.set(row.askText ? screen(row.askText) : '–');
    view.spread.set(known ? (Number(((ask - bid) * 200_000n) / (ask + bid)) / 10).toFixed(1) : '–');
    view.bestBid.set(row.bidBest);
    view.bestAsk.set(row.askBest);
    view.current.set(row.symbol === market.shown.symbol);
    const span = Number(high - low) || 1;
    const left = known ? (Number(bid - low) / span) * 98 : 0;
    const wide = known ? Math.max(Number(ask - bid) / span, 0.02) : 0;
    const place = `translateX(${left.toFixed(2)}%) scaleX(${wide.toFixed(4)})`;
    if (place !== view.place) view.range.style.transform = view.place = place;
  }

  return {
    draw,
    shown: () => ({
      pair,
      rows: drawn.map((row) => ({ symbol: row.symbol, bid: row.bidText, ask: row.askText })),
      arbitrage: found && { buy: found.buy.symbol, sell: found.sell.symbol, bps: found.bps },
      said: said.value,
    }),
  };
}
