// The checksum that proves a book: CRC-32 as in zlib, Ethernet and PNG (ISO 3309), of an ASCII text.

const TABLE = new Uint32Array(256);
for (let at = 0; at < 256; at += 1) {
  let value = at;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  TABLE[at] = value >>> 0;
}

/**
 * CRC-32 of a text.
 * @param {string} asciiText
 * @returns {number} unsigned; 0 for an empty text
 */
export function crc32(asciiText) {
  let value = 0xffffffff;
  for (let at = 0; at < asciiText.length; at += 1) {
    value = TABLE[(value ^ asciiText.charCodeAt(at)) & 0xff] ^ (value >>> 8);
  }
  return (value ^ 0xffffffff) >>> 0;
}
