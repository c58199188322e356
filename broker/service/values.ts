/** Values that are not text (services D11). Each returns `undefined` for what is not one. */
import type { ReadinessDescription } from './description.js';

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

/** Descriptors that a process can be given: more than any limit that is in use. */
const descriptorMax = 65_535;

/** `socket`, `pipefd:3` or `pipevar:NAME` (services W1, W11). */
export function parseReadiness(text: string): ReadinessDescription | undefined {
  if (text === 'socket') return { kind: 'socket' };
  const [, kind, value = ''] = /^(pipefd|pipevar):(.+)$/.exec(text) ?? [];
  if (kind === 'pipevar') {
    return /^[A-Za-z_][A-Za-z0-9_]*$/.test(value) ? { kind: 'pipe', variable: value } : undefined;
  }
  const descriptor = kind === 'pipefd' ? parseWhole(value) : undefined;
  return descriptor === undefined || descriptor > descriptorMax ? undefined : { kind: 'pipe', descriptor };
}

export function parseYesNo(text: string): boolean | undefined {
  if (text === 'yes' || text === 'true') return true;
  return text === 'no' || text === 'false' ? false : undefined;
}
