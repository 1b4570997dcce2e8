// Signals of the market and liquidations of others' positions, as they come.

import { element } from '../drawing/dom.js';
import { screen } from '../common/numbers.js';
import { Flag, Rows, Text, table } from '../drawing/rows.js';
import { clockText } from '../common/times.js';

/** Rows that are drawn of each. */
const MOST = 50;

/** @param {HTMLElement} root @param {object} app */
export function mount(root, app) {
  const { market, liquidations } = app;
  const common = [['Time', ''], ['Instrument', '']];
  const signals = makeList('Signals', [...common, ['Signal', ''], ['Figures', '']]);
  const taken = makeList('Liquidations', [...common, ['Side', ''], ['Price', 'num'], ['Size', 'num']]);
  root.append(element('div', { class: 'events' }, signals.section, taken.section));
  for (const kind of ['signals', 'state']) market.on(kind, () => app.frame.touch('events'));
  liquidations?.on(() => app.frame.touch('events'));

  function makeList(caption, headings) {
    const { node, body } = table(caption, headings, { class: `events-${caption.toLowerCase()}` });
    const none = new Text(element('p', { class: 'empty' }));
    const count = new Text(element('span', { class: 'dim' }));
    const heading = element('h3', { text: `${caption} ` }, count.node);
    const section = element('section', { 'aria-label': caption }, heading, node, none.node);
    const rows = new Rows(body, () => {
      const cells = headings.map(([, kind]) => new Text(element('td', { role: 'cell', class: kind })));
      const row = element('tr', { role: 'row', class: 'event-row' }, ...cells.map((cell) => cell.node));
      const made = { node: row, cells, severe: new Flag(row, 'warn'), sell: new Flag(row, 'sells'), symbol: null };
      row.onclick = () => made.symbol && market.instrument(made.symbol) && app.tell('show', { symbol: made.symbol });
      return made;
    });
    return { section, node, rows, none, count };
  }

  function drawList(list, items, texts, empty) {
    const newest = items.slice(0, MOST);
    list.rows.resize(newest.length);
    list.none.set(newest.length ? '' : empty);
    list.none.node.hidden = newest.length > 0;
    list.node.hidden = newest.length === 0;
    list.count.set(items.length ? String(items.length) : '');
    newest.forEach((item, at) => {
      const row = list.rows.all[at];
      const words = texts(item);
      words.forEach((word, cell) => row.cells[cell].set(word));
      row.symbol = item.symbol;
      row.severe.set(item.severity === 'alert' || item.severity === 'critical');
      row.sell.set(item.side === 'sell');
      const title = words.join('  ');
      if (row.node.title !== title) row.node.title = title;
    });
  }

  function signalTexts(signal) {
    const name = signal.signal.replaceAll('_', ' ');
    const severity = signal.severity && signal.severity !== 'info' ? ` · ${signal.severity}` : '';
    const say = ([key, value]) => `${key.replaceAll('_', ' ')} ${screen(String(value))}`;
    const figures = Object.entries(signal.figures ?? {}).map(say);
    return [clockText(signal.ts), signal.symbol, name + severity, figures.join(' · ')];
  }

  function liquidationTexts(one) {
    return [clockText(one.ts), one.symbol, one.side ?? '–', screen(String(one.price)), String(one.size)];
  }

  function draw() {
    const key = app.keys?.get('');
    const noSignals = key ? 'No signal yet.' : 'Signals need a key: enter one in Account.';
    const noneTaken = key ? 'No liquidation yet.' : 'Liquidations need a key.';
    drawList(signals, market.signals(), signalTexts, noSignals);
    const rows = liquidations?.rows() ?? [];
    drawList(taken, rows, liquidationTexts, liquidations?.state || noneTaken);
  }

  return {
    draw,
    visible: (on) => liquidations?.visible(on),
    shown: () => ({
      signals: market.signals().slice(0, MOST).map(({ id, symbol, signal }) => ({ id, symbol, signal })),
      liquidations: (liquidations?.rows() ?? []).slice(0, MOST),
      texts: [signals.none.value, taken.none.value],
    }),
  };
}
