// Exact decimals: prices and sizes are whole numbers of units, 10 ** -decimals each, from text to text.
// Numbers hold them exactly up to 2 ** 53, and what is larger is refused; products are BigInt. Floats are ratios.

const PLAIN = /^(-?)(\d{1,40})(?:\.(\d{0,40}))?$/;
const NARROW_SPACE = '\u202f';
const MINUS = '\u2212';
const SUFFIXES = ['', 'k', 'M', 'G', 'T'];

/**
 * Units of a decimal text, however many.
 * @param {string} decimalText such as "-0.05"
 * @param {number} places digits behind the point of one unit
 * @returns {bigint} units of 10 ** -places
 * @throws {RangeError} it is no plain decimal, or has more digits than that
 */
export function big(decimalText, places) {
  const found = typeof decimalText === 'string' ? PLAIN.exec(decimalText) : null;
  if (!found) throw new RangeError(`${String(decimalText).slice(0, 40)} is no decimal`);
  const fraction = found[3] ?? '';
  if (fraction.length > places && /[1-9]/.test(fraction.slice(places))) {
    throw new RangeError(`${decimalText} has more than ${places} digits behind the point`);
  }
  const value = BigInt(found[2] + fraction.slice(0, places).padEnd(places, '0'));
  return found[1] ? -value : value;
}

/**
 * The same as a Number.
 * @throws {RangeError} also beyond 2 ** 53, where Numbers have gaps
 */
export function units(decimalText, places) {
  const value = Number(big(decimalText, places));
  if (!Number.isSafeInteger(value)) throw new RangeError(`${decimalText} is too large`);
  return value === 0 ? 0 : value; // never -0
}

/**
 * A plain decimal with all its digits, as the server writes it: text(-5, 2) === "-0.05".
 * @param {number|bigint} value whole units
 * @param {number} places digits behind the point
 */
export function text(value, places) {
  const digits = String(value);
  if (digits[0] === '-') return `-${text(digits.slice(1), places)}`;
  if (!places) return digits;
  const padded = digits.padStart(places + 1, '0');
  return `${padded.slice(0, -places)}.${padded.slice(-places)}`;
}

/** Digits behind the point of a decimal text: 5 of "0.00005". */
export function decimals(decimalText) {
  const at = decimalText.indexOf('.');
  return at < 0 ? 0 : decimalText.length - at - 1;
}

/** Price times size, exact: its digits behind the point are those of both together. */
export function product(price, size) {
  return BigInt(price) * BigInt(size);
}

/**
 * How far `to` is above `from`, basis points of their mean, to four digits.
 * @param {number|bigint} from whole units, above zero
 * @param {number|bigint} to the same units
 * @returns {number}
 */
export function ratioBps(from, to) {
  return shareBps(2n * (BigInt(to) - BigInt(from)), BigInt(from) + BigInt(to));
}

/**
 * What share `part` is of `whole`, basis points, to four digits.
 * @param {bigint} part
 * @param {bigint} whole the same units
 * @returns {number} 0 of a whole that is not above zero
 */
export function shareBps(part, whole) {
  if (whole <= 0n) return 0;
  const scaled = part * 100_000_000n;
  const half = scaled < 0n ? -whole / 2n : whole / 2n;
  return Number((scaled + half) / whole) / 10_000;
}

/**
 * A size for a narrow column: at most `digits` digits, rounded down, so that more is never shown than there is.
 * What is not zero never reads as zero.
 * @param {number|bigint} value whole units, not negative
 * @param {number} places digits behind the point of a unit
 * @param {number} digits at most
 */
export function short(value, places, digits = 6) {
  const full = text(value, places);
  let [whole, fraction = ''] = full.split('.');
  let thousands = 0;
  while (whole.length > digits && thousands < SUFFIXES.length - 1) {
    fraction = whole.slice(-3) + fraction;
    whole = whole.slice(0, -3);
    thousands += 1;
  }
  const room = Math.max(0, digits - whole.length);
  let kept = fraction.slice(0, room);
  if (whole === '0' && !/[1-9]/.test(kept)) {
    const first = fraction.search(/[1-9]/);
    if (first >= 0) kept = fraction.slice(0, first + 1);
  }
  return (kept ? `${whole}.${kept}` : whole) + SUFFIXES[thousands];
}

/** A decimal text as it is shown: the whole part in groups of three, a true minus. */
export function grouped(decimalText) {
  const [whole, fraction] = decimalText.replace('-', '').split('.');
  const groups = whole.replace(/\B(?=(\d{3})+$)/g, NARROW_SPACE);
  return (decimalText.startsWith('-') ? MINUS : '') + (fraction === undefined ? groups : `${groups}.${fraction}`);
}

/** The same of units. */
export function groupedText(value, places) {
  return grouped(text(value, places));
}

/** A decimal text with a true minus, as it is shown. */
export function screen(decimalText) {
  return decimalText.replace('-', MINUS);
}

/** A decimal text in two: up to its last digit that says something, and the zeros behind it. */
export function zeros(decimalText) {
  const kept = decimalText.includes('.') ? decimalText.replace(/\.?0+$/, '') : decimalText;
  return [kept, decimalText.slice(kept.length)];
}
