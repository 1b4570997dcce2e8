// What it costs to take a size out of the book at once: average and worst price, distance to the middle, sum. The size
// is the one that was typed, or what stands up to the row under the pointer.

import { element } from '../drawing/dom.js';
import { standing } from './ladder_rows.js';
import { groupedText, screen, text, units, zeros } from '../common/numbers.js';
import { Text } from '../drawing/rows.js';

const COLUMNS = ['average', 'worst', 'bps', 'sum'];

/**
 * @param {HTMLElement} root
 * @param {object} app
 * @param {() => void} changed
 * @returns {{node: HTMLElement, draw: (book, instrument, hovered) => void, shown: () => object}}
 */
export function mountSweep(root, app, changed) {
  const input = element('input', {
    class: 'field sweep-size', inputmode: 'decimal', autocomplete: 'off', 'aria-label': 'Size to take', oninput: typed,
  });
  const node = element('div', { class: 'sweep', role: 'group', 'aria-label': 'Cost to sweep' });
  const headings = ['', 'Average', 'Worst', 'bps', 'Sum'].map((each) => element('span', { class: 'num', text: each }));
  node.append(
    element('div', { class: 'sweep-top' }, element('span', { class: 'dim', text: 'Cost to take' }), input),
    element('div', { class: 'sweep-row dim' }, ...headings),
  );
  const lines = { buy: makeLine('buy', 'Buy'), sell: makeLine('sell', 'Sell') };
  node.append(lines.buy.node, lines.sell.node);
  root.append(node);
  let symbol = null;
  let own = false;
  let size = null;

  function makeLine(side, name) {
    const cells = Object.fromEntries(COLUMNS.map((each) => [each, new Text(element('span', { class: 'num' }))]));
    const row = element('div', { class: 'sweep-row' }, element('span', { class: side, text: name }));
    row.append(...COLUMNS.map((each) => cells[each].node));
    return { node: row, cells };
  }

  function typed() {
    own = input.value.trim() !== '';
    changed();
  }

  /** A size to begin with: about what the five best levels hold, in one digit. */
  function propose(book, instrument) {
    const [, , , , fifth] = book.levels('ask', 0, 5);
    const total = fifth?.total ?? instrument.lot;
    const digit = 10 ** Math.max(0, Math.floor(Math.log10(total)));
    const round = Math.max(instrument.lot, Math.floor(total / digit) * digit);
    const lots = Math.floor(round / instrument.lot) * instrument.lot;
    [input.value] = zeros(text(lots, instrument.sizeDecimals));
  }

  function typedSize(instrument) {
    try {
      const value = units(input.value.trim(), instrument.sizeDecimals);
      input.removeAttribute('aria-invalid');
      return value > 0 ? value : null;
    } catch {
      input.setAttribute('aria-invalid', 'true');
      return null;
    }
  }

  function draw(book, instrument, hovered) {
    if (!book || !instrument) {
      for (const line of Object.values(lines)) for (const cell of Object.values(line.cells)) cell.set('–');
      return;
    }
    if (symbol !== instrument.symbol && book.levels('ask', 0, 1).length) {
      symbol = instrument.symbol;
      if (!own || typedSize(instrument) === null) propose(book, instrument);
    }
    size = typedSize(instrument);
    for (const side of ['buy', 'sell']) {
      const fromRow = hovered?.level && (hovered.side === 'ask') === (side === 'buy');
      fill(lines[side].cells, side, book, instrument, fromRow ? hovered.level.total : size);
    }
  }

  function fill(cells, side, book, instrument, wanted) {
    const why = standing(instrument, book);
    const taken = wanted > 0 && !why ? book.sweep(side, wanted) : null;
    if (!taken || taken.filled === 0) {
      for (const each of COLUMNS) cells[each].set('–');
      if (why) cells.average.set(why);
      return;
    }
    cells.average.set(screen(text(taken.average, instrument.priceDecimals)));
    cells.worst.set(screen(text(taken.worst, instrument.priceDecimals)));
    cells.bps.set(taken.left > 0 ? 'all of it' : taken.bps === null ? '–' : taken.bps.toFixed(1));
    cells.sum.set(sum(taken.cost, instrument, side));
  }

  return {
    node,
    draw,
    shown: () => ({
      size: input.value,
      buy: COLUMNS.map((each) => lines.buy.cells[each].value),
      sell: COLUMNS.map((each) => lines.sell.cells[each].value),
    }),
  };
}

/** Money in two decimals where there are more, rounded against who takes. */
function sum(cost, instrument, side) {
  const decimals = instrument.priceDecimals + instrument.sizeDecimals;
  if (decimals <= 2) return groupedText(cost, decimals);
  const unit = 10n ** BigInt(decimals - 2);
  return groupedText(side === 'buy' ? (cost + unit - 1n) / unit : cost / unit, 2);
}
