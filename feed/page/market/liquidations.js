// Liquidations of all instruments, by Market.ai: the guide's protocol has none. A connection there takes one of the
// key's seats, so there is one only while somebody looks.

import { ForcedTrades } from './forced_trades.js';
import { openLink, socketPath } from '../connection/link.js';
import { Listeners } from '../common/listeners.js';
import { get } from '../connection/requests.js';

const PROTOCOL = 'marketai';
const NO_KEY = 'Liquidations need a key of Market.ai.';
const NOT_SERVED = 'This server has no Market.ai, which tells of liquidations.';

/**
 * Liquidations, once they are looked at.
 * @param {{protocols: string[], page?: string}} server
 * @param {object} keys
 * @returns {{visible: (on: boolean) => void, rows: () => object[], state: string,
 *   on: (listener: () => void) => (() => void)}} rows newest first: {id, symbol, venue, side, price, size, ts}, of
 *   which price and size are texts; state: why there are none, empty while they come
 */
export function open(server, keys) {
  return new Liquidations(server, keys);
}

class Liquidations {
  constructor(server, keys) {
    this.state = '';
    this._server = server;
    this._keys = keys;
    this._trades = new ForcedTrades();
    this._listeners = new Listeners();
    this._link = null;
    this._shown = false;
    this._refused = ''; // the key that was
    keys.on(() => this._look());
  }

  rows() {
    return this._trades.rows;
  }

  on(listener) {
    return this._listeners.on('change', listener);
  }

  /** Somebody looks at them, or nobody does. */
  visible(on) {
    this._shown = on;
    this._look();
  }

  get _key() {
    return this._keys.get(PROTOCOL)?.key ?? '';
  }

  _look() {
    const served = this._server.protocols.includes(PROTOCOL);
    const wanted = this._shown && served && this._key !== '' && this._key !== this._refused;
    if (this._link && (!wanted || this._shows !== this._key)) {
      this._link.close();
      this._link = null;
    }
    if (!served) this._say(NOT_SERVED);
    else if (!this._key) this._say(NO_KEY);
    else if (wanted && !this._link) this._open();
  }

  _open() {
    this._say('');
    this._shows = this._key;
    const path = socketPath(this._server, '/marketai', 'ext=seq&errors=frame');
    this._link = openLink(path, {
      opened: () => this._link.send(JSON.stringify({ action: 'auth', key: this._shows })),
      received: (text) => this._received(text),
      lost: (reason) => this._say(reason),
      ping: () => '{"action":"ping"}',
    });
  }

  _received(text) {
    let message;
    try {
      message = JSON.parse(text);
    } catch {
      return; // garbage: what it may have been is asked for after the next loss
    }
    if (message?.type === 'authenticated') {
      this._link.send('{"action":"subscribe","channels":[{"type":"liquidations","symbols":["*"]}]}');
      this._heal();
    } else if (message?.type === 'update' && message.channel === 'liquidations') {
      this._trades.add(message.data);
      this._listeners.tell('change');
    } else if (message?.type === 'error' || message?.ok === false) {
      this._refusal(message.message ?? message.error?.message ?? 'refused', message.code ?? message.error?.code);
    }
  }

  /** What was before this connection. */
  async _heal() {
    try {
      const { data } = await get('/marketai/api/v1/liquidations?limit=100', { Authorization: `Bearer ${this._shows}` });
      this._trades.merge(data);
      this._say('');
    } catch (problem) {
      this._say(`no liquidations of before: ${problem.message}`);
    }
  }

  _refusal(text, code) {
    this._say(text);
    if (code !== 'UNAUTHORIZED' && code !== 'unauthorized') return;
    this._refused = this._shows; // it would only be refused again
    this._look();
  }

  _say(state) {
    this.state = state;
    this._listeners.tell('change');
  }
}
