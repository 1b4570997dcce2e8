// From the text of a message of the guide's protocol to an object that has the fields its type must have
// (feed/dialects/guide/NOTES.md, "Shapes"). What it says is not looked at here.

const string = (value) => typeof value === 'string';
const whole = (value) => Number.isSafeInteger(value) && value >= 0;
const rows = (value) => Array.isArray(value) && value.every(isRow);
const isRow = (row) => Array.isArray(row) && row.length === 2 && row.every(string);
const object = (value) => value?.constructor === Object;
const strings = (value) => Array.isArray(value) && value.every(string);

const OF_DATA = { channel: string, symbol: string, ts: whole, seq: whole };
const FIELDS = {
  ticker: { ...OF_DATA, price: string, bid: string, ask: string },
  trade: { ...OF_DATA, id: string, price: string, size: string, side: (side) => side === null || string(side) },
  candle: {
    ...OF_DATA,
    open: string,
    high: string,
    low: string,
    close: string,
    volume: string,
    trades: whole,
    open_time: whole,
    closed: (value) => typeof value === 'boolean',
  },
  book: { ...OF_DATA, action: (value) => value === 'snapshot' || value === 'delta', bids: rows, asks: rows },
  signal: { ...OF_DATA, id: string, signal: string, severity: string, figures: object },
  subscribed: { channels: strings },
  unsubscribed: { channels: strings },
  subscriptions: { channels: strings },
  authenticated: {},
  pong: {},
  error: { message: string },
};

/**
 * Read one message.
 * @param {string} text
 * @returns {object|null} null for what is no message of this protocol
 */
export function readMessage(text) {
  let message;
  try {
    message = JSON.parse(text);
  } catch {
    return null;
  }
  if (!object(message)) return null;
  const fields = Object.hasOwn(FIELDS, message.type) ? FIELDS[message.type] : null;
  if (!fields) return null;
  for (const name in fields) if (!fields[name](message[name])) return null;
  if (message.type !== 'book') return message;
  if (message.checksum !== undefined && !whole(message.checksum)) return null;
  if (message.action === 'delta') return message;
  const inOrder = whole(message.part) && whole(message.parts) && message.part >= 1 && message.part <= message.parts;
  return inOrder ? message : null;
}

/** The channel of a message of data as the page spells it: "candles_1m_BTC-USD". */
export function channelOf({ channel, symbol }) {
  return `${channel.slice(0, channel.lastIndexOf('_'))}_${symbol}`;
}

/** A channel as the server names it in its answers: the symbol in lower case without separators. */
export function plainChannel(channel) {
  const [, kind, symbol] = /^([a-z0-9]+(?:_\d+[smhd])?)_(.*)$/.exec(channel) ?? [null, '', channel];
  return `${kind}_${symbol.toLowerCase().replace(/[-/_]/g, '')}`;
}
