// What the script of a market does and when: its rows beside the market clock, what is over, at work and ahead.

/**
 * An entry of the script, as `GET /admin/scenario` tells it.
 *
 * @typedef {Object} Entry
 * @property {number} at_ms since the start of the script, ms of market time.
 * @property {number|null} [seq] sequence number at which it happens, where that is what decides.
 * @property {number|null} duration_ms for how long; null for what is over at once, or lasts to the end.
 * @property {string} kind
 * @property {'market'|'fault'|'truth'} group
 * @property {string[]} instruments
 * @property {Object} settings
 */

/**
 * Rows of the timeline.
 *
 * @param {Entry[]} entries in order of time.
 * @param {{start: number, duration: number|null}} script where it begins, ms since the Unix epoch, and how long it is,
 *   ms: one that begins again when it is over is at a later round.
 * @param {{time: number, seq: number}} now of the market, ms.
 * @returns {{entry: Entry, state: 'over'|'active'|'ahead', start: number|null, end: number|null, wait: number}[]}
 *   `wait`: ms of market time until it begins, or until it ends while it is at work; 0 where that is not known.
 */
export function rows(entries, { start, duration }, { time, seq }) {
  const round = duration && time > start ? Math.floor((time - start) / duration) : 0;
  const from = start + round * (duration ?? 0);
  return entries.map((entry) => {
    if (entry.at_ms === null || entry.at_ms === undefined) {
      return { entry, state: seq >= entry.seq ? 'over' : 'ahead', start: null, end: null, wait: 0 };
    }
    const begin = from + entry.at_ms;
    const end = entry.duration_ms ? begin + entry.duration_ms : null;
    if (time < begin) return { entry, state: 'ahead', start: begin, end, wait: begin - time };
    if (end !== null && time < end) return { entry, state: 'active', start: begin, end, wait: end - time };
    return { entry, state: 'over', start: begin, end, wait: 0 };
  });
}

/**
 * Index of the first row that is not over; the number of rows where all are.
 *
 * @param {{state: string}[]} found
 */
export function next(found) {
  const at = found.findIndex((row) => row.state !== 'over');
  return at < 0 ? found.length : at;
}

/**
 * A time span for people: "1:02:03", "2:05", "7.5 s".
 *
 * @param {number} ms
 */
export function span(ms) {
  const seconds = Math.max(0, ms) / 1000;
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60)];
  if (seconds < 60) return `${(Math.floor(seconds * 10) / 10).toFixed(1)} s`;
  const tail = String(Math.floor(seconds % 60)).padStart(2, '0');
  return hours ? `${hours}:${String(minutes).padStart(2, '0')}:${tail}` : `${minutes}:${tail}`;
}

/**
 * Settings of an entry as one text: "speed 2, size 3.5".
 *
 * @param {Object} settings
 */
export function words(settings) {
  return Object.entries(settings ?? {})
    .filter(([, value]) => value !== null && value !== '' && !(Array.isArray(value) && !value.length))
    .map(([name, value]) => `${name.replaceAll('_', ' ')} ${typeof value === 'object' ? JSON.stringify(value) : value}`)
    .join(', ');
}
