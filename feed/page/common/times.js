// Times of the market as text, always UTC: what stands on a page must not depend on where it is read. Pure.

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const STEPS = [
  SECOND, 5 * SECOND, 15 * SECOND, 30 * SECOND, MINUTE, 2 * MINUTE, 5 * MINUTE, 15 * MINUTE, 30 * MINUTE,
  HOUR, 2 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 2 * DAY, 7 * DAY, 28 * DAY,
];

/** `14:03:07`, or with `digits` 3 `14:03:07.250`; `ms` since the Unix epoch. */
export function clockText(ms, digits = 0) {
  const iso = new Date(ms).toISOString();
  return iso.slice(11, digits ? 20 + digits : 19);
}

/** `23 Nov`. */
export function dayText(ms) {
  const date = new Date(ms);
  return `${date.getUTCDate()} ${MONTHS[date.getUTCMonth()]}`;
}

/** When a candle of `interval` milliseconds begins: of seconds without the day, of days without the time. */
export function candleText(ms, interval) {
  if (interval >= DAY) return `${dayText(ms)} ${new Date(ms).getUTCFullYear()}`;
  return interval < MINUTE ? clockText(ms) : `${dayText(ms)} ${clockText(ms).slice(0, 5)}`;
}

/**
 * Which of `times` get a label on an axis, so that labels are at least `apart` of them apart.
 *
 * @param {number[]} times In order, milliseconds.
 * @param {number} interval What lies between two of them where none is missing.
 * @param {number} apart
 * @returns {Array<{at: number, text: string}>} Index and text.
 */
export function timeLabels(times, interval, apart) {
  const step = STEPS.find((each) => each >= interval * apart) ?? STEPS[STEPS.length - 1];
  const labels = [];
  for (let at = 1; at < times.length; at += 1) {
    if (Math.floor(times[at] / step) === Math.floor(times[at - 1] / step)) continue;
    if (labels.length > 0 && at - labels[labels.length - 1].at < apart * 0.8) continue;
    labels.push({ at, text: labelText(times[at], times[at - 1], step) });
  }
  return labels;
}

function labelText(time, before, step) {
  if (Math.floor(time / DAY) !== Math.floor(before / DAY)) return dayText(time);
  return clockText(time).slice(0, step < MINUTE ? 8 : 5);
}
