/** Values that are not text (services D11). Each returns `undefined` for what is not one. */

/** Decimal, or octal after a leading 0, or hexadecimal after 0x; not negative. */
export function parseWhole(text: string): number | undefined {
  let value: number;
  if (/^0[xX][0-9a-fA-F]+$/.test(text)) value = Number.parseInt(text.slice(2), 16);
  else if (/^0[0-7]*$/.test(text)) value = Number.parseInt(text, 8);
  else if (/^[1-9][0-9]*$/.test(text)) value = Number.parseInt(text, 10);
  else return undefined;
  return Number.isSafeInteger(value) ? value : undefined;
}

/** Seconds with an optional fraction after a point or a comma, as milliseconds. */
export function parseSecondsMs(text: string): number | undefined {
  if (!/^(?:[0-9]+(?:[.,][0-9]*)?|[.,][0-9]+)$/.test(text)) return undefined;
  const ms = Number(text.replace(',', '.')) * 1000;
  return Number.isSafeInteger(Math.round(ms)) ? ms : undefined;
}

export function parsePermissions(text: string): number | undefined {
  return /^0*[0-7]{1,4}$/.test(text) ? Number.parseInt(text, 8) : undefined;
}

export function parseYesNo(text: string): boolean | undefined {
  if (text === 'yes' || text === 'true') return true;
  return text === 'no' || text === 'false' ? false : undefined;
}
