// What the server has to trade, and how that stands: instruments once, statuses again and again.

import { decimals, units } from '../common/numbers.js';
import { get } from '../connection/requests.js';

const STATUSES = { active: 'trading' };
const PHASE_MS = 2_000;
const MARKETS_EVERY = 5; // of these
const PASSING = new Set(['auction', 'halted']); // while one is, its end is looked for each time

/**
 * An instrument: {symbol, venue, base, quote, contract, assetClass, priceDecimals, tick, sizeDecimals, lot, status}.
 * Tick and lot are whole units of its decimals; status is 'trading', 'readOnly' (not for clients), 'halted', 'auction',
 * 'closed' or 'delisted'.
 * @returns {Promise<object[]>} all of them, in the market's order
 */
export async function loadInstruments() {
  const [coverage, markets] = await Promise.all([get('/guide/api/v1/coverage'), get('/api/v1/markets')]);
  const covered = new Map(coverage.instruments.map((one) => [one.symbol, one]));
  return markets
    .filter(({ market }) => covered.has(market))
    .map(({ market, tickSize, minQuantity, status }) => {
      const { venue, base, quote, contract, asset_class: assetClass } = covered.get(market);
      const [priceDecimals, sizeDecimals] = [decimals(tickSize), decimals(minQuantity)];
      return {
        symbol: market,
        venue,
        base,
        quote,
        contract,
        assetClass,
        priceDecimals,
        tick: units(tickSize, priceDecimals),
        sizeDecimals,
        lot: units(minQuantity, sizeDecimals),
        status: STATUSES[status] ?? status,
      };
    });
}

/**
 * Look again and again, while the page can be seen, at how the market stands.
 * @param {object} tell
 * @param {(market: {phase: string, seq: number, halted: string[]}) => void} tell.phase
 * @param {(statuses: Map<string, string>) => void} tell.statuses of instruments, by symbol
 * @returns {() => void} what ends it
 */
export function watchStatus(tell) {
  let rounds = 0;
  let halted = '';
  let passing = false;
  async function look() {
    if (document.hidden) return;
    const { market } = await get('/status.json');
    tell.phase(market);
    const changed = halted !== market.halted.join();
    halted = market.halted.join();
    rounds += 1;
    if (!changed && !passing && rounds % MARKETS_EVERY) return;
    const markets = await get('/api/v1/markets');
    passing = markets.some(({ status }) => PASSING.has(status));
    tell.statuses(new Map(markets.map(({ market: symbol, status }) => [symbol, STATUSES[status] ?? status])));
  }
  // One that fails says what the connection says too; the next one comes soon.
  const timer = setInterval(() => look().catch(() => {}), PHASE_MS);
  return () => clearInterval(timer);
}
