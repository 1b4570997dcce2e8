// One pair on several venues, side by side: whose price is best, and what lies between them. One USDT is taken as one
// USD, and no fees are taken off.

import { ratioBps, text } from '../common/numbers.js';

const DOLLARS = ['USD', 'USDT'];
const SPOT = 'spot';

/** Name of the pair of an instrument, such as "BTC/USD"; dollars of coins are one currency. */
export function pairOf({ base, quote, assetClass }) {
  return `${base}/${assetClass === 'crypto' && DOLLARS.includes(quote) ? 'USD' : quote}`;
}

/**
 * What is traded for the same in several places.
 * @param {object[]} instruments {symbol, base, quote, contract, assetClass}
 * @returns {{name: string, base: string, symbols: string[]}[]} those of spot, in the market's order
 */
export function pairs(instruments) {
  const found = new Map();
  for (const instrument of instruments) {
    if (instrument.contract !== SPOT) continue;
    const name = pairOf(instrument);
    if (!found.has(name)) found.set(name, { name, base: instrument.base, symbols: [] });
    found.get(name).symbols.push(instrument.symbol);
  }
  return [...found.values()];
}

/**
 * The quotes of a pair, in units that they have in common.
 * @param {{symbols: string[]}} pair of pairs()
 * @param {(symbol: string) => ({bid: number, ask: number, ts: number}|null)} tickers units of each instrument
 * @param {(symbol: string) => object} instruments with venue, quote and priceDecimals
 * @returns {object[]} {symbol, venue, quote, bid, ask, decimals, bidText, askText, ts, bidBest, askBest}; bid and ask
 *   are BigInt in units of 10 ** -decimals, null without a quote
 */
export function rows(pair, tickers, instruments) {
  const known = pair.symbols.map(instruments).filter(Boolean);
  const decimals = Math.max(0, ...known.map((instrument) => instrument.priceDecimals));
  const found = known.map((instrument) => {
    const { symbol, venue, quote, priceDecimals } = instrument;
    const ticker = tickers(symbol);
    const scale = 10n ** BigInt(decimals - priceDecimals);
    const common = (price) => (ticker ? BigInt(price(ticker)) * scale : null);
    const shown = (price) => (ticker ? text(price(ticker), priceDecimals) : '');
    const [bid, ask] = [(it) => it.bid, (it) => it.ask];
    return {
      symbol,
      venue,
      quote,
      decimals,
      bid: common(bid),
      ask: common(ask),
      bidText: shown(bid),
      askText: shown(ask),
      ts: ticker?.ts ?? null,
      bidBest: false,
      askBest: false,
    };
  });
  const quoted = found.filter((row) => row.bid !== null);
  const bestBid = quoted.reduce((best, row) => (best === null || row.bid > best ? row.bid : best), null);
  const bestAsk = quoted.reduce((best, row) => (best === null || row.ask < best ? row.ask : best), null);
  for (const row of quoted) {
    row.bidBest = row.bid === bestBid;
    row.askBest = row.ask === bestAsk;
  }
  return found;
}

/**
 * The most that a bid of one venue is above the ask of another.
 * @param {object[]} quotes of rows()
 * @returns {{buy: object, sell: object, bps: number}|null} where it is cheap and where it is dear, basis points of
 *   the mean of both prices, before fees; null where there is nothing to gain
 */
export function arbitrage(quotes) {
  let found = null;
  for (const sell of quotes) {
    for (const buy of quotes) {
      if (buy === sell || sell.bid === null || buy.ask === null || sell.bid <= buy.ask) continue;
      const bps = ratioBps(buy.ask, sell.bid);
      if (!found || bps > found.bps) found = { buy, sell, bps };
    }
  }
  return found;
}
