// Signatures of requests by WebCrypto, which browsers have on https and on this machine alone.

const text = new TextEncoder();

/** Why nothing can be signed; '' where it can. */
export function unsigned() {
  if (globalThis.crypto?.subtle) return '';
  return 'signing needs https (feed serve --tls-self-signed) or a page of this machine';
}

/**
 * An HMAC in hexadecimal.
 *
 * @param {string} hash "SHA-256" or "SHA-512".
 * @param {Uint8Array|string} secret
 * @param {Uint8Array|string} message
 * @returns {Promise<string>} small letters.
 */
export async function hmacHex(hash, secret, message) {
  const bytes = new Uint8Array(await hmac(hash, secret, message));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/**
 * An HMAC in base64. See {@link hmacHex}.
 *
 * @param {string} hash
 * @param {Uint8Array|string} secret
 * @param {Uint8Array|string} message
 * @returns {Promise<string>}
 */
export async function hmacBase64(hash, secret, message) {
  return btoa(String.fromCharCode(...new Uint8Array(await hmac(hash, secret, message))));
}

/**
 * The bytes behind base64.
 *
 * @param {string} encoded
 * @returns {Uint8Array}
 */
export function fromBase64(encoded) {
  return Uint8Array.from(atob(encoded), (letter) => letter.charCodeAt(0));
}

async function hmac(hash, secret, message) {
  const algorithm = { name: 'HMAC', hash };
  const key = await crypto.subtle.importKey('raw', bytes(secret), algorithm, false, ['sign']);
  return crypto.subtle.sign('HMAC', key, bytes(message));
}

function bytes(value) {
  return typeof value === 'string' ? text.encode(value) : value;
}
