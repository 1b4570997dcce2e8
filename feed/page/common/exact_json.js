// JSON whose numbers stay texts: a price that has passed through a JS Number may be another one.

const STRING_OR_NUMBER = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g;
const PLAIN = /^-?\d+(?:\.\d+)?$/;

/**
 * The value of a JSON text, in which every number is the text that was written.
 *
 * @param {string} text
 * @returns {*} throws a SyntaxError where it is no JSON.
 */
export function readExact(text) {
  return JSON.parse(text.replace(STRING_OR_NUMBER, (part) => (part[0] === '"' ? part : `"${part}"`)));
}

/**
 * A JSON object of texts, and of decimals that are written as numbers, digit by digit.
 *
 * @param {Object<string, string|null>} texts fields that are written as strings; null ones are left out.
 * @param {Object<string, string|null>} numbers plain decimals, such as "0.10"; null ones are left out.
 * @returns {string}
 */
export function writeExact(texts, numbers) {
  const parts = [];
  for (const [name, value] of Object.entries(texts)) {
    if (value !== null) parts.push(`${JSON.stringify(name)}:${JSON.stringify(value)}`);
  }
  for (const [name, value] of Object.entries(numbers)) {
    if (value === null) continue;
    if (!PLAIN.test(value)) throw new RangeError(`${name}: ${value} is no plain decimal`);
    parts.push(`${JSON.stringify(name)}:${value}`);
  }
  return `{${parts.join(',')}}`;
}
