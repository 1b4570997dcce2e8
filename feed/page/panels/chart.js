// The chart: candles and volume, single trades where an interval is a second, the page's own fills, and what was lost.

import { chartControls } from './chart_controls.js';
import { Surface, nearest, scale, ticks } from '../drawing/canvas.js';
import { element, segmented, tools } from '../drawing/dom.js';
import { screen, short, text } from '../common/numbers.js';
import { Text } from '../drawing/rows.js';
import { candleText, timeLabels } from '../common/times.js';

const INTERVALS = ['1s', '1m', '5m', '15m', '1h', '4h', '1d'];
/** Candles that stay free at the right of the newest. */
const MARGIN = 4;
/** The part of the height that volume takes. */
const VOLUME = 0.16;
const SAY_EVERY = 5000;

/** @param {HTMLElement} root @param {object} app */
export function mount(root, app) {
  const { market } = app;
  const canvas = element('canvas', { class: 'fill', role: 'img', tabindex: '0', 'aria-label': 'Chart' });
  const legend = element('div', { class: 'chart-legend' });
  const words = Object.fromEntries(['time', 'open', 'high', 'low', 'close', 'change', 'volume'].map((name) => {
    const value = new Text(element('span', { class: `legend-${name}` }));
    const label = { open: 'O', high: 'H', low: 'L', close: 'C', volume: 'Vol' }[name];
    const before = label ? [element('span', { class: 'dim', text: `${label} ` })] : [];
    legend.append(element('span', {}, ...before, value.node));
    return [name, value];
  }));
  const note = new Text(element('p', { class: 'chart-note' }));
  root.append(canvas, legend, note.node);
  const choices = INTERVALS.map((each) => [each, each]);
  const choose = (chosen) => app.tell('show', { interval: chosen });
  const interval = segmented('Interval', choices, market.shown.interval, choose);
  tools(root).append(interval.node);
  const surface = new Surface(canvas, atOnce);
  app.onTheme((colours, font) => surface.theme(colours, font));
  const view = chartControls(canvas, atOnce);
  let said = -Infinity;
  let last = { candles: 0, newest: null, hover: null, fills: 0 };
  for (const kind of ['candles', 'trades', 'state', 'instruments']) market.on(kind, changed);
  market.on('shown', () => {
    view.newest();
    interval.set(market.shown.interval);
    changed();
  });
  app.accounts?.on(changed);

  function changed() {
    app.frame.touch('chart');
  }

  function atOnce() {
    app.frame.touch('chart', true);
  }

  function draw(now) {
    surface.clear();
    const instrument = market.instrument(market.shown.symbol);
    const series = market.series();
    const whole = { x: 0, y: 0, width: surface.width, height: surface.height };
    const count = series?.count ?? 0;
    if (!instrument || count === 0) {
      last = { candles: 0, newest: null, hover: null, fills: 0 };
      write(null, instrument);
      note.set('');
      const why = instrument ? series?.note || 'No trade yet.' : 'Instruments are being loaded.';
      const label = `Chart of ${market.shown.symbol}: ${why}`;
      if (canvas.getAttribute('aria-label') !== label) canvas.setAttribute('aria-label', label);
      said = -Infinity;
      return surface.say(whole, why);
    }
    const price = (value) => screen(text(Math.round(value), instrument.priceDecimals));
    const newest = series.range(-1, 1)[0];
    const right = Math.ceil(surface.context.measureText(price(newest.close)).width) + 18;
    const top = legend.offsetHeight + 10;
    const box = { x: 0, y: top, width: surface.width - right, height: surface.height - top - 22 };
    if (box.width < 60 || box.height < 60) return undefined;
    const spacing = view.spacing;
    const fits = Math.ceil(box.width / spacing) + 1;
    const back = view.back(count, fits);
    const end = Math.min(count, Math.ceil(count - back + MARGIN));
    const from = Math.max(0, Math.floor(count - back + MARGIN - fits));
    const x = (index) => box.width - (count - 1 - index - back + MARGIN + 0.5) * spacing;
    const rows = series.range(from, end - from).map((candle, at) => ({ ...candle, x: x(from + at) }));
    if (rows.length === 0) return undefined;
    const levels = priceScale(rows, box, instrument);
    const y = Math.min(Math.max(levels.at(newest.close), box.y), box.y + box.height);
    drawAxes(box, rows, levels, price, series.interval, y);
    surface.clip({ ...box, y: 0, height: box.y + box.height }, () => {
      drawVolume(box, rows, spacing);
      surface.candles(rows, levels, Math.max(1, spacing * 0.72 - (spacing > 6 ? 1 : 0)));
      if (series.interval <= 1000) drawTrades(rows, levels, spacing);
      for (const time of series.gaps ?? []) drawGap(box, rows, time);
    });
    const fills = drawFills(box, rows, levels, series.interval);
    const rising = newest.close >= newest.open;
    surface.level(box, y, price(newest.close), rising ? surface.colours.buy : surface.colours.sell);
    const hovered = drawPointer(box, rows, levels, price, series.interval);
    write(hovered ?? newest, instrument, series.interval);
    note.set(count < fits / 2 ? series.note : '');
    last = { candles: rows.length, newest, hover: hovered?.time ?? null, fills };
    if (now - said > SAY_EVERY) {
      said = now;
      canvas.setAttribute('aria-label', sentence(rows, instrument, price));
    }
    return undefined;
  }

  function priceScale(rows, box, instrument) {
    let low = Infinity;
    let high = -Infinity;
    for (const row of rows) {
      if (row.low < low) low = row.low;
      if (row.high > high) high = row.high;
    }
    const room = Math.max((high - low) * 0.07, instrument.tick * 2);
    return scale(low - room, high + room, box.y + box.height * (1 - VOLUME), box.y);
  }

  function drawAxes(box, rows, levels, price, interval, free) {
    const values = ticks(levels.min, levels.max, 1, Math.max(2, Math.floor(box.height / 42)));
    surface.valueAxis(box, levels, values, price, free);
    const labels = timeLabels(rows.map((row) => row.time), interval, 84 / view.spacing);
    const marks = labels.map(({ at, text: said }) => ({ x: rows[at].x, text: said }));
    surface.bottomAxis(box, marks.filter((mark) => mark.x > 20 && mark.x < box.width - 20));
    surface.context.textAlign = 'left';
    surface.context.fillText('UTC', box.width + 7, box.y + box.height + 11);
  }

  function drawVolume(box, rows, spacing) {
    const { colours } = surface;
    const most = Math.max(1, ...rows.map((row) => row.volume));
    const up = scale(0, most, box.y + box.height, box.y + box.height * (1 - VOLUME) + 4);
    const bars = rows.map((row) => ({
      x: row.x, value: row.volume, colour: row.close >= row.open ? colours['volume-buy'] : colours['volume-sell'],
    }));
    surface.bars(bars, up, box, Math.max(1, spacing * 0.72 - (spacing > 6 ? 1 : 0)));
  }

  // Within the second each trade stands where it happened.
  function drawTrades(rows, levels, spacing) {
    const { colours } = surface;
    const dots = [];
    const at = new Map(rows.map((row) => [row.time, row.x]));
    for (const trade of market.trades().newest(500)) {
      const second = Math.floor(trade.ts / 1000) * 1000;
      if (!at.has(second)) continue;
      const x = at.get(second) + ((trade.ts - second) / 1000 - 0.5) * spacing;
      dots.push({ x, y: levels.at(trade.price), colour: trade.side === 'sell' ? colours.sell : colours.buy });
    }
    surface.dots(dots, spacing > 10 ? 2 : 1.25);
  }

  function drawGap(box, rows, time) {
    const at = rows.findIndex((row) => row.time >= time);
    if (at > 0) surface.rule(box, (rows[at].x + rows[at - 1].x) / 2, 'gap');
  }

  function drawFills(box, rows, levels, interval) {
    const { colours } = surface;
    const fills = app.accounts?.orders.fills(market.shown.symbol) ?? [];
    const marks = [];
    for (const fill of fills) {
      const ts = Number(fill.ts);
      if (ts < rows[0].time || ts >= rows[rows.length - 1].time + interval) continue;
      let at = rows.findIndex((row) => row.time > ts);
      at = at < 0 ? rows.length - 1 : at - 1;
      const up = fill.side === 'buy';
      marks.push({ x: rows[at].x, y: levels.at(Number(fill.price)), up, colour: up ? colours.buy : colours.sell });
    }
    surface.clip({ ...box, y: 0, height: box.y + box.height }, () => surface.marks(marks));
    return marks.length;
  }

  function drawPointer(box, rows, levels, price, interval) {
    const { pointer } = view;
    if (!pointer || pointer.x > box.width) return null;
    const row = rows[nearest(rows, pointer.x)];
    const inside = pointer.y !== null && pointer.y > box.y && pointer.y < box.y + box.height;
    surface.crosshair(box, row.x, inside ? pointer.y : null);
    const { colours, context } = surface;
    if (inside) surface.label(box.width + 3, pointer.y, price(levels.value(pointer.y)), colours.dim);
    const said = candleText(row.time, interval);
    const wide = context.measureText(said).width + 8;
    const left = Math.min(Math.max(row.x - wide / 2, 0), box.width - wide);
    surface.label(left, box.y + box.height + 11, said, colours.dim);
    return row;
  }

  function write(candle, instrument, interval) {
    const price = (value) => (candle ? screen(text(value, instrument.priceDecimals)) : '–');
    words.time.set(candle ? candleText(candle.time, interval) : '');
    for (const name of ['open', 'high', 'low', 'close']) words[name].set(price(candle?.[name]));
    words.volume.set(candle ? short(candle.volume, instrument.sizeDecimals, 5) : '–');
    const change = candle && candle.open ? ((candle.close - candle.open) * 100) / Math.abs(candle.open) : null;
    words.change.set(change === null ? '' : `${change > 0 ? '+' : ''}${screen(change.toFixed(2))} %`);
    words.change.node.className = `legend-change ${change > 0 ? 'buy' : change < 0 ? 'sell' : 'dim'}`;
  }

  function sentence(rows, instrument, price) {
    const low = Math.min(...rows.map((row) => row.low));
    const high = Math.max(...rows.map((row) => row.high));
    const close = rows[rows.length - 1].close;
    return `${instrument.symbol}, ${rows.length} candles of ${market.shown.interval}, `
      + `between ${price(low)} and ${price(high)}, last ${price(close)}`;
  }

  return {
    draw,
    key: view.key,
    shown: () => ({ ...market.shown, legend: legendTexts(words), ...last }),
  };
}

function legendTexts(words) {
  return Object.fromEntries(Object.entries(words).map(([name, word]) => [name, word.value]));
}
