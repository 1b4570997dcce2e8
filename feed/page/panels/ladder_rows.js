// Which prices the rows of the ladder stand for, and what stands at each. Pure.

/** States of an instrument in which nothing trades at once. */
const STANDING = new Set(['halted', 'closed', 'auction']);
/** Groupings that are offered, in ticks. */
const GROUPS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000];

/**
 * Steps of price that levels can be grouped by: from a tick up to a hundredth of the price.
 *
 * @param {number} tick Units.
 * @param {number} price Units; about where the market is.
 * @returns {number[]} Units.
 */
export function groupings(tick, price) {
  return GROUPS.map((each) => each * tick).filter((step, at) => at === 0 || step <= Math.abs(price) / 100);
}

/**
 * Why nothing can be taken out of a book now: the instrument's state, or an auction where bids and asks overlap.
 *
 * @returns {string} Empty where it can.
 */
export function standing(instrument, book) {
  if (STANDING.has(instrument.status)) return instrument.status;
  return book?.crossed ? 'auction' : '';
}

/** The price of the group that `price` falls into: bids go down, asks up; no group promises more than there is. */
export function groupOf(side, price, step) {
  return (side === 'bid' ? Math.floor(price / step) : Math.ceil(price / step)) * step;
}

/**
 * Own orders by the row they stand in.
 *
 * @param {Array<{side: string, price: number|null, size: number, filled: number, id: string}>} orders Open ones.
 * @param {number} step
 * @returns {Map<string, {left: number, ids: string[]}>} By side and price of the group, as `ownKey` says it.
 */
export function ownOrders(orders, step) {
  const own = new Map();
  for (const order of orders) {
    if (order.price === null || order.price === undefined) continue;
    const side = order.side === 'buy' ? 'bid' : 'ask';
    const key = ownKey(side, groupOf(side, Number(order.price), step));
    const entry = own.get(key) ?? { left: 0, ids: [] };
    entry.left += Number(order.size) - Number(order.filled ?? 0);
    entry.ids.push(order.id);
    own.set(key, entry);
  }
  return own;
}

/** @returns {string} */
export function ownKey(side, price) {
  return `${side} ${price}`;
}

/**
 * What stands at prices that are held: while the pointer is on the ladder rows keep their prices, so that nobody clicks
 * on another price than the one that was seen.
 *
 * @param {Array<{price: number, size: number, total: number}>} levels Best first.
 * @param {Array<number|null>} prices Best first.
 * @returns {Array<{price: number, size: number, total: number}|null>}
 */
export function heldLevels(levels, prices, side) {
  const better = (one, other) => (side === 'bid' ? one > other : one < other);
  let at = 0;
  let total = 0;
  return prices.map((price) => {
    if (price === null) return null;
    while (at < levels.length && better(levels[at].price, price)) total = levels[at++].total;
    if (at < levels.length && levels[at].price === price) return levels[at];
    return { price, size: 0, total };
  });
}
