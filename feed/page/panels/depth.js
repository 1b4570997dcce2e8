// Depth: what stands in the book within a distance of the middle, as two areas of cumulative size.

import { Surface, scale, ticks } from '../drawing/canvas.js';
import { element } from '../drawing/dom.js';
import { screen, short, text, zeros } from '../common/numbers.js';

/** Levels of a side that are seen, at first, at least and at most; the wheel changes it. */
const LEVELS = { first: 60, least: 10, most: 400 };
/** What a canvas shows is said in words this often, for who does not see it. Milliseconds. */
const SAY_EVERY = 5000;

/** @param {HTMLElement} root @param {object} app */
export function mount(root, app) {
  const { market } = app;
  const canvas = element('canvas', { class: 'fill', role: 'img', tabindex: '0', 'aria-label': 'Depth' });
  root.append(canvas);
  const surface = new Surface(canvas, () => app.frame.touch('depth', true));
  app.onTheme((colours, font) => surface.theme(colours, font));
  let count = LEVELS.first;
  let pointer = null;
  let said = -Infinity;
  let last = { bids: 0, asks: 0, hover: null };
  for (const kind of ['book', 'state', 'shown']) market.on(kind, () => app.frame.touch('depth'));
  canvas.onpointermove = (event) => at(event.offsetX);
  canvas.onpointerleave = () => at(null);
  canvas.addEventListener('wheel', (event) => {
    event.preventDefault();
    zoom(event.deltaY > 0 ? 1.25 : 0.8);
  }, { passive: false });

  function at(x) {
    pointer = x;
    app.frame.touch('depth', true);
  }

  function zoom(by) {
    count = Math.round(Math.min(Math.max(count * by, LEVELS.least), LEVELS.most));
    app.frame.touch('depth', true);
  }

  function key(event) {
    if (event.key === '+' || event.key === '=') zoom(0.8);
    else if (event.key === '-') zoom(1.25);
    else if (event.key === 'ArrowLeft' || event.key === 'ArrowRight') {
      const by = event.key === 'ArrowLeft' ? -8 : 8;
      at(Math.min(Math.max((pointer ?? surface.width / 2) + by, 0), surface.width - 60));
    } else return false;
    return true;
  }

  function draw(now) {
    surface.clear();
    const book = market.book();
    const instrument = market.instrument(market.shown.symbol);
    const box = { x: 0, y: 10, width: surface.width - 64, height: surface.height - 32 };
    const best = book?.best() ?? {};
    const whole = { ...box, width: surface.width };
    if (box.width < 40 || box.height < 30) return undefined;
    if (!instrument || !book) return surface.say(whole, 'The book is being loaded.');
    const bids = book.levels('bid', 0, count);
    const asks = book.levels('ask', 0, count);
    last = { bids: bids.length, asks: asks.length, hover: null };
    if (!bids.length && !asks.length) return surface.say(whole, 'The book is empty.');
    const centre = ((best.bid ?? best.ask) + (best.ask ?? best.bid)) / 2;
    // Both sides as far as the nearer end, so that the middle of the market is the middle of the picture.
    const far = (side) => Math.abs(side[side.length - 1].price - centre);
    const reaches = [bids, asks].filter((side) => side.length).map(far);
    const reach = Math.max(Math.min(...reaches), instrument.tick * 5);
    const within = (side) => side.filter((level) => Math.abs(level.price - centre) < reach);
    const seen = { bids: within(bids), asks: within(asks) };
    const most = Math.max(1, ...[seen.bids, seen.asks].map((side) => side[side.length - 1]?.total ?? 0));
    const across = scale(centre - reach, centre + reach, box.x, box.x + box.width);
    const up = scale(0, most * 1.06, box.y + box.height, box.y);
    drawAxes(box, across, up, instrument);
    drawSide(box, across, up, seen.bids, box.x, 'buy');
    drawSide(box, across, up, seen.asks, box.x + box.width, 'sell');
    if (pointer !== null && pointer <= box.width) drawPointer(box, across, up, seen, instrument, centre);
    if (now - said > SAY_EVERY) {
      said = now;
      canvas.setAttribute('aria-label', `Depth of ${instrument.symbol}: ${sentence(seen, instrument)}`);
    }
    return undefined;
  }

  function drawAxes(box, across, up, instrument) {
    const price = (value) => screen(text(Math.round(value), instrument.priceDecimals));
    const values = ticks(0, up.max, 1, Math.max(2, Math.floor(box.height / 34)));
    surface.valueAxis(box, up, values, (value) => zeros(short(value, instrument.sizeDecimals, 4))[0]);
    const wide = surface.context.measureText(price(across.max)).width;
    const prices = ticks(across.min, across.max, instrument.tick, Math.max(2, Math.floor(box.width / (wide + 36))));
    const marks = prices.map((value) => ({ x: across.at(value), text: price(value) }));
    surface.bottomAxis(box, marks.filter(({ x }) => x > wide / 2 && x < box.width - wide / 2));
  }

  function drawSide(box, across, up, levels, edge, name) {
    if (levels.length === 0) return;
    const { colours } = surface;
    // From the best level outwards; each total holds from its price to the next one's.
    const points = [[across.at(levels[0].price), up.at(0)]];
    for (const level of levels) {
      const x = across.at(level.price);
      points.push([x, points[points.length - 1][1]], [x, up.at(level.total)]);
    }
    points.push([edge, points[points.length - 1][1]]);
    surface.clip(box, () => {
      surface.area(points, box.y + box.height, colours[`${name}-bar`]);
      surface.line(points, colours[name]);
    });
  }

  function drawPointer(box, across, up, seen, instrument, centre) {
    const price = across.value(pointer);
    const side = price < centre ? seen.bids : seen.asks;
    const level = side.filter((each) => Math.abs(each.price - centre) <= Math.abs(price - centre)).pop() ?? side[0];
    if (!level) return;
    const { colours, context } = surface;
    const colour = price < centre ? colours.buy : colours.sell;
    surface.crosshair(box, pointer, null);
    surface.level(box, up.at(level.total), short(level.total, instrument.sizeDecimals, 5), colour);
    const bps = ((level.price - centre) / centre) * 10_000;
    const said = `${screen(text(level.price, instrument.priceDecimals))}  ${screen(bps.toFixed(1))} bps`;
    const wide = context.measureText(said).width + 8;
    const left = Math.min(Math.max(pointer - wide / 2, box.x), box.x + box.width - wide);
    surface.label(left, box.y + box.height + 11, said, colour);
    last.hover = { price: level.price, total: level.total };
  }

  function sentence(seen, instrument) {
    const total = (side) => (side.length ? text(side[side.length - 1].total, instrument.sizeDecimals) : 'nothing');
    const from = (side) => (side.length ? text(side[side.length - 1].price, instrument.priceDecimals) : 'nowhere');
    const said = (side) => `${total(side)} to ${from(side)}`;
    return `bids of ${said(seen.bids)}, asks of ${said(seen.asks)}`;
  }

  return { draw, key, shown: () => ({ symbol: market.shown.symbol, seq: market.book()?.seq ?? null, ...last }) };
}
