// What was before the page was opened, or while a connection was lost: trades and candles by request.

import { pairOf } from './venues.js';
import { units } from '../common/numbers.js';
import { get } from '../connection/requests.js';

const NO_VENUE = 'feed'; // how Market.ai calls the exchange of an instrument without a venue
const SPELLED = { USD: 'USDT' }; // its pairs of coins have one dollar

/**
 * The last trades of an instrument.
 * @param {object} instrument
 * @param {number} limit
 * @returns {Promise<object[]>} {id, price, size, side, ts, seq, priceText, sizeText}, oldest first
 */
export async function loadTrades(instrument, limit) {
  const query = new URLSearchParams({ symbol: instrument.symbol, limit });
  const { trades } = await get(`/v1/market/trades?${query}`);
  const found = [];
  let before = Infinity;
  for (const trade of trades) {
    // Where market time went back, numbers begin again: what lay after it has not happened.
    if (trade.id >= before) continue;
    before = trade.id;
    found.push(readTrade(instrument, { ...trade, ts: Date.parse(trade.ts) }));
  }
  return found.reverse();
}

/** A trade in units of its instrument; @throws {RangeError} a number in it is none. */
export function readTrade({ priceDecimals, sizeDecimals }, { id, price, size, side, ts, seq }) {
  const [priceUnits, sizeUnits] = [units(price, priceDecimals), units(size, sizeDecimals)];
  return { id: Number(id), price: priceUnits, size: sizeUnits, side, ts, seq, priceText: price, sizeText: size };
}

/**
 * The last candles of an instrument, of a length of at least a minute.
 * @param {object} instrument
 * @param {string} interval such as '5m'
 * @param {object[]} instruments all of them: candles bear the name of a pair, which several may share
 * @param {string} key of Market.ai
 * @returns {Promise<object[]>} {time, open, high, low, close, volume, closed}, oldest first
 */
export async function loadCandles(instrument, interval, instruments, key) {
  const exchange = instrument.venue || NO_VENUE;
  const query = new URLSearchParams({ symbol: spelled(instrument), exchange, interval, limit: 500 });
  const { data } = await get(`/marketai/api/v1/klines?${query}`, { Authorization: `Bearer ${key}` });
  // Those of one instrument after those of another: where time goes back the next one begins, spot first.
  const runs = [];
  for (const row of data) {
    if (!runs.length || row.open_time <= runs.at(-1).at(-1).open_time) runs.push([]);
    runs.at(-1).push(row);
  }
  const pair = pairOf(instrument);
  const sharing = ['spot', 'perpetual'].flatMap((contract) =>
    instruments.filter((it) => it.contract === contract && pairOf(it) === pair && it.venue === instrument.venue),
  );
  if (runs.length !== sharing.length) return []; // none, or nobody can say whose they are
  return runs[sharing.indexOf(instrument)].map((row) => readCandle(instrument, row));
}

/** A candle in units of its instrument; @throws {RangeError} a number in it is none. */
export function readCandle({ priceDecimals, sizeDecimals }, row) {
  const [open, high, low, close] = [row.open, row.high, row.low, row.close].map((it) => units(it, priceDecimals));
  const volume = units(row.volume, sizeDecimals);
  return { time: row.open_time, open, high, low, close, volume, closed: row.closed ?? row.is_closed };
}

function spelled({ base, quote, assetClass }) {
  return `${base}/${assetClass === 'crypto' ? (SPELLED[quote] ?? quote) : quote}`;
}
