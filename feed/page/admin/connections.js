// Who is connected, between two looks: how fast each client takes what it is sent. Pure.

/**
 * A connection, as `GET /admin/connections` tells it, with its rate.
 *
 * @typedef {Object} Connection
 * @property {number} connection
 * @property {number|null} rate bytes a second that the client's machine has taken since the look before; null at first.
 */

/** Looks at all connections, one after the other. */
export class Looks {
  #before = new Map();
  #time = 0;

  /**
   * Take a look.
   *
   * @param {Object[]} connections
   * @param {number} now ms of any clock that only goes forwards.
   * @returns {Connection[]} the same, with rates.
   */
  take(connections, now) {
    const seconds = (now - this.#time) / 1000;
    const found = connections.map((one) => {
      const before = this.#before.get(one.connection);
      const known = before !== undefined && one.acked_bytes !== null && seconds > 0;
      return { ...one, rate: known ? Math.max(0, (one.acked_bytes - before) / seconds) : null };
    });
    this.#before = new Map(connections.map((one) => [one.connection, one.acked_bytes ?? undefined]));
    this.#time = now;
    return found;
  }
}

/**
 * Bytes for people: "12 B", "3.4 kB", "1.2 MB".
 *
 * @param {number|null} count
 */
export function bytes(count) {
  if (count === null || count === undefined) return '–';
  if (count < 1000) return `${Math.round(count)} B`;
  if (count < 1e6) return `${(count / 1e3).toFixed(1)} kB`;
  return `${(count / 1e6).toFixed(1)} MB`;
}

/** What can be done to one connection by a button: the fault API's kinds, with their settings. */
export const FAULTS = [
  { act: 'mute', text: 'Mute', about: 'nothing is sent for 10 s', settings: { kind: 'mute', duration_seconds: 10 } },
  {
    act: 'gap',
    text: 'Gap',
    about: '10 messages of each channel are lost',
    settings: { kind: 'gap', messages: 10, duration_seconds: 60 },
  },
  { act: 'latency', text: 'Latency', about: '500 ms until ended', settings: { kind: 'latency', latency_ms: 500 } },
  { act: 'garbage', text: 'Garbage', about: 'one message that no protocol knows', settings: { kind: 'garbage' } },
  { act: 'disconnect', text: 'Disconnect', about: 'it is closed with 1001', settings: { kind: 'disconnect' } },
];

/**
 * Name of the fault that a button sets: one for each kind and connection.
 *
 * @param {string} act
 * @param {number|string} connection
 */
export function faultName(act, connection) {
  return `page-${act}-${connection}`;
}
